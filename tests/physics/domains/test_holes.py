"""Waves in plates with holes are found that only the right rims have, and wrong ones are noticed."""

import math

import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.domains import Plate
from elastic_pinn.physics.elasticity import Normal, traction
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.solutions import AnnulusMode, HoleWave, PlaneWave
from tests.physics.test_elasticity import derivatives

SOLID, MODULI = ep.Material(1.0, 1.0, 1.0), Moduli.of(1.0, 1.0, 1.0)
HOLE = ep.Disc((0.1, -0.05), 0.4)


def waves(plane: int, around: int, frequency: float, **fields) -> ep.Config:
    """Least squares by so many waves."""
    count = plane + around
    given = {
        "problem": "own", "network": "hole_waves", "hidden_layers": [plane, around], "activation": "sin",
        "precision": "float64", "input_frequency": frequency, "stages": ["last_layer"], "steps": 1, "ridge": 1e-14,
        "sampling": "sobol", "interior_points": 20, "boundary_points": 3 * count // 10,
        "initial_points": 2 * count // 5, "weight_boundary": 100.0, "weight_initial": 100.0, "validation_points": 300,
        "log_level": "error",
    }  # fmt: skip
    return ep.Config(**given | fields)


def mode_problem() -> ep.Problem:
    """The radial mode of an annulus, for a short time."""
    mode = AnnulusMode("radial", SOLID, 0.4, 1.0)
    annulus = ep.Plate(ep.Disc((0.0, 0.0), 1.0), [ep.Disc((0.0, 0.0), 0.4)])
    sides = [ep.Traction(sides="rim"), ep.Traction(sides="hole 1")]
    return ep.Problem(ep.Domain(shape=annulus, t=(0.0, 0.4)), SOLID, sides, ep.Initial.of(mode), exact=mode)


