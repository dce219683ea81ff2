"""Sides that begin elsewhere than the start puts them are found, with the place and the size."""

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.first_instant import jumps
from elastic_pinn.physics.solutions import StandingWaves

WINDOW, SOLID = ep.Domain((0.0, 2.0), (0.0, 1.0), (0.5, 1.5)), ep.Material(2.0, 1.0, 1.0)


def shifted(x, y, t):
    return torch.stack([torch.ones_like(x), 0.0 * x], dim=1)


def bent(x, y, t):
    """Along y, and as large as x, so that it differs at the left and the right side."""
    return torch.stack([0.0 * x, x], dim=1)


def found(boundary, initial, **parts):
    return list(jumps(ep.Problem(WINDOW, SOLID, boundary, initial, **parts)))


def test_a_side_that_begins_displaced_where_all_is_at_rest_is_found():
    side = ep.Displacement(shifted, "left")
    (jump,) = found([side, ep.Traction(sides=("right", "top", "bottom"))], ep.Initial())
    assert jump.condition is side and jump.size == pytest.approx(1.0) and jump.x == 0.0 and 0.0 <= jump.y <= 1.0


def test_the_worst_place_is_named():
    (jump,) = found([ep.Displacement(sides="top")], ep.Initial(bent))
    assert jump.size == pytest.approx(2.0, rel=1e-2) and jump.x == pytest.approx(2.0, rel=1e-2) and jump.y == 1.0


@pytest.mark.parametrize(
    ("side", "size"),
    [
        (ep.Symmetry("top"), 2.0),  # bent along its normal
        (ep.Symmetry("left"), 0.0),
        (ep.Periodic("x"), 2.0),
        (ep.Periodic("y"), 0.0),
        (ep.Displacement(bent), 0.0),
        (ep.Displacement(sides="top", component="x"), 0.0),
        (ep.Displacement(sides="top", component="y"), 2.0),
        (ep.Traction(shifted), 0.0),  # a load may begin at once
        (ep.Absorbing(), 0.0),
    ],
    ids=repr,
)
def test_what_each_condition_asks_of_a_displacement_is_compared(side, size):
    sizes = [jump.size for jump in found([side], ep.Initial(bent))]
    assert sizes == (pytest.approx([size], rel=1e-2) if size else [])


def test_a_wavefield_of_its_own_start_and_the_tail_of_a_pulse_are_passed():
    wave = StandingWaves(2.0, 1.0, 1.0)
    assert found([ep.Displacement(wave)], ep.Initial.of(wave)) == []
    pulse = ep.InitialPulse((0.35, 0.5), (1.0, 0.0), 0.1)
    assert found([ep.Displacement()], ep.Initial(pulse)) == []
    assert found([ep.Displacement(shifted)], None) == [], "without a start there is nothing to contradict"
