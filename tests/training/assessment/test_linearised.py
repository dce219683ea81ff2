"""One factorisation for all uncertainties: it agrees with the covariance matrix written out."""

import numpy as np
import pytest
import torch

from elastic_pinn.training.assessment import linearised as module
from elastic_pinn.training.assessment.linearised import Linearised
from elastic_pinn.training.session import Session

NETWORKS = {
    "plane_waves": {"network": "plane_waves", "hidden_layers": [12], "activation": "sin", "input_frequency": 4.0},
    "random_features": {"network": "random_features", "hidden_layers": [9]},
    "mlp": {"hidden_layers": [6, 5]},
}


def session(tiny, problem, network="plane_waves", **changes) -> Session:
    """A session whose last layer is not zero."""
    made = Session(
        tiny(precision="float64", ridge=1e-3, validation_fraction=0.2, **NETWORKS[network], **changes), problem
    )
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in made.model.last_layer:
            parameter.copy_(torch.randn(parameter.shape, dtype=torch.float64, generator=generator))
    return made


def written_out(made: Session) -> tuple[torch.Tensor, torch.Tensor]:
    """The covariance (K, K) of last layer and unknowns for misfits of variance 1, and their effects (M, K)."""
    layer, unknowns = made.model.last_layer, made.model.unknowns
    _, effects = made.loss.system(made.model, made.sampler.batches, [*layer, *unknowns])
    ridge = 1e-3 * torch.diag(effects.norm(dim=0))[: -len(unknowns) or None]
    below = torch.cat([effects, ridge])
    return torch.linalg.inv(below.T @ below), effects


@pytest.mark.parametrize("network", NETWORKS)
def test_the_displacements_covariance_is_that_of_layer_and_unknowns_together(tiny, inverse, network):
    made = session(tiny, inverse, network)
    covariance, effects = written_out(made)
    linear = Linearised(made.trained())
    rows = effects[linear.data] / linear.weight
    z = linear.coordinates(made.problem.recorded, made.sampler.batches["data"])
    expected = (rows @ covariance @ rows.T).numpy()
    np.testing.assert_allclose((z @ z.T).numpy(), expected, rtol=1e-6, atol=1e-9 * abs(expected).max())


@pytest.mark.parametrize("weight_data", [1.0, 9.0])
def test_the_leverage_is_the_influence_of_each_sample_on_itself(tiny, inverse, weight_data):
    made = session(tiny, inverse, weight_data=weight_data)
    covariance, effects = written_out(made)
    linear = Linearised(made.trained())
    influence = (effects @ covariance @ effects.T)[linear.data, linear.data]
    leverage = linear.leverage()
    np.testing.assert_allclose(leverage.numpy(), influence.diagonal().numpy(), rtol=1e-6)
    assert 0 < leverage.sum() < linear.amplitudes + 2 and leverage.max() < 1


def test_the_unknowns_follow_the_data_as_the_written_out_fit_does(tiny, inverse):
    made = session(tiny, inverse)
    covariance, effects = written_out(made)
    linear = Linearised(made.trained())
    gain = (linear.weight * covariance @ effects.T)[-2:, linear.data]  # (U, D)
    np.testing.assert_allclose(linear.unknowns_covariance(1e-9).numpy() / 1e-18, (gain @ gain.T).numpy(), rtol=1e-6)
    np.testing.assert_allclose(torch.linalg.inv(linear.information).numpy(), covariance[-2:, -2:].numpy(), rtol=1e-6)


def test_the_step_that_is_left_is_that_of_the_written_out_fit(tiny, inverse):
    made = session(tiny, inverse)
    covariance, effects = written_out(made)
    linear = Linearised(made.trained())
    amplitudes = made.model.last_layer[0].detach().flatten()
    ridge = 1e-3 * effects.norm(dim=0)[:-2]
    gradient = effects.T @ linear.residuals + torch.nn.functional.pad(ridge.square() * amplitudes, (0, 2))
    np.testing.assert_allclose(linear.remaining_step.numpy(), -(covariance @ gradient)[-2:].numpy(), rtol=1e-6)


