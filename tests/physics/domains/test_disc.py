"""Waves in a disc, and conditions on parts of sides, held to exact fields."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.elasticity import Normal, traction
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.solutions import DiscMode, PlaneWave
from elastic_pinn.workbench.figures.wavefields.shown_fields import shown_fields
from elastic_pinn.workbench.panels.exploration.wavefield_views import most_energetic_instant
from tests.physics.media.test_medium import solved
from tests.physics.test_elasticity import derivatives

KINDS = ("torsion", "radial")
SOLID = (1.0, 1.0, 1.0)


def mode_problem(kind: str) -> ep.Problem:
    mode = DiscMode(kind, *SOLID)
    disc = ep.Domain(shape=ep.Disc((0.0, 0.0), 1.0), t=(0.0, 1.0))
    return ep.Problem(disc, ep.Material(*SOLID), [ep.Traction()], ep.Initial.of(mode), exact=mode)


@pytest.mark.parametrize(("kind", "root"), [("torsion", 5.1356), ("radial", 2.0694)])
def test_the_modes_have_the_wave_numbers_of_the_literature_and_a_free_rim(kind, root):
    mode = DiscMode(kind, *SOLID)
    assert mode.wave_number == pytest.approx(root, abs=1e-4)
    angle = torch.linspace(0.0, 6.0, 9, dtype=torch.float64)
    normals = torch.stack([angle.cos(), angle.sin()], dim=1)
    h = 1e-5

    def slope(axis: int) -> Tensor:
        step = h * torch.eye(2, dtype=torch.float64)[axis]
        ends = (mode(*(normals + sign * step).unbind(1), torch.zeros_like(angle)) for sign in (1.0, -1.0))
        return (next(ends) - next(ends)) / (2.0 * h)

    found = traction({"x": slope(0), "y": slope(1)}, Moduli.of(*SOLID), Normal.of(normals))
    assert found.abs().max() < 1e-8 < 0.1 < slope(0).abs().max()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_modes_of_a_disc_are_found(tmp_path, kind):
    run = solved(tmp_path, mode_problem(kind), 600, 6.0)
    assert run.latest().metrics["error/displacement"] < 2e-3


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_modes_of_a_disc_are_found_to_a_millionth(tmp_path, kind):
    run = solved(tmp_path, mode_problem(kind), 1500, 6.0)
    assert run.latest().metrics["error/displacement"] < 1e-6


def test_a_run_in_a_disc_predicts_nothing_outside_of_it(tmp_path):
    run = solved(tmp_path, mode_problem("radial"), 40, 4.0)
    assert run.predict(0.6, 0.6, 0.5).shape == (2,)
    with pytest.raises(ValueError, match=r"x = 0\.8 m, y = 0\.8 m is outside the Disc"):
        run.predict([0.6, 0.8], [0.6, 0.8], 0.5)
    with pytest.raises(ep.ProblemError, match="not the one"):
        square = ep.Domain((-1.0, 1.0), (-1.0, 1.0), (0.0, 1.0))
        other = mode_problem("radial")
        run.problem(ep.Problem(square, other.material, [ep.Traction()], other.initial, exact=other.exact))


@pytest.mark.slow
def test_the_figures_of_a_disc_show_the_disc(tmp_path):
    problem = mode_problem("radial")
    run = solved(tmp_path, problem, 200, 5.0)
    for picture in (
        ep.figures.problem(problem, run.config),
        ep.figures.snapshots(run, problem=problem),
        ep.figures.error_map(run, problem=problem),
    ):
        picture.savefig(tmp_path / "picture.png")
        assert (tmp_path / "picture.png").stat().st_size > 10_000


def part_problem(free: ep.Part) -> ep.Problem:
    """A P wave along x beneath a top whose traction is given between two x, and its displacement elsewhere."""
    wave = PlaneWave("p", *SOLID, angle=0.4, wavelength=1.3)

    def pull(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        u = derivatives(wave, torch.stack([x, y, t], dim=1))
        return traction(u, Moduli.of(*SOLID), Normal(y=1.0))

    rest = ["left", "right", "bottom", *(p for p in (ep.Part("top", 0.0, free.low), ep.Part("top", free.high, 1.0)))]
    sides = [ep.Traction(pull, sides=free), ep.Displacement(wave, sides=rest)]
    window = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.4))
    return ep.Problem(window, ep.Material(*SOLID), sides, ep.Initial.of(wave), exact=wave)


@pytest.mark.slow
def test_a_wave_under_a_side_with_two_conditions_is_found(tmp_path):
    run = solved(tmp_path, part_problem(ep.Part("top", 0.3, 0.7)), 500, 5.0)
    assert run.latest().metrics["error/displacement"] < 1e-3


def test_conditions_on_parts_that_overlap_are_refused():
    part_problem(ep.Part("top", 0.3, 0.7))
    window, solid = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.4)), ep.Material(*SOLID)
    for other in (ep.Part("top", 0.69, 0.9), "top", None):
        with pytest.raises(ep.ProblemError, match="two conditions on the side top"):
            ep.Problem(window, solid, [ep.Traction(sides=ep.Part("top", 0.3, 0.7)), ep.Displacement(sides=other)])


def test_another_part_of_a_side_is_another_problem(tmp_path):
    one, same, other = (part_problem(ep.Part("top", low, 0.7)) for low in (0.3, 0.3, 0.31))
    assert one.is_like(same.identity) and not one.is_like(other.identity)


def test_receivers_on_the_rim_and_on_one_line_are_taken_and_outside_refused():
    mode, t = DiscMode("radial", *SOLID), np.linspace(0.0, 1.0, 20)
    angle = np.linspace(0.0, math.pi, 5)

    def recorded(xy: np.ndarray) -> ep.Receivers:
        places = torch.from_numpy(np.repeat(xy, len(t), axis=0))
        u = mode(places[:, 0], places[:, 1], torch.from_numpy(np.tile(t, len(xy))))
        known = dict(zip(("lambda", "mu", "rho"), SOLID, strict=True))
        return ep.Receivers(xy, t, u.numpy().reshape(len(xy), len(t), 2), 0.0, known, frozenset())

    disc = ep.Domain(shape=ep.Disc((0.0, 0.0), 1.0), t=(0.0, 1.0))
    searched = ep.Material(*SOLID, unknowns=("mu",))
    for xy in (np.column_stack([np.cos(angle), np.sin(angle)]), np.column_stack([0.1 * angle, 0.0 * angle])):
        ep.Problem(disc, searched, [ep.Traction()], receivers=recorded(xy))
    with pytest.raises(ep.ProblemError, match="lies outside the Disc"):
        ep.Problem(disc, searched, [ep.Traction()], receivers=recorded(np.array([[0.8, 0.8], [0.1, 0.2]])))


def test_a_medium_in_a_disc_need_only_be_a_solid_inside(tmp_path):
    mode = DiscMode("radial", *SOLID)
    disc = ep.Domain(shape=ep.Disc((0.0, 0.0), 1.0), t=(0.0, 1.0))
    medium = ep.Medium(1.0, lambda x, y: 1.5 - x**2 - y**2, 1.0)
    problem = ep.Problem(disc, medium, [ep.Traction()], ep.Initial.of(mode))
    assert problem.reference.lame_mu == pytest.approx(1.0, abs=0.02)  # the mean of 1.5 - r^2 over the disc
    run = solved(tmp_path, problem, 40, 4.0)
    assert np.isfinite(run.predict([0.0, 0.99], [0.0, 0.0], 0.5, "stress")).all()


def test_the_explorer_opens_a_disc_at_the_instant_with_the_most_energy(tmp_path):
    run = solved(tmp_path, mode_problem("radial"), 300, 5.0)
    fields, times = shown_fields(run.latest(), 41), np.linspace(0.0, 1.0, 11)
    inside = np.isfinite(fields.at("energy", 0.0))
    energy = [fields.at("energy", t)[inside].sum() for t in times]
    assert energy[most_energetic_instant(fields, times)] > 0.95 * max(energy)


def test_an_arc_may_go_past_the_end_of_the_turn():
    disc = ep.Domain(shape=ep.Disc((0.0, 0.0), 1.0), t=(0.0, 1.0))
    points, _ = disc.boundary(torch.rand(500, 2, dtype=torch.float64), disc.shape.parts_of([ep.Part("rim", -0.5, 1.0)]))
    angle = torch.atan2(points[:, 1], points[:, 0])
    assert angle.min() < -0.45 and angle.max() > 0.95 and ((angle >= -0.5) & (angle <= 1.0)).all()
    with pytest.raises(ep.ProblemError, match="more than a whole turn"):
        disc.shape.parts_of([ep.Part("rim", 0.0, 7.0)])


def test_a_place_that_differs_by_rounding_is_the_same_problem_and_parts_of_one_condition_do_not_overlap():
    one, same = part_problem(ep.Part("top", 0.1, 0.3)), part_problem(ep.Part("top", 0.1, 0.1 + 0.2))
    assert one.is_like(same.identity) and not one.is_like(part_problem(ep.Part("top", 0.1, 0.301)).identity)
    with pytest.raises(ep.ProblemError, match="its parts of the side top overlap"):
        ep.Problem(one.domain, one.material, [ep.Traction(sides=["top", ep.Part("top", 0.0, 0.5)])])
