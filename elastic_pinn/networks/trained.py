"""What networks have in common of which every layer is trained: affine maps, and how they start.

With adaptive activations each nonlinearity is act(n a_l z), a_l a trained number of layer l and n fixed: layer-wise
locally adaptive ones. Source: Jagtap, Kawaguchi and Karniadakis, Proc. R. Soc. A 476, 2020; their further term of the
loss, which rewards steep slopes, is left out: the loss would no longer be that of the problem.

Letters: I channels of the input, C and D channels, L maps with a nonlinearity, R regions.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.embedding import Embedding
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.network import CUBE, Network, Window
from elastic_pinn.networks.superposition import LinearTrial, by_amplitudes_and_unknowns
from elastic_pinn.physics.media.moduli import Moduli

# n of adaptive activations; n a_l is 1 at the start. By 10, as in the source, L-BFGS makes all layers flat first, and
# stays at zero displacement: 300 steps lower the loss of a wave of one period by 3 %, by 2 to a ten-thousandth.
STEEPNESS = 2.0


class Map(NamedTuple):
    """An affine map. is_first: whether it is of the network's input. is_nonlinear: whether a nonlinearity follows."""

    inputs: int
    outputs: int
    is_first: bool = False
    is_nonlinear: bool = True


class Trained(Network):
    """Affine maps with one nonlinearity after most of them; the last map's outputs are the network's.

    Weights are drawn from `generator`, Glorot-normal; those of maps of the input are `input_frequency` times larger and
    their biases spread as far, so that the network starts with waves of that many radians over half the window; the
    rest start without bias.

    Attributes
    ----------
    weights, biases
        Each (D, C) and (D,).
    slopes
        a_l of adaptive activations, (L,), else None.
    embedding
        What enters in place of the coordinates; None: the coordinates themselves.
    """

    def __init__(self, config: NetworkConfig, generator: torch.Generator, window: Window = CUBE) -> None:
        super().__init__(config, generator, window)
        dtype, maps = self.extent.dtype, self.maps(config, len(window.speeds))
        self.activation = config.activation
        self.embedding = self.embedding_of(config)
        self.weights = nn.ParameterList(torch.empty(each.outputs, each.inputs, dtype=dtype) for each in maps)
        self.biases = nn.ParameterList(torch.zeros(each.outputs, dtype=dtype) for each in maps)
        self._is_nonlinear = tuple(each.is_nonlinear for each in maps)
        slopes = torch.full((sum(self._is_nonlinear),), 1.0 / STEEPNESS, dtype=dtype)
        self.slopes = nn.Parameter(slopes) if config.adaptive_activation else None
        self._start_glorot(config.input_frequency, maps, generator)

    @staticmethod
    def embedding_of(config: NetworkConfig) -> Embedding | None:
        """Return what enters in place of the coordinates; None: themselves."""
        return Embedding(config) if config.periodic_axes or config.hole_inputs else None

    @staticmethod
    @abstractmethod
    def maps(config: NetworkConfig, regions: int = 1) -> Sequence[Map]:
        """Return the affine maps of the network, with 2 R outputs of the last."""

    @classmethod
    def shapes(cls, config: NetworkConfig, regions: int = 1) -> Mapping[str, tuple[int, ...]]:
        """Return names and shapes of the tensors in the state_dict."""
        maps = list(enumerate(cls.maps(config, regions)))
        slopes = {"slopes": (sum(each.is_nonlinear for _, each in maps),)} if config.adaptive_activation else {}
        return (
            {f"weights.{i}": (each.outputs, each.inputs) for i, each in maps}
            | {f"biases.{i}": (each.outputs,) for i, each in maps}
            | slopes
        )

    @property
    def last_layer(self) -> list[nn.Parameter]:
        """Its weights and its bias."""
        return [self.weights[-1], self.biases[-1]]

    def jacobian(self, moduli: Moduli, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
        """By the last layer through its input, if by no other of its parameters; else by rows."""
        own, unknowns = self.apart(parameters)
        if own and set(own) != set(self.last_layer):
            return super().jacobian(moduli, equations, parameters)
        return by_amplitudes_and_unknowns(self.within(moduli), equations, bool(own), unknowns)

    @abstractmethod
    def within(self, moduli: Moduli) -> LinearTrial:
        """Return its maps with their present numbers, which do not depend on the material."""

    @property
    def factors(self) -> list[Tensor | float]:
        """By what each map's weights and bias are multiplied: the slope of the nonlinearity that follows it."""
        if self.slopes is None:
            return [1.0] * len(self.weights)
        slopes = iter(STEEPNESS * self.slopes)
        return [next(slopes) if is_nonlinear else 1.0 for is_nonlinear in self._is_nonlinear]

    def folded(self) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Return all weights and all biases, each times the slope of the nonlinearity that follows."""
        if self.slopes is None:
            return tuple(self.weights), tuple(self.biases)
        weights, biases = (
            tuple(factor * each for factor, each in zip(self.factors, of_maps, strict=True))
            for of_maps in (self.weights, self.biases)
        )
        return weights, biases

    @torch.no_grad()
    def _start_glorot(self, frequency: float, maps: Sequence[Map], generator: torch.Generator) -> None:
        """frequency: of the waves that the network starts with."""
        for weight in self.weights:
            weight.normal_(generator=generator).mul_(math.sqrt(2.0 / sum(weight.shape)))
        for weight, bias, each in zip(self.weights, self.biases, maps, strict=True):
            if each.is_first:
                weight *= frequency
                bias.uniform_(-frequency, frequency, generator=generator)