def test_the_ridge_displaces_the_unknowns_as_in_the_written_out_fit(tiny, inverse):
    made = session(tiny, inverse)
    amplitudes = made.model.last_layer[0]
    torch.nn.init.normal_(amplitudes, generator=torch.Generator().manual_seed(3))
    covariance, effects = written_out(made)
    held = (1e-3 * effects.norm(dim=0)[:-2]).square() * amplitudes.detach().flatten()
    expected = -(covariance @ torch.nn.functional.pad(held, (0, 2)))[-2:].numpy()
    np.testing.assert_allclose(Linearised(made.trained()).pull_of_ridge.numpy(), expected, rtol=1e-6)
    assert np.abs(expected).min() > 0.0


@pytest.mark.slow
@pytest.mark.parametrize("network", ["plane_waves", "random_features"])
def test_what_noise_in_the_layer_adds_is_its_mean_over_the_noise_written_out(tiny, inverse, monkeypatch, network):
    monkeypatch.setattr(module, "DRAWS", 1000)
    made = session(tiny, inverse, network)
    before = made.model.last_layer[0].clone()
    linear = Linearised(made.trained())
    layer, unknowns = made.model.last_layer, made.model.unknowns
    matrix = made.loss.system(made.model, made.sampler.batches, layer)[1].detach()  # (M, P)
    below = torch.cat([matrix, 1e-3 * torch.diag(matrix.norm(dim=0))])
    fitting = torch.linalg.solve(below.T @ below, matrix.T)[:, linear.data] * linear.weight  # (P, D)
    left = below @ fitting
    left[linear.data] -= linear.weight * torch.eye(left.shape[1], dtype=torch.float64)
    across = torch.eye(len(below), dtype=torch.float64) - below @ torch.linalg.solve(below.T @ below, below.T)
    slopes = []
    for unknown in unknowns:
        changed = []
        for step in (1e-5, -1e-5):
            with torch.no_grad():
                unknown += step
            changed.append(made.loss.system(made.model, made.sampler.batches, layer)[1].detach())
            with torch.no_grad():
                unknown -= step
        slope = torch.cat([changed[0] - changed[1], torch.zeros_like(below[: matrix.shape[1]])]) / 2e-5
        slopes.append(across @ slope @ fitting)  # (M + P, D)
    information = torch.stack([torch.stack([(one * other).sum() for one in slopes]) for other in slopes])
    gradient = torch.stack([(slope * left).sum() for slope in slopes])
    size = float(information.diagonal().max())
    np.testing.assert_allclose(linear.noise_in_layer.information, information, atol=0.1 * size)
    np.testing.assert_allclose(linear.noise_in_layer.gradient, gradient, atol=0.02 * np.sqrt(size))
    assert torch.equal(made.model.last_layer[0], before)


def test_the_worst_other_misfit_is_the_mean_of_the_worst_place_and_not_of_the_receivers(tiny, inverse):
    linear = Linearised(session(tiny, inverse).trained())
    linear.residuals, linear.weight = torch.zeros_like(linear.residuals), 0.5
    linear.residuals[linear.data] = 1e3
    others = [rows for name, rows in linear.places.items() if name != "data"]
    for size, rows in enumerate(others, 3):
        linear.residuals[rows] = float(size)
    assert linear.worst_other_mean_square(2.0) == pytest.approx((2.0 + len(others)) ** 2)


def test_single_precision_is_factored_anew_in_double(tiny, inverse):
    fields = {**NETWORKS["plane_waves"], "stages": ["variable_projection"], "precision": "float32"}
    made = Session(tiny(**fields), inverse)
    made.advance()
    assert Linearised(made.trained()).leverage().dtype == torch.float64
    assert (
        made.optimizer.factored_here() is None
        or Linearised(made.trained()).factored is not made.optimizer.factored_here()
    )
