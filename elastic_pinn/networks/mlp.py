"""The multilayer perceptron."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import islice, pairwise

import torch
from torch import Tensor, nn

from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.dense import ACTIVATIONS, CompiledLayers, Curvature, Layers, jacobian
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.network import CurvatureProduct, Network
from elastic_pinn.physics.media.moduli import Moduli

GENTLE = 0.2  # radians: up to here a nonlinearity is nearly linear


class MLP(Network):
    """Layers of equal activation from (x, y, t), each in -1 to 1, to (u_x, u_y) of each region, of order one.

    Weights are drawn from `generator` in one of two ways (see `glorot` and `features`). The network "random_features"
    starts with features and trains only its last layer; "mlp" trains all of them.

    extent: (3,), half the window's extents, dimensionless, by which the inputs have been divided. speeds: (R,), one for
    each region.
    """

    def __init__(
        self,
        config: NetworkConfig,
        generator: torch.Generator,
        extent: Sequence[float] = (1.0, 1.0, 1.0),
        speeds: Sequence[float] = (1.0,),
    ) -> None:
        super().__init__(config, generator, extent, speeds)
        dtype = self.extent.dtype
        self.activation = config.activation
        shapes = list(pairwise([3, *config.hidden_layers, 2 * len(speeds)]))
        self.weights = nn.ParameterList(torch.empty(n, m, dtype=dtype) for m, n in shapes)
        self.biases = nn.ParameterList(torch.zeros(n, dtype=dtype) for _, n in shapes)
        self._start_glorot(config.input_frequency, generator)
        is_random = config.network == "random_features"
        if is_random or config.initialization == "features":
            self._start_features(config, generator, extent)
        for parameter in (*self.weights[:-1], *self.biases[:-1]):
            parameter.requires_grad_(not is_random)

    @staticmethod
    def shapes(config: NetworkConfig, regions: int = 1) -> Mapping[str, tuple[int, ...]]:
        """Return names and shapes of the tensors in the state_dict."""
        pairs = list(enumerate(pairwise([3, *config.hidden_layers, 2 * regions])))
        return {f"weights.{i}": (m, n) for i, (n, m) in pairs} | {f"biases.{i}": (m,) for i, (_, m) in pairs}

    @property
    def last_layer(self) -> list[nn.Parameter]:
        """Its weights and its bias."""
        return [self.weights[-1], self.biases[-1]]

    def within(self, moduli: Moduli) -> Layers:
        """Return its layers, which do not depend on the material."""
        return CompiledLayers(tuple(self.weights), tuple(self.biases), self.activation, self.extent)

    def jacobian(self, moduli: Moduli, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
        """By one pass forward and one back, without the sum over points; by rows where coefficients need gradients."""
        if equations.coefficients.requires_grad:
            return super().jacobian(moduli, equations, parameters)
        layers, (own, of_material) = self.within(moduli), self.apart(parameters)
        by_network = jacobian.by_network(layers, equations, own)
        if not of_material:
            return by_network  # not copied: it may be large
        return torch.cat([by_network, jacobian.by_material(layers, equations, of_material)], dim=1)

    def curvature(
        self, moduli: Moduli, weighted: Sequence[tuple[float, Equations]], parameters: Sequence[nn.Parameter]
    ) -> CurvatureProduct:
        """By products alone, without rows of the Jacobian; by rows where coefficients need gradients, or points are
        tied."""
        if any(equations.coefficients.requires_grad or equations.tied > 1 for _, equations in weighted):
            return super().curvature(moduli, weighted, parameters)
        return Curvature(self.within(moduli), weighted, *self.apart(parameters))

    @torch.no_grad()
    def _start_glorot(self, frequency: float, generator: torch.Generator) -> None:
        """Glorot-normal weights. The first layer's are `frequency` times larger and its biases spread as far, so that
        the network starts with waves of that many radians over half the window; the rest start without bias."""
        for weight in self.weights:
            weight.normal_(generator=generator).mul_(math.sqrt(2.0 / sum(weight.shape)))
        self.weights[0] *= frequency
        self.biases[0].uniform_(-frequency, frequency, generator=generator)

    @torch.no_grad()
    def _start_features(self, config: NetworkConfig, generator: torch.Generator, extent: Sequence[float]) -> None:
        """Make the last hidden layer random features of the coordinates, which the layers before pass on nearly
        linearly: a start from which `last_layer` reaches a small loss.

        The features' wave vectors are spread evenly over all wave numbers up to `input_frequency` radians per
        dimensionless length and frequencies up to `time_frequency`, or as many, per dimensionless time, their phases
        over all of the circle: with the
        activation "sin", random Fourier features (Rahimi and Recht, Advances in Neural Information Processing Systems
        20, 2007).
        """
        frequency, in_time = config.input_frequency, config.time_frequency
        *before, last = zip(self.weights[:-1], self.biases[:-1], strict=True)
        slope = list(islice(ACTIVATIONS[self.activation](last[0].new_zeros(())), 2))[1].item()
        passed = torch.eye(3, dtype=last[0].dtype)  # (C, 3), the linear map of the layers before
        for i, (weight, bias) in enumerate(before):
            nn.init.orthogonal_(weight, GENTLE if i == 0 else 1.0 / slope, generator=generator)
            bias.zero_()
            passed = slope * weight @ passed
        vectors = last[0].new_empty(len(last[0]), 3).uniform_(-frequency, frequency, generator=generator)  # (F, 3)
        if in_time:
            vectors[:, 2] *= in_time / frequency
        reach = vectors.new_tensor(extent).nan_to_num(posinf=0.0)  # (3,), of a static problem without time
        last[0].copy_(vectors * reach @ torch.linalg.pinv(passed))
        last[1].uniform_(-math.pi, math.pi, generator=generator)
