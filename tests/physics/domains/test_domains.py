"""Points lie in the interior and on the sides that were requested."""

import math

import numpy as np
import pytest
import torch

from elastic_pinn.physics import ProblemError
from elastic_pinn.physics.domains import Disc, Domain, Part, Rectangle

DOMAIN = Domain((-1.0, 2.0), (5.0, 6.0), (0.5, 4.5))  # 3 m x 1 m, 4 s
SIDES = ("left", "right", "bottom", "top")
DISC = Domain(shape=Disc((1.0, -2.0), 0.5), t=(0.0, 2.0))
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
    points, normals = DOMAIN.boundary(unit(2), DOMAIN.shape.parts_of([side]))
    assert (points[:, axis] == value).all()
    assert (normals == torch.tensor(normal, dtype=torch.float64)).all()
    low, high = DOMAIN.low, DOMAIN.high
    spread = (points.amin(0) - low)[[1 - axis, 2]], (high - points.amax(0))[[1 - axis, 2]]
    assert all((gap >= 0).all() and (gap < 0.01).all() for gap in spread), "all along the side, at all times"


@pytest.mark.parametrize("sides", [SIDES, ("left", "top"), ("bottom", "right", "left")])
def test_points_are_spread_evenly_by_length_over_the_sides_asked_for(sides):
    _, normals = DOMAIN.boundary(unit(2), DOMAIN.shape.parts_of(sides))
    lengths = {"left": 1.0, "right": 1.0, "bottom": 3.0, "top": 3.0}
    outward = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "bottom": (0.0, -1.0), "top": (0.0, 1.0)}
    whole = sum(lengths[side] for side in sides)
    found = [tuple(row) for row in normals.tolist()]
    for side in sides:
        assert found.count(outward[side]) / N == pytest.approx(lengths[side] / whole, abs=0.03)
    assert set(found) == {outward[side] for side in sides}


def test_the_ends_of_the_unit_interval_are_on_the_boundary_too():
    ends = torch.tensor([[0.0, 0.0], [1.0, 1.0], [0.125, 0.5]], dtype=torch.float64)  # 0.125: where left meets right
    points, normals = DOMAIN.boundary(ends, DOMAIN.shape.parts_of(SIDES))
    assert points.tolist() == [[-1.0, 5.0, 0.5], [2.0, 6.0, 4.5], [2.0, 5.0, 2.5]]
    assert normals.tolist() == [[-1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]


def test_points_in_a_disc_are_spread_evenly_by_area():
    points = DISC.interior(unit(3))
    r = torch.hypot(points[:, 0] - 1.0, points[:, 1] + 2.0)
    assert r.max() <= 0.5 and (r < 0.25).double().mean().item() == pytest.approx(0.25, abs=0.03)
    assert (points[:, 1] > -2.0).double().mean().item() == pytest.approx(0.5, abs=0.03)
    assert points[:, 2].min() < 0.01 and points[:, 2].max() > 1.99
    assert (DISC.x, DISC.y) == ((0.5, 1.5), (-2.5, -1.5))


def test_points_on_a_rim_have_the_radius_as_normal():
    points, normals = DISC.boundary(unit(2), DISC.shape.parts_of(None))
    centre = torch.tensor([1.0, -2.0], dtype=torch.float64)
    torch.testing.assert_close(points[:, :2], centre + 0.5 * normals, rtol=0.0, atol=1e-14)
    angles = torch.atan2(normals[:, 1], normals[:, 0])
    assert (angles.abs() < math.pi / 2).double().mean().item() == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    ("part", "axis", "normal"),
    [(Part("top", -0.5, 1.0), 0, (0.0, 1.0)), (Part("left", 5.25, 5.5), 1, (-1.0, 0.0))],
)
def test_points_on_a_part_of_a_side_fill_that_part(part, axis, normal):
    points, normals = DOMAIN.boundary(unit(2), (part,))
    along, across = points[:, axis], points[:, 1 - axis]
    length = part.high - part.low
    assert part.low <= along.min() < part.low + 0.01 * length and part.high - 0.01 * length < along.max() <= part.high
    assert across.unique().tolist() == [6.0 if axis == 0 else -1.0]
    assert normals.unique(dim=0).tolist() == [list(normal)]


def test_points_on_parts_are_spread_evenly_by_length():
    parts = (Part("bottom", -1.0, 1.0), Part("right", 5.0, 5.5))
    _, normals = DOMAIN.boundary(unit(2), parts)
    assert (normals[:, 0] == 1.0).double().mean().item() == pytest.approx(0.2, abs=0.03)


def test_an_arc_of_a_rim_is_the_angles_from_and_to():
    points, _ = DISC.boundary(unit(2), (Part("rim", 0.0, math.pi / 2),))
    assert (points[:, 0] >= 1.0 - 1e-12).all() and (points[:, 1] >= -2.0 - 1e-12).all()


def test_what_a_shape_contains():
    x, y = torch.tensor([0.5, 0.5, 1.4, 1.6]), torch.tensor([-2.0, -2.4, -1.9, -2.0])
    assert Disc((1.0, -2.0), 0.5).contains(x, y).tolist() == [True, False, True, False]
    x, y = torch.tensor([0.0, 1.0, 1.1, 0.5]), torch.tensor([0.0, 2.0, 1.0, -0.1])
    assert Rectangle((0, 1), (0, 2)).contains(x, y).tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (lambda: Disc((0.0, 0.0), 0.0), "radius finite and above 0 m"),
        (lambda: Disc((0.0, math.nan), 1.0), "centre must be finite"),
        (lambda: Disc(0.0, 1.0), "two numbers, its centre"),
        (lambda: Part("top", 1.0, 1.0), "part of the side 'top' = .* is empty"),
        (lambda: Domain((0, 1), (0, 1), (0, 1), shape=Disc((0, 0), 1)), "not both"),
        (lambda: Domain(shape="disc", t=(0, 1)), "shape = 'disc': a Disc"),
        (lambda: Domain((0, 1), t=(0, 1)), "domain: y = None: it needs two numbers"),
        (lambda: DISC.shape.parts_of(["top"]), "legal are any of rim"),
        (lambda: DOMAIN.shape.parts_of([Part("top", 0.0, 3.0)]), "the side goes from -1 to 2"),
    ],
)
def test_what_is_no_shape_or_part_is_refused(made, fault):
    with pytest.raises(ProblemError, match=fault):
        made()
