import math

import numpy as np
import pytest

from elastic_pinn.physics import Rectangle
from elastic_pinn.physics.domains import Regions
from elastic_pinn.physics.finite_elements import Constraints, Elements, Spacing, at_rest, mesh_of, motion

LAME = 1.0
NONE = np.zeros((0, 1))


@pytest.fixture(scope="module")
def square():
    """A square of a metre."""
    return Elements(mesh_of(Rectangle((0.0, 1.0), (0.0, 1.0)), Regions(), [], Spacing(0.12)), (0.0, 0.0), 1.0)


def of_nodes(elements, field):
    found = np.zeros(elements.count)
    found[elements.nodes] = np.stack(field(*elements.places.T), axis=1)
    return found


def free(elements):
    return Constraints(NONE.astype(int), NONE, elements.count)


def test_a_free_square_vibrates_in_a_lame_mode_and_keeps_its_energy(square):
    k = math.pi  # u = (cos kx sin ky, -sin kx cos ky): no traction on any side
    mode = of_nodes(square, lambda x, y: (np.cos(k * x) * np.sin(k * y), -np.sin(k * x) * np.cos(k * y)))
    mass, stiffness = square.mass(), square.stiffness(LAME, LAME)
    omega = math.sqrt(2.0) * k  # c_s = 1
    steps = 200
    dt = 2.0 * math.pi / omega / steps
    loads, nothing = np.zeros((steps + 1, square.count)), np.zeros((steps + 1, 0))
    start = np.stack([mode, 0.0 * mode])
    found = list(motion((mass, 0.0 * mass, stiffness), free(square), dt, loads, nothing, start))
    half, whole = found[steps // 2], found[-1]
    assert np.linalg.norm(half + mode) < 5e-3 * np.linalg.norm(mode)
    assert np.linalg.norm(whole - mode) < 5e-3 * np.linalg.norm(mode)


def test_a_prescribed_uniform_motion_carries_the_square_along(square):
    """All that is held moves as t^2 / 2 along x, and the body force of that acceleration acts: no strain at all."""
    edge = np.flatnonzero(np.isclose(square.places, 0.0).any(1) | np.isclose(square.places, 1.0).any(1))
    dofs = square.nodes[edge].reshape(-1, 1)
    held = Constraints(dofs, np.ones(dofs.shape), square.count)
    times = np.linspace(0.0, 1.0, 41)
    mass = square.mass()
    force = mass @ of_nodes(square, lambda x, y: (np.ones_like(x), np.zeros_like(x)))
    prescribed = np.where(np.arange(len(dofs)) % 2 == 0, 1.0, 0.0) * times[:, None] ** 2 / 2.0
    matrices = mass, 0.0 * mass, square.stiffness(LAME, LAME)
    loads = np.tile(force, (len(times), 1))
    *_, last = motion(matrices, held, times[1], loads, prescribed, np.zeros((2, square.count)))
    assert last[square.nodes[:, 0]] == pytest.approx(0.5, rel=1e-2)
    assert np.abs(last[square.nodes[:, 1]]).max() < 1e-3


def test_statics_reproduces_a_uniform_strain_under_skew_constraints(square):
    """u = (x, -y / 3) is held on all sides by its components along and across a direction that is no axis."""
    exact = of_nodes(square, lambda x, y: (x, -y / 3.0))
    edge = np.flatnonzero(np.isclose(square.places, 0.0).any(1) | np.isclose(square.places, 1.0).any(1))
    pairs = square.nodes[edge]
    dofs = np.repeat(pairs, 2, axis=0)
    weights = np.tile([[0.6, 0.8], [-0.8, 0.6]], (len(pairs), 1))
    values = (weights * exact[dofs]).sum(1)
    held = Constraints(dofs, weights, square.count)
    found = at_rest(square.stiffness(LAME, LAME), held, np.zeros(square.count), values)
    assert found == pytest.approx(exact, abs=1e-10)


def test_rows_that_say_the_same_but_for_rounding_are_one():
    held = Constraints(np.array([[0, 1], [0, 1]]), np.array([[1.0, 0.0], [1.0, 1e-7]]), 3)
    assert held.free.shape == (3, 2)
    assert held.prescribed @ np.array([2.0, 2.0]) == pytest.approx([2.0, 0.0, 0.0], abs=1e-6)


def test_tied_degrees_of_freedom_move_together():
    held = Constraints(np.array([[0, 1], [1, 2]]), np.array([[1.0, -1.0], [1.0, -1.0]]), 4)
    moved = held.free @ np.ones(held.free.shape[1])
    assert moved[0] == pytest.approx(moved[1]) and moved[1] == pytest.approx(moved[2])
    jump = held.prescribed @ np.array([0.5, 0.0])
    assert jump[0] - jump[1] == pytest.approx(0.5) and jump[1] == pytest.approx(jump[2])
