"""The multilayer perceptron."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from elastic_pinn.config import NetworkConfig
from elastic_pinn.networks import jets

ACTIVATIONS = {
    "tanh": jets.tanh_derivatives,
    "sin": jets.sin_derivatives,
    "swish": jets.swish_derivatives,
}


class MLP(nn.Module):
    """Layers of equal activation from (x, y, t), each in -1 to 1, to (u_x, u_y), both of order one.

    Weights are Glorot-normal, drawn from `generator`. The first layer's are `input_frequency` times larger and its
    biases spread as far, so that the network starts with waves of that many radians over half the window; the rest
    start without bias.

    As "random_features" only the last layer is trained, and the first one's weights are spread evenly over all wave
    numbers up to `input_frequency` radians per dimensionless length and frequencies up to as many per dimensionless
    time, its biases over all phases: with the activation "sin" and one hidden layer, random Fourier features (Rahimi
    and Recht, Advances in Neural Information Processing Systems 20, 2007).

    extent: (3,), half the window's extents, dimensionless, which the network's inputs have been divided by.
    """

    def __init__(
        self, config: NetworkConfig, generator: torch.Generator, extent: Sequence[float] = (1.0, 1.0, 1.0)
    ) -> None:
        super().__init__()
        self.activation = config.activation
        self.derivatives = ACTIVATIONS[config.activation]
        dtype = getattr(torch, config.precision)
        widths = [3, *config.hidden_layers, 2]
        shapes = list(pairwise(widths))
        self.weights = nn.ParameterList(
            torch.randn(n, m, generator=generator, dtype=dtype) * math.sqrt(2.0 / (m + n)) for m, n in shapes
        )
        self.biases = nn.ParameterList(torch.zeros(n, dtype=dtype) for _, n in shapes)
        with torch.no_grad():
            self.weights[0] *= config.input_frequency
            self.biases[0].uniform_(-config.input_frequency, config.input_frequency, generator=generator)
            if config.network == "random_features":
                self.weights[0].uniform_(-config.input_frequency, config.input_frequency, generator=generator)
                self.weights[0] *= self.weights[0].new_tensor(extent)
                self.biases[0].uniform_(-math.pi, math.pi, generator=generator)
        if config.network == "random_features":
            for parameter in (*self.weights[:-1], *self.biases[:-1]):
                parameter.requires_grad_(False)

    def forward(self, jet: Tensor, names: jets.Components) -> Tensor:
        """The jet of the output from the jet of the input, (J, N, 3) -> (J, N, 2)."""
        *hidden, last = zip(self.weights, self.biases, strict=True)
        for weight, bias in hidden:
            jet = jets.elementwise(jets.linear(jet, weight, bias), names, self.derivatives)  # (J, N, C)
        return jets.linear(jet, *last)
