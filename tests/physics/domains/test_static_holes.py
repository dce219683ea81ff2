"""Plates at rest with holes are found by potentials to many digits, and wrong rims, solids and formulas are noticed."""

import numpy as np
import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.networks.potentials import Functions
from elastic_pinn.physics.elasticity import traction
from elastic_pinn.physics.solutions import KirschPlate
from tests.benchmarks.validation.row import potentials
from tests.benchmarks.validation.statics import kirsch_plate

KIRSCH = potentials(40, 30, boundary_points=40)


def config(**fields) -> ep.Config:
    return ep.Config(**KIRSCH | fields)


def error(folder, problem: ep.Problem, given: ep.Config | None = None) -> float:
    return ep.train(given or config(), folder, problem=problem).latest().metrics["error/displacement"]


def test_kirschs_plate_is_found_to_rounding_with_its_stress(tmp_path):
    problem = kirsch_plate(1.0)
    run = ep.train(config(), tmp_path / "run", problem=problem)
    assert run.latest().metrics["error/displacement"] < 1e-12
    x, y = np.array([0.45, 0.1, -0.8]), np.array([-0.05, 0.3, 0.6])
    expected = problem.exact.stress(torch.from_numpy(x), torch.from_numpy(y)).numpy()
    assert run.predict(x, y, 0.0, "stress") == pytest.approx(expected, abs=1e-10)
    reloaded = ep.load_checkpoint(run.latest().path).model()
    assert (reloaded.predict(x, y, 0.0) == run.predict(x, y, 0.0)).all()


def test_without_potentials_around_it_a_hole_is_not_met(tmp_path):
    assert error(tmp_path / "run", kirsch_plate(1.0), config(hidden_layers=[200, 1])) > 1e-2


@pytest.mark.parametrize("plane", ["strain", "stress"])
def test_the_constants_of_the_plane_count(tmp_path, plane):
    """The displacement of the other plane is another one, under the same loads."""
    problem = kirsch_plate(1.0)
    solid = ep.Material(1.0, 0.5, 1.0, plane=plane)
    field = problem.exact
    exact = KirschPlate(solid, field.radius, field.center, field.angle, field.tension)
    sides = [each if each.value is not field else ep.Displacement(exact, "left") for each in problem.boundary]
    assert error(tmp_path / "run", ep.Problem(problem.domain, solid, sides, exact=exact)) < 1e-12
    if plane == "stress":
        assert error(tmp_path / "other", ep.Problem(problem.domain, solid, problem.boundary, exact=field)) > 1e-2


def _without_conj_psi(functions: Functions, kappa: Tensor, i: int, j: int) -> tuple[Tensor, Tensor]:
    right, of_conj = DERIVATIVE(functions, kappa, i, j)
    return right, of_conj if i else of_conj + functions.unit**-j * functions.g[j].conj()


def _with_kappa_of_one(functions: Functions, kappa: Tensor, i: int, j: int) -> tuple[Tensor, Tensor]:
    return DERIVATIVE(functions, torch.ones_like(kappa), i, j)


def _without_z(functions: Functions, kappa: Tensor, i: int, j: int) -> tuple[Tensor, Tensor]:
    right, of_conj = DERIVATIVE(functions, kappa, i, j)
    return right, of_conj if i > 1 else torch.zeros_like(of_conj) if i else -(functions.unit**-j) * functions.g[
        j
    ].conj()


DERIVATIVE = Functions.derivative


@pytest.mark.parametrize("wrong", [_without_conj_psi, _with_kappa_of_one, _without_z])
def test_a_wrong_formula_is_noticed(tmp_path, monkeypatch, wrong):
    monkeypatch.setattr(Functions, "derivative", wrong)
    assert error(tmp_path / "run", kirsch_plate(1.0)) > 1e-2


def test_a_wrong_traction_on_the_rim_is_noticed(tmp_path, monkeypatch):
    def without_lambda(u, moduli, normal) -> Tensor:
        return traction(u, moduli._replace(lame_lambda=0.0 * moduli.lame_lambda), normal)

    (right,) = ep.Traction.equations
    monkeypatch.setattr(ep.Traction, "equations", (right._replace(operator=without_lambda),))
    assert error(tmp_path / "run", kirsch_plate(1.0)) > 1e-2


@pytest.mark.slow
def test_a_run_with_potentials_resumes_bit_for_bit(tmp_path):
    def few(steps: int) -> ep.Config:
        return config(stages=["adam"], learning_rate=1e-2, steps=steps, checkpoint_every=2)

    whole = ep.train(few(4), tmp_path / "whole", problem=kirsch_plate(1.0))
    ep.train(few(2), tmp_path / "halves", problem=kirsch_plate(1.0))
    halves = ep.train(few(4), tmp_path / "halves", problem=kirsch_plate(1.0), resume="auto")
    losses = halves.history()["loss/total"].tolist()
    assert losses == whole.history()["loss/total"].tolist() and losses[-1] < losses[0]
    places = (np.array([0.7, -0.6]), np.array([0.5, -0.9]), 0.0)
    assert (halves.predict(*places) == whole.predict(*places)).all()


@pytest.mark.slow
def test_lambda_and_mu_are_found_from_receivers_around_a_hole_under_known_loads(tmp_path):
    problem = kirsch_plate(1.0)
    x, y = torch.tensor([[0.6, 0.5], [-0.5, 0.6], [0.1, -0.8], [0.7, -0.6]], dtype=torch.float64).T
    recorded = problem.exact(x, y, 0.0 * x).numpy()[:, None]
    receivers = ep.Receivers(torch.stack([x, y], dim=1).numpy(), np.zeros(1), recorded)
    searched = ep.Material(0.7, 0.65, 1.0, unknowns=("lambda", "mu"))
    inverse = ep.Problem(problem.domain, searched, problem.boundary, receivers=receivers)
    given = config(stages=["variable_projection"], steps=5, weight_data=1e3)
    found = ep.train(given, tmp_path / "run", problem=inverse).material()
    assert (found["lambda"], found["mu"]) == pytest.approx((1.0, 0.5), rel=1e-8)
