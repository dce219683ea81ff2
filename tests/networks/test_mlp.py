"""A network starts as its config says, from its own generator alone."""

import math

import pytest
import torch

from elastic_pinn.config import NetworkConfig
from elastic_pinn.networks import jets
from elastic_pinn.networks.mlp import MLP


def mlp(seed: int = 0, **fields) -> MLP:
    return MLP(NetworkConfig(**fields), torch.Generator().manual_seed(seed))


def test_the_layers_have_the_widths_asked_for():
    net = mlp(hidden_layers=[5, 7])
    assert [tuple(weight.shape) for weight in net.weights] == [(5, 3), (7, 5), (2, 7)]
    assert [tuple(bias.shape) for bias in net.biases] == [(5,), (7,), (2,)]


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_weights_and_outputs_have_the_precision_asked_for(precision):
    net, dtype = mlp(precision=precision, hidden_layers=[4]), getattr(torch, precision)
    assert {parameter.dtype for parameter in net.parameters()} == {dtype}
    names = jets.components(("t",))
    assert net(jets.seed(torch.zeros(2, 3, dtype=dtype), names, torch.ones(3, dtype=dtype)), names).dtype == dtype


def test_weights_are_glorot_normal_and_biases_zero():
    net = mlp(hidden_layers=[200, 300])
    assert net.weights[1].std().item() == pytest.approx(math.sqrt(2 / 500), rel=0.02)
    assert net.weights[1].mean().item() == pytest.approx(0.0, abs=1e-3)
    assert all((bias == 0).all() for bias in net.biases[1:])


def test_the_input_frequency_stretches_the_first_layer_only():
    plain, quick = mlp(hidden_layers=[500, 4]), mlp(hidden_layers=[500, 4], input_frequency=6.0)
    assert torch.allclose(quick.weights[0], 6 * plain.weights[0])
    assert torch.equal(quick.weights[1], plain.weights[1])
    assert 5.5 < quick.biases[0].abs().max() <= 6.0 and 0.9 < plain.biases[0].abs().max() <= 1.0


def test_the_same_generator_gives_the_same_network_and_no_other_is_touched():
    before = torch.get_rng_state()
    one, again, other = mlp(1), mlp(1), mlp(2)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), again.parameters(), strict=True))
    assert not torch.equal(one.weights[1], other.weights[1])
    assert torch.equal(torch.get_rng_state(), before)
