"""One factorisation for all uncertainties: it agrees with the covariance matrix written out."""

from copy import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.run import Checkpoint
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.assessment.linearised import Linearised, on_cpu, session_of
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
    linear = Linearised(made)
    rows = effects[linear.data] / linear.weight
    z = linear.coordinates(made.sampler.batches["data"])
    expected = (rows @ covariance @ rows.T).numpy()
    np.testing.assert_allclose((z @ z.T).numpy(), expected, rtol=1e-6, atol=1e-9 * abs(expected).max())


@pytest.mark.parametrize("weight_data", [1.0, 9.0])
def test_the_leverage_is_the_influence_of_each_sample_on_itself(tiny, inverse, weight_data):
    made = session(tiny, inverse, weight_data=weight_data)
    covariance, effects = written_out(made)
    linear = Linearised(made)
    influence = (effects @ covariance @ effects.T)[linear.data, linear.data]
    leverage = linear.leverage()
    np.testing.assert_allclose(leverage.numpy(), influence.diagonal().numpy(), rtol=1e-6)
    assert 0 < leverage.sum() < linear.amplitudes + 2 and leverage.max() < 1


def test_the_unknowns_follow_the_data_as_the_written_out_fit_does(tiny, inverse):
    made = session(tiny, inverse)
    covariance, effects = written_out(made)
    linear = Linearised(made)
    gain = (linear.weight * covariance @ effects.T)[-2:, linear.data]  # (U, D)
    np.testing.assert_allclose(linear.unknowns_covariance().numpy(), (gain @ gain.T).numpy(), rtol=1e-6)
    np.testing.assert_allclose(torch.linalg.inv(linear.information).numpy(), covariance[-2:, -2:].numpy(), rtol=1e-6)


def test_the_step_that_is_left_is_that_of_the_written_out_fit(tiny, inverse):
    made = session(tiny, inverse)
    covariance, effects = written_out(made)
    linear = Linearised(made)
    amplitudes = made.model.last_layer[0].detach().flatten()
    ridge = 1e-3 * effects.norm(dim=0)[:-2]
    gradient = effects.T @ linear.residuals + torch.nn.functional.pad(ridge.square() * amplitudes, (0, 2))
    np.testing.assert_allclose(linear.remaining_step.numpy(), -(covariance @ gradient)[-2:].numpy(), rtol=1e-6)


def test_the_worst_other_misfit_is_the_mean_of_the_worst_place_and_not_of_the_receivers(tiny, inverse):
    linear = Linearised(session(tiny, inverse))
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
    assert Linearised(made).leverage().dtype == torch.float64
    assert made.optimizer.factored_here() is None or Linearised(made).factored is not made.optimizer.factored_here()


def test_a_run_trained_on_a_gpu_is_summed_up_on_a_machine_without_one(tiny, inverse, tmp_path):
    run = ep.train(tiny(steps=1, precision="float64", **NETWORKS["plane_waves"]), tmp_path / "run", inverse)
    here = run.latest()
    config = here.config.model_copy(update={"device": "cuda:1"})
    there = Checkpoint(here.path, replace(here.snapshot, config=config.to_json()))
    assert there.config.device == "cuda:1"
    assert session_of(there, inverse).model.scale_numbers.device.type == "cpu"
    assert assess(session_of(there, inverse)) == assess(session_of(here, inverse))


def test_a_session_on_a_gpu_is_assessed_by_a_twin_on_the_cpu(tiny, inverse):
    made = session(tiny, inverse, resample_every=1)
    made.sampler.resample()
    made.step, made.converged = 7, True
    on_gpu = copy(made)
    on_gpu.config = made.config.model_copy(update={"device": "cuda"})
    twin = on_cpu(on_gpu)
    assert twin.config.device == "cpu" and twin.step == 7 and twin.converged is True
    assert torch.equal(twin.sampler.batches["interior"].points, made.sampler.batches["interior"].points)
    assert assess(on_gpu) == assess(made)
    assert on_cpu(made) is made


def test_a_checkpoint_is_seen_at_the_points_that_it_was_trained_at(tiny, waves, tmp_path):
    run = ep.train(tiny(steps=5, resample_every=2), tmp_path / "run", waves())
    trained = Session(run.config, waves())
    trained.sampler.resample()
    trained.sampler.resample()
    found = session_of(run.latest(), waves()).sampler
    assert found.draws == 3 and session_of(run.latest(), waves()).step == 5
    assert torch.equal(found.batches["interior"].points, trained.sampler.batches["interior"].points)
