"""The Gauss-Newton curvature J^T J of a network's equations, without their Jacobian J.

A step of the parameters is propagated forward through the layers as a tangent, and the change of the misfits backward
as any gradient is: five matrix products a layer, and no memory beyond a few points' jets. Source: Schraudolph, Fast
curvature matrix-vector products for second-order gradient descent, Neural Computation 14, 2002.

Letters: N points, J jet components, C and D channels, P parameters, E equations a point, U unknowns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from elastic_pinn.networks import jets
from elastic_pinn.networks.dense import jacobian
from elastic_pinn.networks.dense.jacobian import Layer
from elastic_pinn.networks.dense.layers import Layers
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.jets import Components

POINTS_AT_ONCE = 1024


class Curvature:
    """The weighted sum of J^T J over sets of equations, at the present parameters; J has a column for each given
    parameter, first of the network, then of the material. Called with a step (P,), returns (P,)."""

    def __init__(
        self,
        network: Layers,
        weighted: Sequence[tuple[float, Equations]],
        of_network: Sequence[nn.Parameter],
        of_material: Sequence[nn.Parameter],
    ) -> None:
        self._network, self._weighted = network, weighted
        self._of_network, self._unknowns = of_network, len(of_material)
        self._by_material = [jacobian.by_material(network, each, of_material) for _, each in weighted]

    def diagonal(self) -> Tensor:
        """Compute the diagonal, (P,): the weighted sum of the squared norms of J's columns."""
        return torch.stack(
            [
                weight * self._squared_lengths(equations, by_material)
                for (weight, equations), by_material in zip(self._weighted, self._by_material, strict=True)
            ]
        ).sum(0)

    def _squared_lengths(self, equations: Equations, by_material: Tensor) -> Tensor:
        parts = equations.split(jacobian.POINTS_AT_ONCE)
        rows = (jacobian.by_network(self._network, part, self._of_network) for part in parts)
        squares = sum((each.square_().sum(0) for each in rows), self._network.extent.new_zeros(()))  # (P - U,)
        return torch.cat([squares, by_material.square().sum(0)])

    @torch.no_grad()
    def __call__(self, step: Tensor) -> Tensor:
        """Compute J^T J step, (P,) -> (P,)."""
        sizes = [parameter.numel() for parameter in self._of_network]
        *pieces, of_material = step.split([*sizes, self._unknowns])
        changes: dict[Tensor, Tensor] = {p: piece.view_as(p) for p, piece in zip(self._of_network, pieces, strict=True)}
        found: dict[Tensor, Tensor] = {p: torch.zeros_like(p) for p in self._of_network}
        by_unknowns = torch.zeros_like(of_material)
        for (weight, equations), by_material in zip(self._weighted, self._by_material, strict=True):
            rows = by_material.split(equations.target.shape[1] * POINTS_AT_ONCE)
            for part, effects in zip(equations.split(POINTS_AT_ONCE), rows, strict=True):
                layers = jacobian.forward(self._network, part.points, part.names)
                tangent = _tangent(self._network, layers, part.names, changes)  # (J, N, C)
                effect = part.misfit(tangent) + part.target + (effects @ of_material).view_as(part.target)  # (N, E)
                by_unknowns += weight * effects.T @ effect.reshape(-1)
                _add_gradients(self._network, layers, part, weight * effect, found)
        return torch.cat([*(gradient.reshape(-1) for gradient in found.values()), by_unknowns])


def _tangent(network: Layers, layers: Sequence[Layer], names: Components, changes: Mapping[Tensor, Tensor]) -> Tensor:
    """The change of the output's jet by changes of the parameters, to first order, (J, N, C)."""
    dx: Tensor | None = None  # the input does not change
    for layer, weight, bias in zip(layers, network.weights, network.biases, strict=True):
        dz = layer.z.new_zeros(layer.z.shape) if dx is None else dx @ weight.T  # (J, N, D)
        if weight in changes:
            dz += layer.x @ changes[weight].T
        if bias in changes:
            dz[0] += changes[bias]
        dx = _through_nonlinearity(dz, layer, names) if layer.slopes else dz
    assert dx is not None
    return dx


def _through_nonlinearity(dz: Tensor, layer: Layer, names: Components) -> Tensor:
    """The derivative of jets.elementwise along dz, (J, N, D): y_a = f' z_a and y_ab = f' z_ab + f'' z_a z_b."""
    z, (f1, *higher) = layer.z, layer.slopes
    dy = dz * f1
    if higher:
        dy[1:] += z[1:] * (higher[0] * dz[0])
    for j, (a, b) in jets.seconds(names):
        dy[j] += higher[0] * (dz[a] * z[b] + z[a] * dz[b]) + higher[1] * dz[0] * z[a] * z[b]
    return dy


def _add_gradients(
    network: Layers, layers: Sequence[Layer], part: Equations, effect: Tensor, found: Mapping[Tensor, Tensor]
) -> None:
    """Add J^T effect, for changes of the misfits (N, E), to the gradient of each parameter."""
    g = torch.einsum("nk,kjec,ne->jnc", part.coefficients, part.operator, effect)  # (J, N, C)
    for i in reversed(range(len(layers))):
        layer, weight, bias = layers[i], network.weights[i], network.biases[i]
        if layer.slopes:
            g = jacobian.through_nonlinearity(g[:, :, None], layer, part.names)[:, :, 0]  # (J, N, D)
        if weight in found:
            found[weight].add_(g.flatten(0, 1).T @ layer.x.flatten(0, 1))
        if bias in found:
            found[bias].add_(g[0].sum(0))
        if i:
            g = g @ weight  # (J, N, C)
