"""Variable projection: the material of an exact wavefield, found in a few steps."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics import Problem
from elastic_pinn.training.optimizers import variable_projection
from elastic_pinn.training.optimizers.variable_projection import VariableProjection
from elastic_pinn.training.session import Session
from tests.training.optimizers.misfits import Misfits

TIME = torch.linspace(0, 1, 40, dtype=torch.float64)


def decays(weights: torch.Tensor, rates: torch.Tensor) -> torch.Tensor:
    """Two decays whose rates are unknown, and whose sizes the misfits are linear in."""
    seen = 2 * torch.exp(-TIME) - torch.exp(-4 * TIME)
    return torch.exp(-TIME[:, None] * rates.exp()) @ weights - seen


def at_decays() -> tuple[Misfits, VariableProjection]:
    start = torch.zeros(2, dtype=torch.float64), torch.tensor([-0.7, 1.9], dtype=torch.float64)
    misfits = Misfits(decays, *start)
    layer, rates = misfits.parameters
    return misfits, VariableProjection([layer], [rates], 1e-14)


def test_unknowns_are_found_though_the_rest_starts_from_nothing():
    misfits, optimizer = at_decays()
    misfits.after(optimizer, 12)
    weights, rates = misfits.parameters
    assert rates.exp().tolist() == pytest.approx([1.0, 4.0], rel=1e-9)
    assert weights.tolist() == pytest.approx([2.0, -1.0], rel=1e-8)


def test_the_loss_never_rises_and_the_end_is_told():
    misfits, optimizer = at_decays()
    losses = [misfits().item()]
    for _ in range(40):
        step_objective = misfits.after(optimizer)
        losses.append(misfits().item())
        if not step_objective.moved:
            break
    assert not step_objective.moved
    assert all(after <= before for before, after in pairwise(losses))
    assert "rounding" in step_objective.explain()


@pytest.mark.parametrize(("left", "is_there", "tried"), [(0.09, True, 2), (0.11, False, 8)])
def test_a_search_is_at_its_end_where_no_step_lowers_the_loss_and_little_is_left(monkeypatch, left, is_there, tried):
    misfits, optimizer = at_decays()
    small = torch.tensor(1.0)
    step = variable_projection.Step(torch.full((2,), 1e-3), (left / 0.01) ** 2 * small, small, torch.eye(2))
    monkeypatch.setattr(optimizer, "_gauss_newton", lambda objective, before: step)
    solved = []
    monkeypatch.setattr(optimizer, "_solve", lambda objective: solved.append(True) or torch.tensor(1.0))
    step_objective = misfits.after(optimizer)
    assert not step_objective.moved and step_objective.converged is is_there
    assert len(solved) == 1 + tried, "each one factors the system anew"


def test_a_step_factors_once_for_each_material_that_it_tries():
    misfits, optimizer = at_decays()
    misfits.after(optimizer)
    misfits.after(optimizer)
    assert [asked for asked in misfits.asked if asked] == [2, 2, 2, 2, 2], (
        "the start's system, then two times the unknowns' effects and the system where they led"
    )


def test_the_information_is_the_inverse_of_the_unknowns_covariance():
    misfits, optimizer = at_decays()
    misfits.after(optimizer, 12)
    _, jacobian = misfits.system(misfits.parameters)
    covariance = torch.linalg.inv(jacobian.T @ jacobian)[2:, 2:]
    found = torch.linalg.inv(optimizer.state[misfits.parameters[1]]["information"])
    assert torch.allclose(found, covariance, rtol=1e-5)


@pytest.fixture
def seen(waves, receivers) -> Problem:
    """Standing waves, known at the walls and at the start, in a material of which only a bad guess is known."""
    guess = ep.Material(3.5, 0.4, 1.0, unknowns=("lambda", "mu"))
    return waves(material=guess, exact=None, receivers=receivers())


def test_lambda_and_mu_of_an_exact_wavefield_are_found(tiny, seen):
    config = tiny(
        stages=["variable_projection"], problem="own", network="random_features", hidden_layers=[40], activation="sin",
        input_frequency=2.0, steps=7, precision="float64", interior_points=80, boundary_points=40, initial_points=40,
        validate_every=1000, validation_fraction=0.0,
    )  # fmt: skip
    session = Session(config, seen)
    _know_standing_waves(session)
    for _ in range(7):
        row = session.advance()
    assert row["material/lambda"] == pytest.approx(2.0, rel=1e-6)
    assert row["material/mu"] == pytest.approx(1.0, rel=1e-6)


def _know_standing_waves(session: Session) -> None:
    """Let features be among the network's of which the true wavefield is made, and no wrong material's is."""
    scales, k = session.problem.scales, math.pi
    wave = [(i, j, math.sqrt(2) * c * s) for i in (1, -1) for j in (1,) for c in (2.0, 1.0) for s in (1, -1)]
    rows = [np.array(numbers) * k * np.array(scales.half) for numbers in wave for _ in range(2)]
    phases = [k * (i * 0.5 + j * 0.5 + w * scales.origin[2]) + q for i, j, w in wave for q in (0.0, math.pi / 2)]
    with torch.no_grad():
        session.model.network.weights[0][: len(rows)] = torch.from_numpy(np.array(rows))
        session.model.network.biases[0][: len(rows)] = torch.tensor(phases, dtype=torch.float64)


@pytest.mark.slow
def test_plane_waves_tell_lambda_and_mu_of_an_exact_wavefield(searching, seen):
    config = searching(500, steps=7)
    session = Session(config, seen)
    for _ in range(7):
        row = session.advance()
    assert row["loss/pde"] < 1e-20
    assert row["material/lambda"] == pytest.approx(2.0, rel=1e-4)
    assert row["material/mu"] == pytest.approx(1.0, rel=1e-4)


def test_without_unknowns_there_is_nothing_to_search(tiny, tmp_path):
    with pytest.raises(
        ep.ConfigError, match="'variable_projection', which searches the material, and nothing of it is"
    ):
        ep.train(tiny(stages=["variable_projection"]), tmp_path / "run")
    assert not (tmp_path / "run" / "config.json").exists()
