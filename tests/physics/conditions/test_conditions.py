"""Conditions: what is imposed is checked where it is stated."""

import functools
import re

import numpy as np
import pytest
import torch

from elastic_pinn.physics import Domain, ProblemError
from elastic_pinn.physics.conditions import Displacement, Initial, Traction
from elastic_pinn.physics.fields import evaluate, name_of
from elastic_pinn.physics.solutions import PlaneWave

POINTS = torch.rand(7, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_no_field_is_zero():
    assert evaluate(None, POINTS).tolist() == [[0.0, 0.0]] * 7


def test_a_field_gets_the_columns_x_y_t_in_float64():
    values = evaluate(lambda x, y, t: torch.stack([x - t, 2 * y], dim=1), POINTS)
    assert values.dtype == torch.float64
    assert torch.equal(values, torch.stack([POINTS[:, 0] - POINTS[:, 2], 2 * POINTS[:, 1]], dim=1))


def test_a_field_may_return_numpy():
    values = evaluate(lambda x, y, t: np.stack([x.numpy(), y.numpy()], axis=1), POINTS)
    assert torch.equal(values, POINTS[:, :2])


def test_a_field_of_wrong_shape_is_refused_with_both_shapes():
    def sideways(x, y, t):
        return torch.stack([x, y])

    with pytest.raises(
        ValueError, match=r"sideways.*\(2, 7\), where \(7, 2\) is needed.*stack the components along dim=1"
    ):
        evaluate(sideways, POINTS)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_field_that_is_not_finite_is_refused_by_name(bad):
    def hole(x, y, t):
        return torch.stack([x, torch.where(y > y.median(), bad, y)], dim=1)

    with pytest.raises(ValueError, match=r"hole.*not finite"):
        evaluate(hole, POINTS)


@pytest.mark.parametrize("condition", [Displacement, Traction])
@pytest.mark.parametrize("sides", [(), ("top", "top"), 3, (3.0,)])
def test_what_cannot_be_sides_is_refused(condition, sides):
    with pytest.raises(ValueError, match="names of sides, or Parts of them, each once"):
        condition(sides=sides)


@pytest.mark.parametrize("sides", [("left", "upper"), "upper", "rim"])
def test_sides_that_a_domain_does_not_have_are_refused_with_the_legal_ones(waves, sides):
    with pytest.raises(ValueError, match="legal are any of left, right, bottom, top"):
        waves(boundary=Displacement(sides=sides))


@pytest.mark.parametrize("condition", [Displacement, Traction])
def test_sides_may_be_one_name_or_a_list(condition):
    assert condition(sides="top") == condition(sides=["top"]) == condition(sides=("top",))


@pytest.mark.parametrize(
    "field",
    [
        lambda x, y, t: (x, y),
        lambda x, y, t: [x, y],
        lambda x, y, t: (x.numpy(), y),
        lambda x, y, t: (np.asarray(x), torch.sin(0.0 * x) + y),
        lambda x, y, t: torch.stack([x, y], dim=1).tolist(),
        lambda x, y, t: list(torch.stack([x, y], dim=1)),
        lambda x, y, t: torch.stack([x, y], dim=1).requires_grad_(),
    ],
)
def test_a_field_may_return_its_components_or_nested_lists(field):
    values = evaluate(field, POINTS)
    assert torch.equal(values, POINTS[:, :2]) and not values.requires_grad


def test_a_component_may_be_one_number():
    assert evaluate(lambda x, y, t: (x, 0.1), POINTS)[:, 1].tolist() == [0.1] * 7
    assert evaluate(lambda x, y, t: [3, x], POINTS)[:, 0].tolist() == [3.0] * 7


def test_a_field_is_named_as_well_as_can_be():
    def push(x, y, t, size):
        return size * x, y

    assert name_of(functools.partial(push, size=1.0)) == "push"
    assert re.fullmatch(r"<lambda> of line \d+", name_of(lambda x, y, t: x))
    assert name_of(PlaneWave("p", 2.0, 1.0, 1.0)) == "PlaneWave" and name_of(None) == "0"
    assert evaluate(functools.partial(push, size=2.0), POINTS)[:, 0].tolist() == (2.0 * POINTS[:, 0]).tolist()


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (lambda x: None, r"None, where \(7, 2\) is needed.*is its `return` missing"),
        (lambda x: (x, x, x), r"shape \(3, 7\)"),
        (lambda x: (x, x[:2]), "a tuple that holds no values"),
        (lambda x: torch.stack([x, x], dim=1) + 0j, "complex values"),
        (lambda x: (x, 1j * x), "complex values"),
        (lambda x: np.ma.masked_less(np.stack([x, x], axis=1), 0.5), "masked values"),
        (lambda x: (x, np.ma.masked_less(x.numpy(), 0.5)), "masked values"),
        (lambda x: torch.stack([x, x], dim=1).half(), "float16, which has three digits"),
        (lambda x: (x, x.bfloat16()), "bfloat16"),
        (lambda x: np.stack([x, x], axis=1).astype(np.float16), "float16"),
        (lambda x: "up", "a str that holds no values"),
        (lambda x: {"x": x, "y": x}, "a dict that holds no values"),
        (lambda x: x, r"shape \(7,\)"),
        (lambda x: 0.0, r"shape \(\)"),
    ],
)
def test_what_is_no_field_is_refused_by_its_name(made, fault):
    def wave(x, y, t):
        return made(x)

    with pytest.raises(ProblemError, match=rf"wave\(x, y, t\) returned {fault}"):
        evaluate(wave, POINTS)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (3.0, "a float, where a function"),
        ("top", "a str, where a function"),
        (PlaneWave, "where a function"),
        (torch.zeros(3, 2), "a Tensor, where a function"),
        (lambda x, t: x, "takes other arguments than"),
        (lambda: 0, "takes other arguments than"),
    ],
)
@pytest.mark.parametrize("state", [Displacement, Traction, Initial, lambda field: Initial(None, field), Initial.of])
def test_what_cannot_be_a_field_is_refused_where_it_is_stated(state, given, fault):
    with pytest.raises(ProblemError, match=fault):
        state(given)


