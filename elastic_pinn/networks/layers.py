"""The common representation of all networks: affine layers with one nonlinearity between them.

All that training needs (mean squares, residuals, Jacobians) is computed from it, whatever the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from elastic_pinn.networks import jets

ACTIVATIONS = {
    "tanh": jets.tanh_derivatives,
    "sin": jets.sin_derivatives,
    "swish": jets.swish_derivatives,
}


@dataclass(frozen=True)
class Layers:
    """From (x, y, t), each in -1 to 1, to (u_x, u_y), both of order one.

    weights: each (D, C), the last (2, C); biases: each (D,); activation: applied after each layer but the last.
    """

    weights: Sequence[Tensor]
    biases: Sequence[Tensor]
    activation: str

    @property
    def derivatives(self) -> jets.ScalarDerivatives:
        """The activation's value and derivatives."""
        return ACTIVATIONS[self.activation]

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All weights, then all biases."""
        return (*self.weights, *self.biases)

    def __call__(self, jet: Tensor, names: jets.Components) -> Tensor:
        """Compute the jet of the output from the jet of the input, (J, N, 3) -> (J, N, 2)."""
        *hidden, last = zip(self.weights, self.biases, strict=True)
        for weight, bias in hidden:
            jet = jets.elementwise(jets.linear(jet, weight, bias), names, self.derivatives)  # (J, N, C)
        return jets.linear(jet, *last)
