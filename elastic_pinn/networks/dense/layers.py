"""Affine layers with one nonlinearity between them: what dense networks come to once their numbers are fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elastic_pinn.networks import jets
from elastic_pinn.networks.embedding import Embedding
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.progress import work
from elastic_pinn.networks.superposition import POINTS_AT_ONCE, LinearTrial

ACTIVATIONS = {
    "tanh": jets.tanh_derivatives,
    "sin": jets.sin_derivatives,
    "swish": jets.swish_derivatives,
}


@dataclass(frozen=True, eq=False)
class Layers(LinearTrial):
    """From dimensionless (x, y, t) to C outputs of order one.

    Attributes
    ----------
    weights
        Each (D, C), the first (D, 3), or (D, I) of an embedding with I channels.
    biases
        Each (D,).
    activation
        What follows each layer but the last.
    extent
        (3,), what the coordinates are divided by.
    embedding
        What the first layer gets in place of the coordinates; None: the coordinates themselves.
    """

    weights: Sequence[Tensor]
    biases: Sequence[Tensor]
    activation: str
    extent: Tensor
    embedding: Embedding | None = None

    @property
    def derivatives(self) -> jets.ScalarDerivatives:
        """The activation's value and derivatives."""
        return ACTIVATIONS[self.activation]

    @property
    def outputs(self) -> int:
        """C."""
        return len(self.weights[-1])

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All weights, then all biases."""
        return (*self.weights, *self.biases)

    def seed(self, points: Tensor, names: jets.Components) -> Tensor:
        """The jet of the first layer's input at dimensionless points (N, 3), (J, N, 3) or (J, N, I)."""
        enters = self.embedding or jets.seed
        return enters(points, names, self.extent)

    def features(self, points: Tensor, names: jets.Components) -> Tensor:
        """The jet of the last layer's input at dimensionless points (N, 3), (J, N, C)."""
        jet = self.seed(points, names)
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            jet = jets.elementwise(jets.linear(jet, weight, bias), names, self.derivatives)
        return jet

    @torch.no_grad()
    def by_amplitudes(self, equations: Equations) -> Tensor:
        """Compute the derivatives of all misfits by the last layer's weights and biases, (N E, C D + C)."""
        found: list[Tensor] = []
        columns = self.weights[-1].numel() + self.outputs
        with work(f"working out {equations.target.numel():,} x {columns:,} derivatives") as at:
            for i, part in enumerate(equations.split(POINTS_AT_ONCE)):
                at(i * POINTS_AT_ONCE / max(1, len(equations.points)))
                operator = torch.einsum("nk,kjec->njec", part.coefficients, part.operator)
                features = self.features(part.points, part.names)  # (J, N, D)
                by_weights = torch.einsum("njec,jnd->necd", operator, features).flatten(2)
                rows = torch.cat([by_weights, operator[:, 0]], dim=2).flatten(0, 1)  # (M N E, C D + C)
                found.append(part.over_ties(rows))
        return torch.cat(found)

    def __call__(self, points: Tensor, names: jets.Components) -> Tensor:
        """The jet of the outputs at dimensionless points (N, 3), (J, N, C)."""
        return jets.linear(self.features(points, names), self.weights[-1], self.biases[-1])
