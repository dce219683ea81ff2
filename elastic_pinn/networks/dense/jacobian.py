"""Residuals of a network's equations, and their derivatives by each parameter.

A jet is propagated forward through the layers once; then both equations of every point are propagated back at once, as
in an ordinary backward pass, but without the sum over points. A row costs as much as a gradient, in a few batched
products.

Letters: N points, J jet components, C and D channels, P parameters, E equations a point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn

from elastic_pinn.networks import jets
from elastic_pinn.networks.dense.layers import Layers
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.jets import Components
from elastic_pinn.networks.progress import work

POINTS_AT_ONCE = 512  # so that the intermediate results of a layer stay small


@dataclass(frozen=True)
class Layer:
    """What the backward pass through one layer needs: its input x (J, N, C), its output z before the nonlinearity
    (J, N, D) and the first two or three derivatives of the nonlinearity there, each (N, D)."""

    x: Tensor
    z: Tensor
    slopes: tuple[Tensor, ...]


@torch.no_grad()
def by_network(network: Layers, equations: Equations, parameters: Sequence[Tensor]) -> Tensor:
    """Compute the derivatives of all misfits by some of the network's tensors, (N E, P), in their order."""
    if equations.tied > 1:
        return equations.over_ties(by_network(network, equations.untied(), parameters))
    sizes = [parameter.numel() for parameter in parameters]
    found = equations.points.new_empty(equations.target.numel(), sum(sizes))  # (N E, P)
    of_parameter = dict(zip(parameters, found.split(sizes, dim=1), strict=True))
    low = 0
    if not parameters:
        return found
    with work(f"working out {found.shape[0]:,} x {found.shape[1]:,} derivatives") as at:
        for part in equations.split(POINTS_AT_ONCE):
            at(low / max(1, len(found)))  # no points are one empty part
            rows = slice(low, low + part.target.numel())
            _fill(network, part, {parameter: columns[rows] for parameter, columns in of_parameter.items()})
            low = rows.stop
    return found


def by_material(network: Layers, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
    """Compute the derivatives of all misfits by parameters that the operator depends on, (N E, P)."""
    if equations.tied > 1:
        return equations.over_ties(by_material(network, equations.untied(), parameters))
    operator = equations.operator  # (K, J, E, C)
    if not (parameters and operator.requires_grad):
        return equations.points.new_zeros(equations.target.numel(), len(parameters))
    units = torch.eye(operator.numel(), dtype=operator.dtype, device=operator.device).view(-1, *operator.shape)
    found = torch.autograd.grad(
        operator, parameters, units, retain_graph=True, is_grads_batched=True, allow_unused=True
    )
    none = operator.new_zeros(operator.numel())
    slopes = torch.stack([none if each is None else each for each in found])
    slopes = slopes.view(-1, *operator.shape)  # (P, K, J, E, C)
    with torch.no_grad():
        jet = network(equations.points, equations.names)  # (J, N, C)
        return torch.einsum("nk,pkjec,jnc->nep", equations.coefficients, slopes, jet).flatten(0, 1)


def _fill(network: Layers, equations: Equations, wanted: dict[Tensor, Tensor]) -> None:
    """Fill the columns of each wanted parameter, views (N E, size)."""
    layers = forward(network, equations.points, equations.names)
    g = torch.einsum("nk,kjec->jnec", equations.coefficients, equations.operator)  # (J, N, E, C)
    for i in reversed(range(len(layers))):
        layer, weight, bias = layers[i], network.weights[i], network.biases[i]
        if layer.slopes:
            g = through_nonlinearity(g, layer, equations.names)
        if bias in wanted:
            wanted[bias].copy_(g[0].flatten(0, 1))  # (N E, D)
        if weight in wanted:
            product = torch.einsum("jned,jnc->nedc", g, layer.x)  # (N, E, D, C)
            wanted[weight].copy_(product.flatten(2).flatten(0, 1))
        if not any(parameter in wanted for parameter in (*network.weights[:i], *network.biases[:i])):
            return
        g = g @ weight  # (J, N, E, C)


def forward(network: Layers, points: Tensor, names: Components) -> list[Layer]:
    """Propagate the jet of points (N, 3) through all layers, keeping what the backward pass needs."""
    jet = network.seed(points, names)  # (J, N, 3)
    order = max(len(name) for name in names)
    layers = []
    *hidden, last = zip(network.weights, network.biases, strict=True)
    for weight, bias in hidden:
        z = jets.linear(jet, weight, bias)  # (J, N, D)
        _, *slopes = islice(network.derivatives(z[0]), order + 2)  # each (N, D)
        layers.append(Layer(jet, z, tuple(slopes)))
        jet = jets.elementwise(z, names, network.derivatives)
    return [*layers, Layer(jet, jets.linear(jet, *last), ())]


def through_nonlinearity(g: Tensor, layer: Layer, names: Components) -> Tensor:
    """Turn the gradient by a nonlinearity's output into that by its input, (J, N, E, D): see jets._Elementwise."""
    z, (f1, *higher) = layer.z[:, :, None], (slope[:, None] for slope in layer.slopes)  # (J, N, 1, D), each (N, 1, D)
    back = g * f1
    if higher:
        back[0] += higher[0] * (g[1:] * z[1:]).sum(0)
    for j, (a, b) in jets.seconds(names):
        by_f2 = g[j] * higher[0]  # (N, E, D)
        back[a] += by_f2 * z[b]
        back[b] += by_f2 * z[a]
        back[0] += higher[1] * g[j] * z[a] * z[b]
    return back
