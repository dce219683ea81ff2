"""Points lie in the interior and on the sides that were requested."""

import math

import numpy as np
import pytest
import torch

from elastic_pinn.physics import ProblemError
from elastic_pinn.physics.domain import SIDES, Domain

DOMAIN = Domain((-1.0, 2.0), (5.0, 6.0), (0.5, 4.5))  # 3 m x 1 m, 4 s
N = 4000


def unit(dimensions: int, n: int = N) -> torch.Tensor:
    return torch.rand(n, dimensions, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("axis", ["x", "y", "t"])
@pytest.mark.parametrize("interval", [(1.0, 1.0), (2.0, 1.0)])
def test_an_empty_interval_is_refused_by_name(axis, interval):
    with pytest.raises(ValueError, match=f"domain: {axis} = .* is empty"):
        Domain(**({"x": (0.0, 1.0), "y": (0.0, 1.0), "t": (0.0, 1.0)} | {axis: interval}))


@pytest.mark.parametrize(
    ("interval", "fault"),
    [
        ((0.0, math.nan), "not finite"),
        ((0.0, math.inf), "not finite"),
        ((0.0, 1.0, 2.0), "it needs two numbers"),
        (1.0, "it needs two numbers"),
        ("ab", "it needs two numbers"),
        ("01", "it needs two numbers"),
        (("0", 1.0), "it needs two numbers"),
        ((0.0, None), "it needs two numbers"),
    ],
)
def test_what_is_no_interval_is_refused_by_name(interval, fault):
    with pytest.raises(ProblemError, match=f"domain: t = .*{fault}"):
        Domain((0.0, 1.0), (0.0, 1.0), interval)


@pytest.mark.parametrize("interval", [[0, 2], np.array([0.0, 2.0]), torch.tensor([0, 2]), range(0, 3, 2)])
def test_two_numbers_of_any_kind_are_an_interval(interval):
    domain = Domain(interval, (0, 1), (0, 1))
    assert domain == Domain((0.0, 2.0), (0.0, 1.0), (0.0, 1.0)) and repr(domain.x) == "(0.0, 2.0)"


def test_the_unit_cube_fills_the_window():
    corners = torch.tensor([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.5, 0.25, 0.75]], dtype=torch.float64)
    assert DOMAIN.interior(corners).tolist() == [[-1.0, 5.0, 0.5], [2.0, 6.0, 4.5], [0.5, 5.25, 3.5]]


def test_the_start_is_the_first_instant():
    points = DOMAIN.start(unit(2))
    assert (points[:, 2] == 0.5).all()
    assert points[:, 0].min() < -0.99 and points[:, 0].max() > 1.99
    assert points[:, 1].min() < 5.01 and points[:, 1].max() > 5.99


@pytest.mark.parametrize(
    ("side", "axis", "value", "normal"),
    [
        ("left", 0, -1.0, [-1.0, 0.0]),
        ("right", 0, 2.0, [1.0, 0.0]),
        ("bottom", 1, 5.0, [0.0, -1.0]),
        ("top", 1, 6.0, [0.0, 1.0]),
    ],
)
def test_points_of_a_side_lie_on_it_with_its_outward_normal(side, axis, value, normal):
    points, normals = DOMAIN.boundary(unit(2), (side,))
    assert (points[:, axis] == value).all()
    assert (normals == torch.tensor(normal, dtype=torch.float64)).all()
    low, high = DOMAIN.low, DOMAIN.high
    spread = (points.amin(0) - low)[[1 - axis, 2]], (high - points.amax(0))[[1 - axis, 2]]
    assert all((gap >= 0).all() and (gap < 0.01).all() for gap in spread), "all along the side, at all times"


@pytest.mark.parametrize("sides", [SIDES, ("left", "top"), ("bottom", "right", "left")])
def test_points_are_spread_evenly_by_length_over_the_sides_asked_for(sides):
    _, normals = DOMAIN.boundary(unit(2), sides)
    lengths = {"left": 1.0, "right": 1.0, "bottom": 3.0, "top": 3.0}
    outward = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "bottom": (0.0, -1.0), "top": (0.0, 1.0)}
    whole = sum(lengths[side] for side in sides)
    found = [tuple(row) for row in normals.tolist()]
    for side in sides:
        assert found.count(outward[side]) / N == pytest.approx(lengths[side] / whole, abs=0.03)
    assert set(found) == {outward[side] for side in sides}


def test_the_ends_of_the_unit_interval_are_on_the_boundary_too():
    ends = torch.tensor([[0.0, 0.0], [1.0, 1.0], [0.125, 0.5]], dtype=torch.float64)  # 0.125: where left meets right
    points, normals = DOMAIN.boundary(ends, SIDES)
    assert points.tolist() == [[-1.0, 5.0, 0.5], [2.0, 6.0, 4.5], [2.0, 5.0, 2.5]]
    assert normals.tolist() == [[-1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
