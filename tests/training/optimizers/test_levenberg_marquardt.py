"""Levenberg-Marquardt: the step that it promises, and where it ends."""

from itertools import pairwise

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.networks.cancellation import cancellable
from elastic_pinn.training.optimizers import levenberg_marquardt, normal_equations
from elastic_pinn.training.optimizers.levenberg_marquardt import LevenbergMarquardt
from elastic_pinn.training.optimizers.normal_equations import CholeskyModel, MatrixFreeModel
from elastic_pinn.training.step_objective import StepCancelled, StepObjective
from tests.training.optimizers.misfits import Misfits, Product


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def rosenbrock(x: torch.Tensor) -> torch.Tensor:
    return torch.cat([10 * (x[1:] - x[:-1].square()), 1 - x[:-1]])


def at_rosenbrock(n: int = 2) -> tuple[Misfits, LevenbergMarquardt]:
    misfits = Misfits(rosenbrock, torch.tensor([-1.2, 1.0] * (n // 2), dtype=torch.float64))
    return misfits, LevenbergMarquardt(misfits.parameters, 1e-3)


@pytest.mark.parametrize("shape", [(12, 5), (5, 12)], ids=["tall", "wide"])
@pytest.mark.parametrize("damping", [1e-6, 0.5, 20.0])
def test_a_step_solves_the_damped_equations_and_promises_what_the_linear_model_gives(shape, damping):
    jacobian, residuals = draw(*shape) * torch.logspace(-2, 2, shape[1]), draw(shape[0], seed=1)
    step, predicted = CholeskyModel(residuals, jacobian.clone()).solve(damping)
    matrix = jacobian.T @ jacobian
    damped = matrix + damping * torch.diag(matrix.diagonal())
    assert torch.allclose(damped @ step, -jacobian.T @ residuals, rtol=1e-8)
    assert predicted == pytest.approx((residuals.square().sum() - (residuals + jacobian @ step).square().sum()).item())


@pytest.mark.parametrize("damping", [1e-6, 0.5, 20.0])
def test_without_the_matrix_the_step_is_the_same(damping, monkeypatch):
    monkeypatch.setattr(normal_equations, "ENOUGH", 1e-12)
    jacobian, residuals = draw(30, 12) * torch.logspace(-2, 2, 12), draw(30, seed=1)
    step, predicted = MatrixFreeModel(jacobian.T @ residuals, Product(jacobian)).solve(damping)
    expected, as_predicted = CholeskyModel(residuals, jacobian.clone()).solve(damping)
    assert torch.allclose(step, expected, rtol=1e-8)
    assert predicted == pytest.approx(as_predicted, rel=1e-8)


@pytest.mark.parametrize("products", [1, 3])
def test_a_step_of_few_products_leads_down_and_promises_what_the_linear_model_gives(products, monkeypatch):
    monkeypatch.setattr(normal_equations, "MOST_PRODUCTS", products)
    jacobian, residuals = draw(30, 12) * torch.logspace(-2, 2, 12), draw(30, seed=1)
    step, predicted = MatrixFreeModel(jacobian.T @ residuals, Product(jacobian)).solve(1e-3)
    fall = residuals.square().sum() - (residuals + jacobian @ step).square().sum()
    assert predicted == pytest.approx(fall.item()) and predicted > 0


def test_without_damping_it_is_gauss_newton():
    jacobian, residuals = draw(12, 5), draw(12, seed=1)
    step, _ = CholeskyModel(residuals, jacobian.clone()).solve(0.0)
    assert torch.allclose(step, torch.linalg.lstsq(jacobian, -residuals[:, None]).solution[:, 0])


def test_it_walks_down_a_bent_valley():
    misfits, optimizer = at_rosenbrock(6)
    losses = [misfits().item()]
    for _ in range(40):
        misfits.after(optimizer)
        losses.append(misfits().item())
    assert losses[-1] < 1e-25
    assert all(after <= before for before, after in pairwise(losses))


def test_a_step_that_would_lead_up_costs_another_damping_and_no_other_jacobian():
    misfits, optimizer = at_rosenbrock()
    trials = [len(misfits.after(optimizer).evaluations) for _ in range(10)]
    assert max(trials) > 1, "it had to damp more now and then"
    assert [asked for asked in misfits.asked if asked] == [2] * 10


def test_damping_falls_where_the_model_is_right():
    matrix, right = draw(9, 3), draw(9, seed=1)
    misfits = Misfits(lambda x: matrix @ x - right, draw(3, seed=2))
    optimizer = LevenbergMarquardt(misfits.parameters, 1.0)
    misfits.after(optimizer, 3)
    assert optimizer.state[misfits.parameters[0]]["damping"] == pytest.approx(1 / 27)


def test_at_the_bottom_it_stays_to_the_last_bit_and_says_why():
    misfits = Misfits(lambda x: x.square() + 1.0, torch.full((3,), 0.5, dtype=torch.float64))
    optimizer = LevenbergMarquardt(misfits.parameters, 1e-3)
    for _ in range(60):
        step_objective = misfits.after(optimizer)
        if not step_objective.moved:
            break
    assert not step_objective.moved
    assert misfits().item() == pytest.approx(3.0)
    assert "rounding" in step_objective.explain()


@pytest.mark.parametrize("most", [levenberg_marquardt.MOST_NUMBERS, 0], ids=["by matrix", "matrix-free"])
@pytest.mark.slow
def test_every_parameter_of_a_network_and_its_material_is_found(tiny, inverse, tmp_path, most, monkeypatch):
    monkeypatch.setattr(levenberg_marquardt, "MOST_NUMBERS", most)
    config = tiny(
        steps=25, stages=["levenberg_marquardt"], problem="own", precision="float64", validate_every=100,
        interior_points=60,
    )  # fmt: skip
    h = ep.train(config, tmp_path / "run", inverse).history()
    assert h["loss/total"].iloc[-1] < 0.05 * h["loss/total"].iloc[0]
    assert (h["loss/total"].diff().dropna() <= 0).all()
    assert (h[["material/lambda", "material/mu"]].diff().dropna().abs().max() > 1e-3).all(), "the material moves too"


@pytest.mark.slow
def test_beyond_the_size_no_jacobian_is_formed_and_the_loss_falls_far_below_adams(tiny, waves, tmp_path, monkeypatch):
    monkeypatch.setattr(levenberg_marquardt, "MOST_NUMBERS", 1000)
    monkeypatch.setattr(levenberg_marquardt, "CholeskyModel", None)
    ends = {}
    for stage in ("adam", "levenberg_marquardt"):
        config = tiny(steps=30, stages=[stage], learning_rate=0.01, problem="own", precision="float64")
        ends[stage] = ep.train(config, tmp_path / stage, waves()).history()["loss/total"].iloc[-1]
    assert ends["levenberg_marquardt"] < 0.05 * ends["adam"]


@pytest.mark.parametrize(
    ("most", "answers"),
    [(levenberg_marquardt.MOST_NUMBERS, [True]), (0, [False, False, True])],
    ids=["before a trial", "before a second product"],
)
def test_a_step_can_be_cancelled(most, answers, monkeypatch):
    monkeypatch.setattr(levenberg_marquardt, "MOST_NUMBERS", most)
    misfits, optimizer = at_rosenbrock(6)
    answer = iter(answers)

    def cancel():
        if next(answer):
            raise StepCancelled

    step_objective = StepObjective(misfits)
    with pytest.raises(StepCancelled), cancellable(cancel):
        optimizer.step(step_objective)
    assert not step_objective.evaluations and not any(optimizer.state.values())
