"""A problem without an answer is refused, and its typical displacement is found."""

import math

import numpy as np
import pytest
import torch

from elastic_pinn.physics import Displacement, Domain, Initial, Material, Problem, ProblemError, Traction


def constant(ux: float, uy: float):
    return lambda x, y, t: torch.stack([torch.full_like(x, ux), torch.full_like(x, uy)], dim=1)


def test_a_problem_in_which_nothing_is_imposed_is_refused(waves):
    with pytest.raises(ProblemError, match="any solution would do"):
        waves(boundary=(), initial=None)


@pytest.mark.parametrize(
    ("boundary", "sides"),
    [
        ((Displacement(), Traction()), "bottom and left and right and top"),
        ((Displacement(), Displacement(None, "top")), "top"),
        ((Traction(None, ("left", "top")), Displacement(), Traction(None, "top")), "left and top"),
    ],
)
def test_two_conditions_on_one_side_are_refused(waves, boundary, sides):
    with pytest.raises(ProblemError, match=f"two conditions on the side {sides}, each of which prescribes all"):
        waves(boundary=boundary)


def test_one_condition_need_not_stand_in_a_list(waves):
    assert waves(boundary=Displacement()).boundary == (Displacement(),)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"domain": ((0, 1), (0, 1), (0, 1))}, "domain = .*a Domain is needed"),
        ({"material": {"lambda": 2.0}}, "material = .*a Material or a Medium is needed"),
        ({"boundary": [constant(0.0, 0.0)]}, r"boundary\[0\] = .*a condition, as Displacement or Traction, is needed"),
        ({"boundary": [Displacement(None, "top"), Initial()]}, r"boundary\[1\] = Initial"),
        ({"initial": constant(0.0, 0.0)}, "initial = .*an Initial is needed"),
        ({"receivers": "data/aluminium_receivers.h5"}, "receivers = .*as from Receivers.load"),
        ({"force": 9.81}, "force is a float, where a function"),
        ({"force": lambda x, y: x}, "force: <lambda> of line .* takes other arguments"),
        ({"exact": np.zeros((3, 2))}, "exact is a ndarray"),
        ({"displacement_scale": -1.0}, "displacement_scale = -1.0 m"),
        ({"displacement_scale": math.nan}, "displacement_scale = nan m"),
        ({"initial": Initial.of(lambda x, y, t: (t.detach() ** 2, x))}, "torch cannot find its derivative"),
    ],
)
def test_what_is_no_part_of_a_problem_is_refused_by_its_name(waves, change, fault):
    with pytest.raises(ProblemError, match=fault):
        waves(**change)


def test_the_representation_names_the_parts_and_is_short(waves, receivers):
    def push(x, y, t):
        return 0.0, 1.0

    text = repr(waves(force=push, receivers=receivers()))
    assert (
        "force=push" in text
        and "Displacement(StandingWaves)" in text
        and "Receivers(displacement of 4 at 5 times" in text
    )
    assert len(text) < 900 and "0x" not in text and "exact" not in repr(waves(exact=None))


def test_the_typical_displacement_is_the_largest_that_is_given(waves, receivers):
    amplitude = math.pi  # of each component of the sum of both modes
    assert 0.8 * amplitude < waves().scales.displacement <= amplitude
    assert waves(displacement_scale=3.0).scales.displacement == 3.0
    recorded = receivers()
    assert waves(receivers=recorded).scales.displacement == np.abs(recorded.displacement).max()


def test_the_typical_displacement_follows_from_a_load_alone():
    domain, material = Domain((0.0, 2.0), (0.0, 2.0), (0.0, 10.0)), Material(2.0, 1.0, 1.0)  # P modulus 4 Pa, L 1 m

    def scale(**parts) -> float:
        return Problem(domain, material, **parts).scales.displacement

    assert scale(boundary=(Traction(constant(0.0, 8.0)),)) == pytest.approx(2.0)  # stress / P modulus x length
    assert scale(boundary=(Displacement(),), force=constant(8.0, 0.0)) == pytest.approx(2.0)
    assert scale(initial=Initial(velocity=constant(8.0, 0.0))) == pytest.approx(4.0)  # x length / c_p, c_p = 2 m/s
    assert scale(boundary=(Displacement(),)) == 1.0


def test_receivers_outside_the_window_are_refused(waves, receivers):
    millimetres = receivers(xy=1e3 * receivers().xy)
    with pytest.raises(ProblemError, match=r"receivers' x goes from 100 to 800 m, outside the window's 0 to 1 m"):
        waves(receivers=millimetres)
    with pytest.raises(ProblemError, match=r"receivers' t goes from 0 to 2 s, outside the window's 0 to 1 s"):
        waves(receivers=receivers(time=np.linspace(0.0, 2.0, 5)))


def test_a_short_pulse_sets_the_scale_of_displacement(waves):
    def pulse(x, y, t):
        bump = torch.exp(-((x - 0.3) ** 2 + (y - 0.7) ** 2) / 0.02**2)
        return torch.stack([bump, 0 * bump], dim=-1)

    problem = waves(boundary=(), initial=Initial(displacement=pulse), exact=None)
    assert 0.5 < problem.scales.displacement <= 1.0


def test_a_load_that_is_shorter_and_more_local_sets_the_scale_too():
    def push(x, y, t):
        near = ((x - 0.4) ** 2 + (y - 0.7) ** 2 < 0.02**2) & (t < 0.015)
        return torch.stack([8.0 * near.double(), 0.0 * x], dim=1)

    domain, material = Domain((0.0, 2.0), (0.0, 2.0), (0.0, 1.0)), Material(2.0, 1.0, 1.0)
    assert Problem(domain, material, [Displacement()], force=push).scales.displacement == pytest.approx(2.0)


def test_an_initial_velocity_counts_by_what_it_reaches_within_the_window():
    material, start = Material(2.0, 1.0, 1.0), Initial(velocity=constant(3.0, 0.0))

    def scale(duration):
        return Problem(Domain((0.0, 2.0), (0.0, 2.0), (0.0, duration)), material, initial=start).scales.displacement

    assert scale(0.01) == pytest.approx(0.03)
    assert scale(100.0) == pytest.approx(3.0 * 1.0 / material.c_p)


@pytest.mark.parametrize(
    "field",
    [
        lambda x, y, t: torch.stack([x, y], dim=1) / torch.linalg.vector_norm(x),
        lambda x, y, t: torch.stack([x - x.mean(), y], dim=1),
        lambda x, y, t: torch.rand(len(x), 2),
        lambda x, y, t: torch.stack([x, y], dim=1)[torch.argsort(t)],
    ],
)
@pytest.mark.parametrize(
    "state", [lambda f: {"boundary": [Traction(f)]}, lambda f: {"initial": Initial(f)}, lambda f: {"force": f}]
)
def test_a_field_whose_values_depend_on_the_points_beside_them_is_refused(waves, state, field):
    with pytest.raises(ProblemError, match="each value must follow from its own x, y and t alone"):
        waves(**state(field))