def in_place(x, y, t):
    x.mul_(2.0)
    y -= x
    t[:] = 0.0
    return torch.stack([x, y], dim=1)


def test_a_field_that_works_in_place_changes_no_points():
    points = POINTS.clone()
    first = evaluate(in_place, points)
    assert torch.equal(points, POINTS) and torch.equal(evaluate(in_place, points), first)
    assert torch.equal(first[:, 0], 2.0 * POINTS[:, 0])


def test_a_field_may_give_the_same_storage_again():
    storage = torch.zeros(7, 2, dtype=torch.float64)

    def wave(x, y, t):
        storage[:, 0] = t
        return storage

    first = evaluate(wave, POINTS)
    evaluate(wave, POINTS + 1.0)
    assert torch.equal(first[:, 0], POINTS[:, 2])


def test_the_start_of_a_wave_that_works_in_place_is_that_of_one_that_does_not():
    def plain(x, y, t):
        return torch.stack([torch.sin(3.0 * t - x), y * t], dim=1)

    def busy(x, y, t):
        x -= 3.0 * t
        x.neg_()
        y *= t
        t.mul_(5.0)
        return torch.sin(x), y

    for name in ("displacement", "velocity"):
        expected, found = (evaluate(getattr(Initial.of(wave), name), POINTS) for wave in (plain, busy))
        torch.testing.assert_close(found, expected)


WINDOW = Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))


@pytest.mark.parametrize(
    "wave",
    [
        lambda x, y, t: np.stack([np.sin(3 * t.numpy()), 0 * x.numpy()], axis=1),
        lambda x, y, t: np.stack([np.sin(3 * np.asarray(t)), 0 * np.asarray(x)], axis=1),
        lambda x, y, t: np.stack([np.sin(3 * t.detach().numpy()), 0 * x.numpy()], axis=1),
        lambda x, y, t: torch.stack([torch.cos(t.detach()), x], dim=1),
        lambda x, y, t: torch.stack([t + torch.sin(9 * t.detach()), x + torch.sin(9 * t.detach())], dim=1),
    ],
    ids=["numpy", "asarray", "detached numpy", "detached", "in part"],
)
def test_the_start_of_a_wave_whose_derivative_torch_does_not_find_is_refused(wave):
    with pytest.raises(ProblemError, match=r"Initial\.of\(<lambda> of line \d+\): torch cannot find its derivative"):
        Initial.of(wave).require_true_rates(WINDOW)


@pytest.mark.parametrize(
    "wave",
    [
        lambda x, y, t: torch.stack([x, y], dim=1),
        lambda x, y, t: np.stack([x, y], axis=1),
        lambda x, y, t: torch.stack([torch.cos(9 * t), 0 * t], dim=1),
        lambda x, y, t: (1e-9 * torch.exp(-(((x - 0.5) / 0.02) ** 2) - ((t - 0.1) / 0.02) ** 2), 0.0),
        lambda x, y, t: torch.stack([(t > 0.5).double(), torch.relu(t - 0.5)], dim=1),
        PlaneWave("p", 2.0, 1.0, 1.0, wavelength=0.02),
    ],
    ids=["still", "still numpy", "standing", "pulse", "kinks", "short"],
)
def test_the_start_of_a_wave_that_torch_can_follow_is_taken(wave):
    Initial.of(wave).require_true_rates(WINDOW)


def test_the_velocity_of_a_start_is_found_where_torch_records_nothing():
    x, y, t = torch.rand(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    start = Initial.of(lambda x, y, t: torch.stack([torch.sin(3.0 * t) * x, 0.0 * y], dim=1))
    with torch.no_grad():
        velocity = start.velocity(x, y, t)
    assert torch.allclose(velocity[:, 0], 3.0 * torch.cos(3.0 * t) * x) and not velocity[:, 1].any()


def test_the_start_of_a_wave_has_its_displacement_and_its_velocity():
    wave = PlaneWave("p", 2.0, 1.0, 1.0, angle=0.3)
    start = Initial.of(wave)
    assert torch.equal(evaluate(start.displacement, POINTS), wave(*POINTS.unbind(1)))
    step = torch.tensor([0.0, 0.0, 1e-5], dtype=torch.float64)
    difference = (wave(*(POINTS + step).unbind(1)) - wave(*(POINTS - step).unbind(1))) / 2e-5
    torch.testing.assert_close(evaluate(start.velocity, POINTS), difference, rtol=1e-6, atol=1e-6)