def pulled_problem(sides: tuple[str, ...] = ("hole 1",)) -> ep.Problem:
    """A plane wave whose traction is given on the rim of a hole, with the normal into it."""
    wave = PlaneWave("p", 1.0, 1.0, 1.0, angle=0.4, wavelength=2.0)

    def pull(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        into_hole = -torch.stack([x - HOLE.center[0], y - HOLE.center[1]], dim=1) / HOLE.radius
        return traction(derivatives(wave, torch.stack([x, y, t], dim=1)), MODULI, Normal.of(into_hole))

    plate = ep.Plate(ep.Rectangle((-1.0, 1.0), (-1.0, 1.0)), [HOLE])
    given = [ep.Displacement(wave, sides=plate.outline.sides), ep.Traction(pull, sides=sides)]
    return ep.Problem(ep.Domain(shape=plate, t=(0.0, 0.4)), SOLID, given, ep.Initial.of(wave), exact=wave)


class TwoHoles:
    """What two holes scatter of a P wave, as if each were alone: a wavefield with a pole in both."""

    def __init__(self, holes: tuple[ep.Disc, ...]) -> None:
        self.plane = PlaneWave("p", 1.0, 1.0, 1.0, angle=0.4, wavelength=2.0)
        self.scattered = [HoleWave("p", SOLID, hole.radius, hole.center, 0.4, wavelength=2.0) for hole in holes]

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        fields = ((wave, wave.center) for wave in self.scattered)
        return sum(wave(x, y, t) - self.plane(x - at[0], y - at[1], t) for wave, at in fields)


def two_holes_problem() -> ep.Problem:
    """Two holes in a disc, and the wavefield's displacement on all sides."""
    holes = (ep.Disc((-0.5, 0.0), 0.3), ep.Disc((0.4, 0.2), 0.2))
    field = TwoHoles(holes)
    window = ep.Domain(shape=ep.Plate(ep.Disc((0.0, 0.0), 1.0), holes), t=(0.0, 0.4))
    return ep.Problem(window, SOLID, [ep.Displacement(field)], ep.Initial.of(field), exact=field)


def error(folder, problem: ep.Problem, config: ep.Config) -> float:
    return ep.train(config, folder, problem=problem).latest().metrics["error/displacement"]


def test_a_mode_of_an_annulus_is_found(tmp_path):
    assert error(tmp_path / "run", mode_problem(), waves(150, 130, 3.0)) < 1e-3


@pytest.mark.slow
def test_what_two_holes_scatter_is_found(tmp_path):
    assert error(tmp_path / "run", two_holes_problem(), waves(200, 500, 4.5, boundary_points=800)) < 1e-2


def test_a_wrong_traction_on_the_rims_is_noticed(tmp_path, monkeypatch):
    def without_lambda(u, moduli, normal) -> Tensor:
        return traction(u, moduli._replace(lame_lambda=0.0 * moduli.lame_lambda), normal)

    (right,) = ep.Traction.equations
    monkeypatch.setattr(ep.Traction, "equations", (right._replace(operator=without_lambda),))
    assert error(tmp_path / "run", mode_problem(), waves(120, 100, 3.0)) > 0.03


@pytest.mark.slow
def test_a_pull_on_the_rim_of_a_hole_is_met_and_a_normal_out_of_the_hole_noticed(tmp_path, monkeypatch):
    right = error(tmp_path / "right", pulled_problem(), waves(150, 100, 4.5))
    at = Plate.at

    def turned(plate: Plate, side: str, fraction: Tensor) -> tuple[Tensor, Tensor]:
        points, normals = at(plate, side, fraction)
        return points, -normals if side.startswith("hole") else normals

    monkeypatch.setattr(Plate, "at", turned)
    wrong = error(tmp_path / "wrong", pulled_problem(), waves(150, 100, 4.5))
    assert right < 5e-3 < 0.1 < wrong


@pytest.mark.slow
def test_a_run_with_waves_around_holes_resumes_bit_for_bit(tmp_path):
    def config(steps: int) -> ep.Config:
        return waves(40, 40, 3.0, stages=["adam"], learning_rate=1e-2, steps=steps)

    whole = ep.train(config(4), tmp_path / "whole", problem=mode_problem())
    ep.train(config(2), tmp_path / "halves", problem=mode_problem())
    halves = ep.train(config(4), tmp_path / "halves", problem=mode_problem(), resume="auto")
    assert halves.history()["loss/total"].tolist() == whole.history()["loss/total"].tolist()
    angle = torch.linspace(0.0, math.pi, 5)
    places = (0.7 * angle.cos(), 0.7 * angle.sin(), 0.2)
    assert (halves.predict(*places) == whole.predict(*places)).all()


@pytest.mark.slow
def test_the_modulus_is_found_from_receivers_around_a_hole(tmp_path):
    problem, t = mode_problem(), torch.linspace(0.0, 0.4, 12, dtype=torch.float64)
    xy = torch.tensor([[0.5, 0.1], [-0.6, 0.3], [0.1, -0.8], [0.2, 0.9]], dtype=torch.float64)
    at = torch.cat([xy.repeat_interleave(12, 0), t.repeat(4)[:, None]], dim=1)
    recorded = problem.exact(*at.unbind(1)).reshape(4, 12, 2).numpy()
    known = dict(zip(("lambda", "mu", "rho"), (1.0, 1.0, 1.0), strict=True))
    receivers = ep.Receivers(xy.numpy(), t.numpy(), recorded, 1e-4, known, frozenset())
    searched = ep.Material(1.0, 0.9, 1.0, unknowns=("mu",))
    inverse = ep.Problem(problem.domain, searched, problem.boundary, problem.initial, receivers=receivers)
    config = waves(150, 130, 3.0, stages=["variable_projection"], steps=5, weight_data=1e3)
    run = ep.train(config, tmp_path / "run", problem=inverse)
    assert run.material()["mu"] == pytest.approx(1.0, abs=2e-3)
