"""The networks that are trained whole as anyone would write them, and networks to hold to these."""

import math

import torch
from torch import Tensor

from elastic_pinn.networks import jets
from elastic_pinn.networks.config import TRAINED, NetworkConfig
from elastic_pinn.networks.model import NETWORKS
from elastic_pinn.networks.network import Window
from elastic_pinn.networks.separable import Separable
from elastic_pinn.networks.trained import STEEPNESS, Trained
from tests.networks.known import Written
from tests.networks.samples import EXTENT

PLAIN = {"tanh": torch.tanh, "sin": torch.sin, "swish": torch.nn.functional.silu}
NAMES = jets.components(("xx", "xy", "xt", "yy", "yt", "tt"))
SUBSETS = [NAMES, jets.components(("xx", "xy", "yy", "tt")), jets.components(("t",)), ("",)]
OPTIONS = {
    "as they come": {},
    "adaptive": {"adaptive_activation": True},
    "periodic along x": {"periodic_axes": ["x"]},
    "periodic along both, adaptive": {"periodic_axes": ["x", "y"], "adaptive_activation": True},
}
LAYERS = {"mlp": [7, 6, 5], "separable": [6, 5]}
LEGAL = {
    (network, option): {"network": network, "hidden_layers": LAYERS[network], **fields}
    for network in TRAINED
    for option, fields in OPTIONS.items()
}
HOLES = torch.tensor([[0.35, 0.1, 0.2], [-0.6, -0.2, 0.1]], dtype=torch.float64)
"""x, y and radius of each, (H, 3)."""
LEGAL |= {
    ("mlp", f"around holes, {option}"): LEGAL["mlp", option] | {"hole_inputs": len(HOLES)}
    for option in ("as they come", "adaptive")
}


def network(fields: dict, activation: str = "tanh", precision: str = "float64") -> Trained:
    """One whose numbers are all away from those of its start."""
    config = NetworkConfig(activation=activation, precision=precision, input_frequency=4.0, **fields)
    generator = torch.Generator().manual_seed(0)
    net = NETWORKS[config.network](config, generator, Window(EXTENT.tolist()))
    net.surround(HOLES, torch.zeros(len(HOLES), dtype=torch.long))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += (0.03 if parameter is net.slopes else 0.3) * torch.randn(
                parameter.shape, dtype=parameter.dtype, generator=generator
            )
    return net


def points(n: int = 9) -> Tensor:
    return EXTENT * (2 * torch.rand(n, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) - 1)


def inputs(net: Trained, where: Tensor, axes: str = "xyt") -> Tensor:
    """What the layers get, as anyone would write it, (N, I)."""
    z, embedding = where / EXTENT, net.embedding
    if embedding is None:
        return z[:, ["xyt".index(axis) for axis in axes]]
    phases = z @ embedding.vectors.T
    around = [where[:, :2] - hole[:2] for hole in embedding.holes]  # each (N, 2)
    inverted = [
        radius * each / each.square().sum(1, keepdim=True)
        for (*_, radius), each in zip(embedding.holes, around, strict=True)
    ]
    return torch.cat([z @ embedding.matrix[: embedding.coordinates].T, phases.sin(), phases.cos(), *inverted], dim=1)


def mlp(net: Trained, where: Tensor, act) -> Tensor:
    z = inputs(net, where)
    for i in range(len(net.weights) - 1):
        z = affine(net, i, z, act)
    return z @ net.weights[-1].T + net.biases[-1]


def affine(net: Trained, i: int, z: Tensor, act, without: int = 0) -> Tensor:
    """A map and its nonlinearity. without: how many maps before have none."""
    slope = 1.0 if net.slopes is None else STEEPNESS * net.slopes[i - without]
    return act(slope * (z @ net.weights[i].T + net.biases[i]))


def separable(net: Separable, where: Tensor, act) -> Tensor:
    size, product = len(net.weights) // 3, 1.0
    for axis, embedding in enumerate(net.embeddings):
        z = where[:, axis : axis + 1] / EXTENT[axis]
        z = z if embedding.coordinates else torch.cat([(math.pi * z).sin(), (math.pi * z).cos()], dim=1)
        for i in range(axis * size, (axis + 1) * size - 1):
            z = affine(net, i, z, act, without=axis)
        i = (axis + 1) * size - 1
        product = product * (z @ net.weights[i].T + net.biases[i])
    return product.unflatten(1, (2, -1)).sum(2)


BY_HAND = {"mlp": mlp, "separable": separable}


def by_hand(net: Trained, fields: dict, activation: str) -> Written:
    """The network as its source writes it, with derivatives by nested automatic differentiation."""
    function = BY_HAND[fields["network"]]
    return Written(lambda where: function(net, where, PLAIN[activation]), tuple(net.parameters()))


def assert_close(found: Tensor, expected: Tensor, tolerance: float = 1e-12) -> None:
    assert (found - expected).abs().max() <= tolerance * max(1.0, expected.abs().max().item())


def gradients(values: Tensor, parameters) -> list[Tensor]:
    weights = torch.arange(1, values.numel() + 1, dtype=values.dtype).view_as(values).sin()
    return torch.autograd.grad(
        (weights * values).sum(), parameters, allow_unused=True, materialize_grads=True, retain_graph=True
    )
