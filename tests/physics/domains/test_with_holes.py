"""Plates: points lie in the solid and on the rims of holes, with normals out of the solid; nothing is in a hole."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.domains import Disc, Domain, Part, Plate, Rectangle, shape_of

HOLES = (Disc((0.5, 0.3), 0.2), Disc((1.4, 0.6), 0.3), Disc((0.5, 0.75), 0.1))
PLATE = Plate(Rectangle((0.0, 2.0), (0.0, 1.0)), HOLES)
ANNULUS = Plate(Disc((1.0, -2.0), 0.5), [Disc((1.0, -2.0), 0.2)])
AREA = 2.0 - math.pi * (0.2**2 + 0.3**2 + 0.1**2)
N = 20_000


def unit(n: int = N) -> Tensor:
    return torch.rand(n, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def places(*xy: tuple[float, float]) -> tuple[Tensor, Tensor]:
    return torch.tensor(xy, dtype=torch.float64).unbind(1)


@pytest.mark.parametrize("shape", [PLATE, ANNULUS])
def test_points_lie_in_the_solid_and_are_spread_evenly_by_area(shape):
    middles = (torch.arange(800, dtype=torch.float64) + 0.5) / 800
    square = torch.cartesian_prod(middles, middles)
    points = shape.interior(square)
    assert shape.contains(*points.unbind(1)).all()
    (left, right), (bottom, top) = shape.bounds
    candidates = square * points.new_tensor([right - left, top - bottom]) + points.new_tensor([left, bottom])
    expected = candidates[shape.contains(*candidates.unbind(1))]
    edges = [torch.linspace(*interval, 9, dtype=torch.float64) for interval in shape.bounds]
    found, wanted = (torch.histogramdd(xy, edges).hist / len(xy) for xy in (points, expected))
    assert (found - wanted).abs().max() < 3e-4 < 0.015 < wanted.max()


def test_each_point_depends_on_its_own_place_in_the_unit_square_alone():
    whole = unit(100)
    torch.testing.assert_close(PLATE.interior(whole)[30:31], PLATE.interior(whole[30:31]), rtol=0.0, atol=0.0)
    corners = PLATE.interior(torch.tensor([[0.0, 0.0], [1.0, 1.0]], dtype=torch.float64))
    assert corners.flatten().tolist() == pytest.approx([0.0, 0.0, 2.0, 1.0])


@pytest.mark.parametrize(("name", "hole"), [(f"hole {i + 1}", hole) for i, hole in enumerate(HOLES)])
def test_points_on_a_rim_have_a_normal_into_the_hole(name, hole):
    domain = Domain(shape=PLATE, t=(0.0, 2.0))
    points, normals = domain.boundary(unit(), PLATE.parts_of([name]))
    centre = torch.tensor(hole.center, dtype=torch.float64)
    torch.testing.assert_close(points[:, :2] + hole.radius * normals, centre.expand(N, 2), rtol=0.0, atol=1e-14)
    just_inside, in_the_hole = ((points[:, :2] + step * normals).unbind(1) for step in (-1e-6, 1e-6))
    assert PLATE.contains(*just_inside).all() and not PLATE.contains(*in_the_hole).any()
    assert PLATE.contains(*points[:, :2].unbind(1)).all()


def test_all_sides_are_those_of_the_outline_and_the_rims():
    assert PLATE.sides == ("left", "right", "bottom", "top", "hole 1", "hole 2", "hole 3")
    assert PLATE.names == ("hole 1", "hole 2", "hole 3") and ANNULUS.sides == ("rim", "hole 1")
    points, normals = Domain(shape=PLATE, t=(0.0, 2.0)).boundary(unit(), PLATE.parts_of(None))
    lengths = torch.tensor([1.0, 1.0, 2.0, 2.0, *(2.0 * math.pi * hole.radius for hole in HOLES)])
    on_rims = PLATE.outline.clearance(*points[:, :2].unbind(1)) > 1e-9
    assert on_rims.double().mean().item() == pytest.approx(float(lengths[4:].sum() / lengths.sum()), abs=0.01)
    assert (PLATE.clearance(*points[:, :2].unbind(1)).abs() < 1e-14).all()
    torch.testing.assert_close(normals.norm(dim=1), torch.ones(N, dtype=torch.float64))


def test_a_part_of_a_rim_is_the_angles_from_and_to():
    domain = Domain(shape=ANNULUS, t=(0.0, 1.0))
    points, _ = domain.boundary(unit(), ANNULUS.parts_of([Part("hole 1", -0.5, 0.25)]))
    angle = torch.atan2(points[:, 1] + 2.0, points[:, 0] - 1.0)
    assert -0.5 <= angle.min() < -0.49 and 0.24 < angle.max() <= 0.25
    assert ANNULUS.length(Part("hole 1", 0.0, 0.5)) == pytest.approx(0.1)


def test_what_a_plate_contains_and_what_is_nearest():
    x, y = places((0.5, 0.3), (0.5, 0.51), (1.4, 0.35), (2.1, 0.5))
    assert PLATE.contains(x, y).tolist() == [False, True, False, False]
    assert PLATE.mask(np.array([[0.5], [0.1]]), np.array([0.3, 0.6])).tolist() == [[False, True], [True, True]]
    nearest = PLATE.nearest(x, y)[1:].flatten().tolist()
    assert nearest == pytest.approx([0.5, 0.51, 1.4, 0.3, 2.0, 0.5])
    torch.testing.assert_close(PLATE.clearance(x, y), torch.tensor([-0.2, 0.01, -0.05, -0.1], dtype=torch.float64))
    assert PLATE.contains(*PLATE.nearest(x, y).unbind(1)).all()


@pytest.mark.parametrize("shape", [PLATE, ANNULUS])
def test_a_plate_is_made_again_of_its_numbers(shape):
    assert shape_of(list(shape.numbers)) == shape


@pytest.mark.parametrize(
    ("holes", "fault"),
    [
        ([Disc((0.5, 0.3), 0.2), Disc((0.8, 0.3), 0.1)], r"hole 2, Disc.* overlaps hole 1"),
        ([Disc((0.5, 0.5), 0.4), Disc((0.5, 0.5), 0.1)], r"hole 2, Disc.* overlaps hole 1"),
        ([Disc((0.2, 0.5), 0.2)], r"hole 1, Disc.* must lie inside the Rectangle"),
        ([Disc((3.0, 0.5), 0.2)], r"hole 1, Disc.* must lie inside the Rectangle"),
        ([Disc((1.0, 0.5), 3.0)], r"hole 1, Disc.* must lie inside the Rectangle"),
        ([], r"holes = \[\]: a Disc for each hole is needed; without holes, the outline"),
        ([(0.5, 0.5, 0.1)], r"holes = .*a Disc for each hole"),
        (0.5, r"holes = 0.5: a Disc for each hole"),
    ],
)
def test_a_hole_that_leaves_the_plate_or_overlaps_another_is_refused(holes, fault):
    with pytest.raises(ep.ProblemError, match=fault):
        Plate(Rectangle((0.0, 2.0), (0.0, 1.0)), holes)


def test_what_is_no_outline_radius_or_side_is_refused():
    with pytest.raises(ep.ProblemError, match="outline = 'disc': a Rectangle or a Disc"):
        Plate("disc", HOLES)
    with pytest.raises(ep.ProblemError, match=r"outline = .*: a Rectangle or a Disc"):
        Plate(PLATE, HOLES)
    with pytest.raises(ep.ProblemError, match=r"hole 1, .* must lie inside the Disc"):
        Plate(Disc((0.0, 0.0), 1.0), Disc((0.0, 0.0), 1.0))
    with pytest.raises(ep.ProblemError, match="radius finite and above 0 m"):
        Disc((0.5, 0.5), -0.1)
    with pytest.raises(ep.ProblemError, match="legal are any of rim, hole 1"):
        ANNULUS.parts_of(["hole 2"])


def pulse(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
    size = torch.exp(-((x - 1.0) ** 2 + (y - 0.4) ** 2) / 0.04)
    return torch.stack([size, 0.5 * size], dim=1)


def plate_problem(hole: Disc = HOLES[0]) -> ep.Problem:
    shape = Plate(Rectangle((0.0, 2.0), (0.0, 1.0)), [hole, *HOLES[1:]])
    sides = [ep.Traction(sides=shape.outline.sides), ep.Displacement(sides="hole 1"), ep.Absorbing(sides="hole 2")]
    return ep.Problem(Domain(shape=shape, t=(0.0, 0.5)), ep.Material(2.0, 1.0, 1.0), sides, ep.Initial(pulse))


def quick(**fields) -> ep.Config:
    given = {"problem": "own", "hidden_layers": [12], "interior_points": 40, "boundary_points": 20} | fields
    return ep.Config(initial_points=20, validation_points=20, stages=["adam"], **given)


def test_another_hole_is_another_problem():
    one, same = plate_problem(), plate_problem()
    assert one.is_like(same.identity)
    for other in (Disc((0.5, 0.3), 0.201), Disc((0.51, 0.3), 0.2)):
        assert not one.is_like(plate_problem(other).identity)


def test_a_run_in_a_plate_resumes_bit_for_bit_and_predicts_nothing_in_a_hole(tmp_path):
    whole = ep.train(quick(steps=4), tmp_path / "whole", problem=plate_problem())
    ep.train(quick(steps=2), tmp_path / "halves", problem=plate_problem())
    halves = ep.train(quick(steps=4), tmp_path / "halves", problem=plate_problem(), resume="auto")
    assert halves.history()["loss/total"].tolist() == whole.history()["loss/total"].tolist()
    assert halves.latest().model().shape == plate_problem().domain.shape
    assert halves.predict(0.05, 0.5, 0.2).shape == (2,)
    with pytest.raises(ValueError, match=r"x = 1\.5 m, y = 0\.6 m is in hole 2 of the Plate"):
        halves.predict([0.05, 1.5], [0.5, 0.6], 0.2)


def test_a_receiver_in_a_hole_is_refused():
    t, known = np.linspace(0.0, 0.4, 10), dict(zip(("lambda", "mu", "rho"), (2.0, 1.0, 1.0), strict=True))
    problem, searched = plate_problem(), ep.Material(2.0, 1.0, 1.0, unknowns=("mu",))
    for y, is_legal in ((0.95, True), (0.75, False)):
        receivers = ep.Receivers(np.array([[1.0, 0.5], [0.5, y]]), t, np.ones((2, 10, 2)), 0.0, known, frozenset())
        if is_legal:
            ep.Problem(problem.domain, searched, problem.boundary, receivers=receivers)
            continue
        with pytest.raises(ep.ProblemError, match=r"y = 0\.75 m lies in hole 3 of the Plate"):
            ep.Problem(problem.domain, searched, problem.boundary, receivers=receivers)


def test_a_medium_need_only_be_a_solid_outside_of_the_holes():
    (x, y), radius = HOLES[1].center, HOLES[1].radius
    medium = ep.Medium(1.0, 1.0, lambda a, b: (a - x) ** 2 + (b - y) ** 2 - 0.9 * radius**2)
    problem = plate_problem()
    ep.Problem(problem.domain, medium, problem.boundary, problem.initial)
    with pytest.raises(ep.ProblemError, match="no stable solid"):
        ep.Problem(Domain((0.0, 2.0), (0.0, 1.0), (0.0, 0.5)), medium, [ep.Traction()], problem.initial)


@pytest.mark.slow
def test_figures_show_the_holes_and_nothing_in_them(tmp_path):
    problem = plate_problem()
    run = ep.train(quick(steps=2), tmp_path / "run", problem=problem)
    drawn = ep.figures.problem(problem, run.config)
    dots = next(line for line in drawn.axes[0].lines if line.get_label() == "interior points").get_xydata()
    assert problem.domain.shape.mask(*dots.T).all()
    rims = [line.get_xydata() for line in drawn.axes[0].lines if "absorbing" in line.get_label()]
    assert len(rims) == 1 and np.hypot(*(rims[0] - HOLES[1].center).T) == pytest.approx(HOLES[1].radius)
    (image,) = drawn.axes[1].images
    assert np.isnan(np.ma.filled(image.get_array(), np.nan)[48, 56])  # the middle of hole 2
    for picture in (drawn, ep.figures.snapshots(run, problem=problem)):
        picture.savefig(tmp_path / "picture.png")
        assert (tmp_path / "picture.png").stat().st_size > 10_000


def test_a_source_in_a_hole_is_refused():
    problem = plate_problem()
    for at, is_legal in (((0.9, 0.9), True), ((0.5, 0.75), False)):
        force = ep.PointForce(at, (1.0, 0.0), ep.Ricker(3.0, 0.4), 0.03)
        if is_legal:
            ep.Problem(problem.domain, problem.material, problem.boundary, problem.initial, force=force)
            continue
        with pytest.raises(ep.ProblemError, match="lies in hole 3 of the Plate"):
            ep.Problem(problem.domain, problem.material, problem.boundary, problem.initial, force=force)
