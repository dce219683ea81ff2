"""The multilayer perceptron."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice, pairwise

import torch
from torch import Tensor, nn

from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.dense import ACTIVATIONS, CompiledLayers, Curvature, Layers, jacobian
from elastic_pinn.networks.embedding import Embedding
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.forms import FORMS
from elastic_pinn.networks.network import CUBE, CurvatureProduct, Window
from elastic_pinn.networks.trained import STEEPNESS, Map, Trained
from elastic_pinn.physics.media.moduli import Moduli

GENTLE = 0.2  # radians: up to here a nonlinearity is nearly linear


class MLP(Trained):
    """Layers of equal activation from (x, y, t), each in -1 to 1, to (u_x, u_y) of each region, of order one.

    Weights are drawn from `generator` in one of two ways, Glorot's and `features`. The network "random_features" starts
    with features and trains only its last layer; "mlp" trains all of them.
    """

    def __init__(self, config: NetworkConfig, generator: torch.Generator, window: Window = CUBE) -> None:
        super().__init__(config, generator, window)
        is_random = config.network == "random_features"
        if is_random or config.initialization == "features":
            self._start_features(config, generator)
        for parameter in (*self.weights[:-1], *self.biases[:-1]):
            parameter.requires_grad_(not is_random)

    @staticmethod
    def maps(config: NetworkConfig, regions: int = 1) -> Sequence[Map]:
        """Return the layers."""
        widths = [Embedding.channels(config), *config.hidden_layers, FORMS[config.form].outputs * regions]
        last = len(config.hidden_layers)
        return [Map(n, m, is_first=i == 0, is_nonlinear=i < last) for i, (n, m) in enumerate(pairwise(widths))]

    def surround(self, circles: Tensor, beside: Tensor) -> None:
        """Invert coordinates in holes, which are the first of all circles, if it is to."""
        if self.embedding:
            self.embedding.surround(circles[: len(self.embedding.holes)])

    def within(self, moduli: Moduli) -> Layers:
        """Return its layers, which do not depend on the material."""
        return CompiledLayers(*self.folded(), self.activation, self.extent, self.embedding)

    def jacobian(self, moduli: Moduli, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
        """By one pass forward and one back, without the sum over points; by rows where operators alone do not
        lead to the material."""
        if equations.material_is_beyond_operators:
            return super().jacobian(moduli, equations, parameters)
        layers, (own, of_material) = self.within(moduli), self.apart(parameters)
        by_network = self._by_own(layers, equations, own)
        if not of_material:
            return by_network  # not copied: it may be large
        return torch.cat([by_network, jacobian.by_material(layers, equations, of_material)], dim=1)

    def curvature(
        self, moduli: Moduli, weighted: Sequence[tuple[float, Equations]], parameters: Sequence[nn.Parameter]
    ) -> CurvatureProduct:
        """By products alone, without rows of the Jacobian; by rows where operators alone do not lead to the
        material, where points are tied, or activations adapt."""
        is_tied = any(equations.material_is_beyond_operators or equations.tied > 1 for _, equations in weighted)
        if is_tied or self.slopes is not None:
            return super().curvature(moduli, weighted, parameters)
        return Curvature(self.within(moduli), weighted, *self.apart(parameters))

    @torch.no_grad()
    def _by_own(self, layers: Layers, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
        """Compute the derivatives of all misfits by some of its parameters, (N E, P): by weights and biases as they are
        in the layers, and from these by the chain rule."""
        if self.slopes is None:
            return jacobian.by_network(layers, equations, parameters)
        of_layers = dict(zip((*self.weights, *self.biases), layers.tensors, strict=True))
        factors = dict(zip(of_layers, 2 * self.factors, strict=True))
        wanted = [each for each in of_layers if each in set(parameters) or self.slopes in set(parameters)]
        found = jacobian.by_network(layers, equations, [of_layers[each] for each in wanted])
        by_layers = dict(zip(wanted, found.split([each.numel() for each in wanted], dim=1), strict=True))  # (N E, size)
        hidden = zip(self.weights[:-1], self.biases[:-1], strict=True)
        columns: dict[Tensor, Tensor] = {each: factors[each] * by_layers[each] for each in wanted}
        if self.slopes in set(parameters):
            by_slopes = [sum(by_layers[each] @ each.reshape(-1) for each in layer) for layer in hidden]  # each (N E,)
            columns[self.slopes] = STEEPNESS * torch.stack(by_slopes, dim=1)
        return torch.cat([columns[each] for each in parameters], dim=1) if parameters else found

    @torch.no_grad()
    def _start_features(self, config: NetworkConfig, generator: torch.Generator) -> None:
        """Make the last hidden layer random features of the coordinates, which the layers before pass on nearly
        linearly: a start from which `last_layer` reaches a small loss.

        The features' wave vectors are spread evenly over all wave numbers up to `input_frequency` radians per
        dimensionless length and frequencies up to `time_frequency`, or as many, per dimensionless time, their phases
        over all of the circle: with the activation "sin", random Fourier features (Rahimi and Recht, Advances in Neural
        Information Processing Systems 20, 2007).
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
        reach = self.extent.nan_to_num(posinf=0.0)  # (3,), 0 along time of a plate at rest
        last[0].copy_(vectors * reach @ torch.linalg.pinv(passed))
        last[1].uniform_(-math.pi, math.pi, generator=generator)
