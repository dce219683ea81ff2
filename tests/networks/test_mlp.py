"""A network starts as its config says, from its own generator alone."""

import math

import pytest
import torch

from elastic_pinn.networks import jets
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.dense import ACTIVATIONS
from elastic_pinn.networks.mlp import MLP
from elastic_pinn.networks.network import Window


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
    assert net.within(())(torch.zeros(2, 3, dtype=dtype), names).dtype == dtype


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


def wave_vectors(net: MLP) -> torch.Tensor:
    """How each channel before the last nonlinearity changes with the coordinates at the window's centre, (F, 3)."""

    def before_last(point: torch.Tensor) -> torch.Tensor:
        *hidden, (weight, bias) = zip(net.weights[:-1], net.biases[:-1], strict=True)
        for w, b in hidden:
            point = next(ACTIVATIONS[net.activation](w @ point + b))
        return weight @ point + bias

    return torch.func.jacrev(before_last)(net.weights[0].new_zeros(3))


@pytest.mark.parametrize("hidden", [[4000], [8, 4000], [5, 6, 4000]])
@pytest.mark.parametrize("activation", ["sin", "swish"])
def test_features_have_wave_numbers_up_to_the_input_frequency_by_length_and_time(hidden, activation):
    config = NetworkConfig(
        hidden_layers=hidden, activation=activation, input_frequency=3.0, initialization="features", precision="float64"
    )
    vectors = wave_vectors(MLP(config, torch.Generator().manual_seed(0), Window((1.0, 0.5, 4.0))))
    highest = vectors.abs().amax(0) / torch.tensor([1.0, 0.5, 4.0], dtype=torch.float64)
    assert ((highest > 2.99) & (highest <= 3.0 + 1e-9)).all()


def test_random_features_train_their_last_layer_only():
    net = mlp(network="random_features", hidden_layers=[4, 30], activation="sin")
    assert [p.requires_grad for p in net.weights] == [p.requires_grad for p in net.biases] == [False, False, True]
    as_mlp = mlp(initialization="features", hidden_layers=[4, 30], activation="sin")
    assert all(p.requires_grad for p in as_mlp.parameters())
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), as_mlp.parameters(), strict=True))
