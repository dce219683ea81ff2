"""Affine layers with one nonlinearity between them: what dense networks come to once their numbers are fixed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from elastic_pinn.networks import jets
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
        Each (D, C), the first (D, 3).
    biases
        Each (D,).
    activation
        What follows each layer but the last.
    extent
        (3,), what the coordinates are divided by.
    """

    weights: Sequence[Tensor]
    biases: Sequence[Tensor]
    activation: str
    extent: Tensor

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
        """The jet of the first layer's input at dimensionless points (N, 3), (J, N, 3)."""
        return jets.seed(points, names, self.extent)

    def __call__(self, points: Tensor, names: jets.Components) -> Tensor:
        """The jet of the outputs at dimensionless points (N, 3), (J, N, C)."""
        jet = self.seed(points, names)
        *hidden, last = zip(self.weights, self.biases, strict=True)
        for weight, bias in hidden:
            jet = jets.elementwise(jets.linear(jet, weight, bias), names, self.derivatives)  # (J, N, C)
        return jets.linear(jet, *last)
