"""A problem without an answer is refused, and two problems are told apart by what they mean."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from elastic_pinn.physics import Displacement, Domain, Initial, Material, Problem, ProblemError, Traction
from elastic_pinn.physics.solutions import StandingWaves

UNKNOWN_RHO = Material(2.0, 1.0, 1.0, unknowns=("lambda", "mu", "rho"))


def constant(ux: float, uy: float):
    return lambda x, y, t: torch.stack([torch.full_like(x, ux), torch.full_like(x, uy)], dim=1)


def pulse(x, y, t):
    """A force that is exactly zero but for a thousandth of the window."""
    near = (x - 0.5).abs().lt(0.05) & (y - 0.5).abs().lt(0.05) & t.lt(0.1)
    return torch.stack([near.double(), torch.zeros_like(x)], dim=1)


def same(one: Problem, other: Problem) -> bool:
    return one.fingerprint.shape == other.fingerprint.shape and torch.equal(one.fingerprint, other.fingerprint)


def test_a_problem_in_which_nothing_is_imposed_is_refused(waves):
    with pytest.raises(ProblemError, match="any solution would do"):
        waves(boundary=(), initial=None)


@pytest.mark.parametrize("unknowns", [("lambda",), ("mu",), ("lambda", "mu")])
def test_unknowns_without_receivers_are_refused(waves, unknowns):
    with pytest.raises(ProblemError, match="need receivers"):
        waves(material=Material(2.0, 1.0, 1.0, unknowns))


@pytest.mark.parametrize(
    "nothing_known",
    [
        {},
        {"boundary": ()},
        {"boundary": (Traction(None, ("top",)),)},
        {"boundary": (Traction(constant(0.0, 0.0)),)},
        {"force": constant(0.0, 0.0)},
    ],
)
def test_rho_from_displacement_alone_is_refused_with_the_reason(waves, receivers, nothing_known):
    with pytest.raises(ProblemError, match=r"rho cannot be found from displacement alone.*c_p\^2"):
        waves(material=UNKNOWN_RHO, receivers=receivers(), **nothing_known)


@pytest.mark.parametrize(
    "known",
    [{"force": pulse}, {"boundary": (Traction(constant(0.0, 1e-3), ("top",)),)}],
)
def test_rho_may_be_asked_for_where_a_load_is_known(waves, receivers, known):
    assert waves(material=UNKNOWN_RHO, receivers=receivers(), **known).material.unknowns == ("lambda", "mu", "rho")


def test_lambda_and_mu_may_be_asked_for_with_receivers(inverse):
    assert inverse.material.unknowns == ("lambda", "mu")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("domain", Domain((0.0, 1.1), (0.0, 1.0), (0.0, 1.0))),
        ("domain", Domain((0.0, 1.0), (0.1, 1.1), (0.0, 1.0))),
        ("domain", Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.5))),
        ("material", Material(2.1, 1.0, 1.0)),
        ("material", Material(2.0, 1.1, 1.0)),
        ("material", Material(2.0, 1.0, 1.1)),
        ("boundary", ()),
        ("boundary", (Displacement(),)),
        ("boundary", (Displacement(StandingWaves(2.0, 1.0, 1.0), ("left", "right", "bottom")),)),
        ("initial", None),
        ("initial", Initial(displacement=StandingWaves(2.0, 1.0, 1.0), velocity=constant(0.0, 1e-6))),
        ("force", constant(0.0, 1e-6)),
        ("exact", None),
        ("exact", StandingWaves(2.0, 1.0, 1.01)),
        ("displacement_scale", 2.0),
    ],
)
def test_the_fingerprint_tells_a_physical_change(waves, name, change):
    assert not same(waves(), waves(**{name: change}))


def test_the_fingerprint_tells_clamped_sides_from_free_ones_and_one_side_from_another(waves):
    kinds = [(Displacement, "left"), (Displacement, "right"), (Traction, "left"), (Traction, "right")]
    problems = [waves(boundary=(kind(None, (side,)),)) for kind, side in kinds]
    for i, one in enumerate(problems):
        assert [same(one, other) for other in problems] == [i == j for j in range(len(problems))]


def test_the_fingerprint_tells_unknowns_and_their_range(inverse):
    for change in ({"unknowns": ("lambda",)}, {"unknowns": ("mu",)}, {"unknown_range": 3.0}):
        material = dataclasses.replace(inverse.material, **change)
        assert not same(inverse, dataclasses.replace(inverse, material=material))


@pytest.mark.parametrize("name", ["xy", "time", "displacement"])
def test_the_fingerprint_tells_one_changed_number_of_receivers_that_came_from_no_file(waves, receivers, name):
    changed = getattr(receivers(), name).copy()
    changed.flat[3] = np.nextafter(changed.flat[3], np.inf)
    one, other = (waves(receivers=r) for r in (receivers(), receivers(**{name: changed})))
    assert not same(one, other)


def test_the_fingerprint_stays_when_a_field_is_written_otherwise(waves):
    def written_out(x, y, t):
        return StandingWaves(2.0, 1.0, 1.0)(x, y, t) * 1.0

    other = waves(boundary=[Displacement(written_out)], initial=Initial.of(written_out), exact=written_out)
    assert same(waves(), other)
    assert same(waves(), waves())


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
