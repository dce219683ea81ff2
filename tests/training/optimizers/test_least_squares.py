"""The last layer, solved for: the optimum that NumPy finds, with all the digits that the features allow."""

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics import problem_from
from elastic_pinn.training.optimizers import registry
from elastic_pinn.training.optimizers.least_squares import LeastSquares, RidgeQR
from elastic_pinn.training.session import Session
from tests.training.optimizers.misfits import Misfits

FEATURES = {"network": "random_features", "hidden_layers": [60], "activation": "sin", "precision": "float64"}


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def with_ridge(matrix: torch.Tensor, right: torch.Tensor, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """The same with rows for the ridge."""
    below = ridge * torch.diag(matrix.norm(dim=0))
    return torch.cat([matrix, below]).numpy(), torch.cat([right, right.new_zeros(len(below), right.shape[1])]).numpy()


@pytest.mark.parametrize(("shape", "ridge"), [((30, 7), 1e-12), ((30, 7), 0.3), ((7, 30), 0.1)])
def test_the_answer_and_what_is_left_over_are_numpys(shape, ridge):
    matrix, right = draw(*shape) * torch.logspace(-3, 3, shape[1]), draw(shape[0], 2, seed=1)
    tall, known = with_ridge(matrix, right, ridge)
    sizes = np.linalg.norm(tall, axis=0)  # numpy's own answer to columns of very different sizes is right to 1e-9 only
    expected = np.linalg.lstsq(tall / sizes, known, rcond=None)[0] / sizes[:, None]
    factored = RidgeQR(matrix.clone(), ridge)
    np.testing.assert_allclose(factored.solve(right).numpy(), expected, rtol=1e-9)
    left, rest = factored.rotated_residual(right).numpy(), known - tall @ expected
    np.testing.assert_allclose(left.T @ left, rest.T @ rest, rtol=1e-9, atol=1e-20)


@pytest.mark.parametrize(("shape", "ridge"), [((30, 7), 1e-12), ((30, 7), 0.3), ((7, 30), 0.1)])
def test_what_no_answer_explains_stands_row_by_row(shape, ridge):
    matrix, right = draw(*shape) * torch.logspace(-3, 3, shape[1]), draw(shape[0], 2, seed=1)
    tall, known = with_ridge(matrix, right, ridge)
    expected = known - tall @ np.linalg.lstsq(tall, known, rcond=None)[0]
    np.testing.assert_allclose(RidgeQR(matrix.clone(), ridge).residual(right).numpy(), expected, atol=1e-9)


@pytest.mark.parametrize(("shape", "ridge"), [((30, 7), 1e-12), ((30, 7), 0.3), ((7, 30), 0.1)])
def test_coordinates_give_the_covariance_of_any_rows(shape, ridge):
    matrix, rows = draw(*shape) * torch.logspace(-3, 3, shape[1]), draw(4, shape[1], seed=2)
    tall, _ = with_ridge(matrix, draw(shape[0], 1), ridge)
    found = RidgeQR(matrix.clone(), ridge).coordinates(rows).numpy()
    expected = rows.numpy() @ np.linalg.inv(tall.T @ tall) @ rows.numpy().T
    np.testing.assert_allclose(found @ found.T, expected, rtol=1e-8)


def test_more_columns_than_are_reflected_at_once_are_factored_alike():
    matrix, right = draw(400, 300), draw(400, 2, seed=1)
    expected = np.linalg.lstsq(matrix.numpy(), right.numpy(), rcond=None)[0]
    np.testing.assert_allclose(RidgeQR(matrix.clone(), 1e-13).solve(right).numpy(), expected, rtol=1e-9)


def test_digits_stay_that_normal_equations_would_lose():
    x = torch.linspace(-1, 1, 200, dtype=torch.float64)[:, None]
    matrix, right = x ** torch.arange(26), torch.sin(9 * x)  # condition 1e10
    answer = RidgeQR(matrix.clone(), 1e-14).solve(right)
    assert (matrix @ answer - right).norm() < 1e-9


def test_a_column_of_zeros_gets_no_weight():
    matrix = draw(9, 3)
    matrix[:, 1] = 0.0
    answer = RidgeQR(matrix, 1e-12).solve(draw(9, 1, seed=1))
    assert answer[1] == 0.0 and answer.isfinite().all()


def test_in_float32_the_ridge_is_well_above_rounding():
    matrix = draw(40, 6).float()
    matrix = torch.cat([matrix, matrix @ draw(6, 6, seed=1).float()], dim=1)  # each feature twice
    answer = RidgeQR(matrix.clone(), 1e-12).solve(draw(40, 1, seed=2).float())
    assert answer.norm() < 1e4, "else 1e6"


def test_one_step_solves_and_another_one_needs_no_second_factorisation():
    matrix, right = draw(20, 4), draw(20, seed=1)
    misfits = Misfits(lambda x: matrix @ x - right, draw(4, seed=2))
    optimizer = LeastSquares(misfits.parameters, 1e-12)
    misfits.after(optimizer)
    first = misfits.position()
    np.testing.assert_allclose(first.numpy(), np.linalg.lstsq(matrix.numpy(), right.numpy(), rcond=None)[0], rtol=1e-10)
    misfits.after(optimizer, 3)
    assert (misfits.position() - first).norm() < 1e-13
    assert misfits.asked == [4], "the matrix was asked for once"


def test_where_nothing_is_better_the_step_stays_to_the_last_bit_and_says_why():
    matrix, right = draw(20, 4), draw(20, seed=1)
    misfits = Misfits(lambda x: matrix @ x - right, draw(4, seed=2))
    step_objective = misfits.after(LeastSquares(misfits.parameters, 1e-12), 5)
    assert not step_objective.moved
    assert step_objective.explain().startswith("the last layer is the best that rounding allows (loss ")


def test_a_step_gives_random_features_the_least_loss_and_leaves_them_as_they_are(tiny):
    config = tiny(stages=["last_layer"], **FEATURES)
    session = Session(config, problem_from(config))
    model = session.model
    hidden = [p.clone() for p in (model.network.weights[0], model.network.biases[0])]
    residuals, matrix = session.loss.system(model, session.sampler.batches, session.parameters)
    change = np.linalg.lstsq(matrix.numpy(), -residuals.numpy(), rcond=1e-12)[0]
    least = np.square(matrix.numpy() @ change + residuals.numpy()).sum()
    session.advance()
    assert matrix.shape[1] == 2 * 60 + 2
    assert session.losses()["loss/total"] == pytest.approx(least, rel=1e-4)
    assert torch.equal(hidden[0], model.network.weights[0]) and torch.equal(hidden[1], model.network.biases[0])


def test_the_last_layer_of_any_network_is_a_start_for_what_follows(tiny, tmp_path):
    config = tiny(stages=["last_layer", "lbfgs"], stage_steps=[3], steps=8, precision="float64")
    start = Session(config, problem_from(config)).losses()["loss/total"]
    h = ep.train(config, tmp_path / "run").history()
    assert list(h["stage"]) == [0, 0, 0, 1, 1, 1, 1, 1], "a stage that has nothing left to do does not end the run"
    assert h["loss/total"][0] < 0.5 * start
    assert h["loss/total"][7] < h["loss/total"][3]


def test_alone_it_ends_as_soon_as_it_can_do_no_better(tiny, tmp_path):
    run = ep.train(tiny(stages=["last_layer"], steps=100, **FEATURES), tmp_path / "run")
    assert len(run.history()) < 10
    assert "the last layer is the best that rounding allows" in run.summary.reason


def test_a_system_beyond_memory_is_refused(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "MOST_FACTORED", 100 * 122 // 2)
    told = r"stages has 'last_layer', which keeps the triangle of a matrix of 122 columns .* narrower last hidden layer"
    with pytest.raises(ep.ConfigError, match=told):
        ep.train(tiny(stages=["last_layer"], interior_points=100, **FEATURES), tmp_path / "run")
    assert not (tmp_path / "run" / "config.json").exists()
