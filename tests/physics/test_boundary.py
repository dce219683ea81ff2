"""Conditions: what is imposed is checked where it is stated."""

import numpy as np
import pytest
import torch

from elastic_pinn.physics.boundary import Displacement, Initial, Traction, evaluate
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

    with pytest.raises(ValueError, match=r"sideways.*\(2, 7\) for 7 points.*\(7, 2\) is needed"):
        evaluate(sideways, POINTS)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_field_that_is_not_finite_is_refused_by_name(bad):
    def hole(x, y, t):
        return torch.stack([x, torch.where(y > y.median(), bad, y)], dim=1)

    with pytest.raises(ValueError, match=r"hole.*not finite"):
        evaluate(hole, POINTS)


@pytest.mark.parametrize("condition", [Displacement, Traction])
@pytest.mark.parametrize("sides", [(), ("left", "upper"), "left"])
def test_sides_that_do_not_exist_are_refused_with_the_legal_ones(condition, sides):
    with pytest.raises(ValueError, match="legal are any of left, right, bottom, top"):
        condition(sides=sides)


def test_the_start_of_a_wave_has_its_displacement_and_its_velocity():
    wave = PlaneWave("p", 2.0, 1.0, 1.0, angle=0.3)
    start = Initial.of(wave)
    assert torch.equal(evaluate(start.displacement, POINTS), wave(*POINTS.unbind(1)))
    step = torch.tensor([0.0, 0.0, 1e-5], dtype=torch.float64)
    difference = (wave(*(POINTS + step).unbind(1)) - wave(*(POINTS - step).unbind(1))) / 2e-5
    torch.testing.assert_close(evaluate(start.velocity, POINTS), difference, rtol=1e-6, atol=1e-6)
