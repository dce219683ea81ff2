"""Affine layers with one nonlinearity between them: what dense networks come to once their numbers are fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from elastic_pinn.networks import jets
from elastic_pinn.networks.embedding import Embedding
from elastic_pinn.networks.trial_function import TrialFunction

ACTIVATIONS = {
    "tanh": jets.tanh_derivatives,
    "sin": jets.sin_derivatives,
    "swish": jets.swish_derivatives,
}


@dataclass(frozen=True, eq=False)
class Layers(TrialFunction):
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
        jet = jets.seed(points, names, self.extent)
        return self.embedding(jet, names) if self.embedding else jet

    def __call__(self, points: Tensor, names: jets.Components) -> Tensor:
        """The jet of the outputs at dimensionless points (N, 3), (J, N, C)."""
        jet = self.seed(points, names)
        *hidden, last = zip(self.weights, self.biases, strict=True)
        for weight, bias in hidden:
            jet = jets.elementwise(jets.linear(jet, weight, bias), names, self.derivatives)  # (J, N, C)
        return jets.linear(jet, *last)
