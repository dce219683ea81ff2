"""The names that a config knows, and what is refused before any work."""

from typing import get_args

import pytest
import torch
from torch import nn

import elastic_pinn as ep
from elastic_pinn.training.config import OptimizerName
from elastic_pinn.training.optimizers import OPTIMIZERS, registry, require_legal
from tests.training.optimizers.trained import Trained


def test_every_name_of_the_config_is_an_optimizer():
    assert set(get_args(OptimizerName)) == OPTIMIZERS.keys()


@pytest.mark.parametrize("name", ["ssbfgs", "ssbroyden"])
def test_what_needs_float64_is_refused_in_float32_wherever_it_stands(tiny, tmp_path, name):
    config = tiny(stages=["adam", name], stage_steps=[3])
    with pytest.raises(ep.ConfigError, match=rf"stages has '{name}', which needs precision = 'float64', not 'float32'"):
        ep.train(config, tmp_path / "run")
    assert not (tmp_path / "run" / "config.json").exists()


@pytest.mark.parametrize("name", ["ssbfgs", "ssbroyden"])
def test_a_network_too_large_for_a_dense_matrix_is_refused_with_its_memory(tiny, tmp_path, name):
    config = tiny(stages=[name], precision="float64", hidden_layers=[100, 60])
    with pytest.raises(
        ep.ConfigError, match=r"a matrix of 6582 x 6582 numbers \(0\.3 GiB, .* at most 6000 parameters\. .* 'lbfgs'"
    ):
        ep.train(config, tmp_path / "run")
    assert not (tmp_path / "run" / "config.json").exists()


def test_the_size_counts_only_where_it_matters(tiny):
    large = tiny(stages=["adam", "soap", "lbfgs"], stage_steps=[1, 1])
    require_legal(large, layers(10**6), 10**6)
    require_legal(tiny(stages=["ssbroyden"], precision="float64"), layers(5996), 10**6)


@pytest.mark.parametrize(
    "name, misfits, width, told",
    [
        ("last_layer", 10**9, 30_000, r"the triangle of a matrix of 60002 columns \(13\.4 GiB\): .* Use a narrower"),
        ("variable_projection", 10**8, 1, r"100000000 rows and the triangle of .* 4 columns .* Use fewer points"),
    ],
)
def test_a_last_layer_with_more_numbers_than_memory_holds_is_refused(tiny, name, misfits, width, told):
    config, unknown = tiny(stages=[name], precision="float64"), nn.Parameter(torch.zeros(()))
    with pytest.raises(ep.ConfigError, match=f"stages has '{name}', which keeps {told}"):
        require_legal(config, layers(10, unknown, width=width), misfits)


def test_misfits_without_number_may_determine_a_last_layer(tiny):
    require_legal(tiny(stages=["last_layer"], precision="float64"), layers(10, width=10_000), 10**9)


def layers(parameters: int, *unknowns: nn.Parameter, width: int = 1) -> Trained:
    """So many parameters of hidden layers, and 2 width + 2 of a last one."""
    hidden, weight = (nn.Parameter(torch.empty(1, 1).expand(n, 1)) for n in (parameters, 2 * width))
    last = [weight, nn.Parameter(torch.zeros(2))]
    return Trained([hidden, *last], last, list(unknowns))


@pytest.mark.parametrize("name", ["last_layer", "variable_projection"])
def test_a_network_without_a_last_layer_is_refused_where_one_is_solved_for(tiny, name):
    some = nn.Parameter(torch.zeros(3))
    with pytest.raises(ep.ConfigError, match="has no last layer to solve for"):
        require_legal(tiny(stages=[name], precision="float64"), Trained([some], unknowns=[some]), 10)


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "soap"])
def test_what_is_unknown_beside_the_network_has_a_learning_rate_of_its_own(tiny, name):
    weight, unknown = (nn.Parameter(torch.zeros((), dtype=torch.float64)) for _ in range(2))
    config = tiny(learning_rate=1e-2, unknowns_learning_rate=5.0)
    optimizer = OPTIMIZERS[name].make(Trained([weight], unknowns=[unknown]), config)
    rates = {parameter: group["lr"] for group in optimizer.param_groups for parameter in group["params"]}
    assert rates == {weight: 1e-2, unknown: 5e-2}
    for parameter in rates:
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    assert unknown.item() == pytest.approx(5.0 * weight.item(), rel=1e-6) and weight.item() < 0.0


def test_a_jacobian_of_plane_waves_beyond_memory_is_refused(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "MOST_NUMBERS", 1000)
    config = tiny(
        network="plane_waves", hidden_layers=[30], activation="sin", precision="float64", stages=["levenberg_marquardt"]
    )
    with pytest.raises(ep.ConfigError, match=r"a Jacobian of \d+ x 30 numbers: of waves or potentials at most 1000\."):
        ep.train(config, tmp_path / "run")
    assert not (tmp_path / "run" / "config.json").exists()
