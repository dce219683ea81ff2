"""Trained networks whose hidden layers mix two gates, U and V, which are layers of the input itself.

Letters: N points, J jet components, I channels of the input, D channels of a hidden layer, B blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from torch import Tensor, nn

from elastic_pinn.networks import jets
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.dense import Layers
from elastic_pinn.networks.embedding import Embedding
from elastic_pinn.networks.jets import Components
from elastic_pinn.networks.network import CUBE, Window
from elastic_pinn.networks.trained import Map, Trained
from elastic_pinn.physics.media.moduli import Moduli

OF_A_BLOCK = 3  # affine maps
POINTS_IN_CACHE = 1024  # whose jets in a layer stay in a CPU's cache: half the time of all points of a step at once


class ModifiedMLP(Trained):
    """A perceptron with gates: Z_k = act(W_k H_k-1 + b_k), H_k = (1 - Z_k) U + Z_k V, from the input H_0.

    Source: Wang, Teng and Perdikaris, SIAM J. Sci. Comput. 43, 2021. Its maps are those of U and V, of the hidden
    layers, which are equally wide, and the last one.
    """

    @staticmethod
    def maps(config: NetworkConfig, regions: int = 1) -> Sequence[Map]:
        """Return the maps of both gates and of the layers."""
        inputs, outputs, (width, *_) = Embedding.channels(config), 2 * regions, config.hidden_layers
        gates = [Map(inputs, width, is_first=True)] * 2
        widths = list(pairwise([inputs, *config.hidden_layers]))
        hidden = [Map(n, m, is_first=i == 0) for i, (n, m) in enumerate(widths)]
        return [*gates, *hidden, Map(width, outputs, is_nonlinear=False)]

    def within(self, moduli: Moduli) -> Layers:
        """Return the gates and layers, which do not depend on the material."""
        return GatedLayers(*self.folded(), self.activation, self.extent, self.embedding)


class Residual(Trained):
    """Blocks that change their input x (I,) by a trained part a, 0 at the start: x + a (h - x).

        f = act(W_1 x + b_1),   g = act(W_2 (f U + (1 - f) V) + b_2),   h = act(W_3 (g U + (1 - g) V) + b_3)

    The network starts as a linear map of its Fourier features, and is as deep as it becomes useful to be. Source: Wang,
    Li, Chen and Perdikaris, J. Mach. Learn. Res. 25, 2024 (PirateNets). Its maps are those of U and V, three of each
    block, and the last one.

    Attributes
    ----------
    skips
        The part a of each block, (B,).
    """

    def __init__(self, config: NetworkConfig, generator: torch.Generator, window: Window = CUBE) -> None:
        super().__init__(config, generator, window)
        self.skips = nn.Parameter(torch.zeros(len(config.hidden_layers), dtype=self.extent.dtype))

    @staticmethod
    def maps(config: NetworkConfig, regions: int = 1) -> Sequence[Map]:
        """Return the maps of both gates and of the blocks."""
        inputs, outputs, (width, *_) = Embedding.channels(config), 2 * regions, config.hidden_layers
        block = [Map(inputs, width), Map(width, width), Map(width, inputs)]
        gates = [Map(inputs, width, is_first=True)] * 2
        return [*gates, *block * len(config.hidden_layers), Map(inputs, outputs, is_nonlinear=False)]

    @classmethod
    def shapes(cls, config: NetworkConfig, regions: int = 1) -> Mapping[str, tuple[int, ...]]:
        """Return names and shapes of the tensors in the state_dict."""
        return {**super().shapes(config, regions), "skips": (len(config.hidden_layers),)}

    def within(self, moduli: Moduli) -> Layers:
        """Return the gates and blocks, which do not depend on the material."""
        return Blocks(*self.folded(), self.activation, self.extent, self.embedding, skips=self.skips)


class Gated(Layers):
    """Layers of which the first two weights and biases are those of gates."""

    @property
    def points_at_once(self) -> int:
        """On a CPU few enough for its cache."""
        return POINTS_IN_CACHE if self.extent.device.type == "cpu" else super().points_at_once


class GatedLayers(Gated):
    """The layers of a ModifiedMLP."""

    def features(self, points: Tensor, names: Components) -> Tensor:
        """The jet of the last layer's input at dimensionless points (N, 3), (J, N, D)."""
        jet = self.seed(points, names)
        hidden = list(zip(self.weights, self.biases, strict=True))[:-1]
        one, other = (self.nonlinear(jet, *gate, names) for gate in hidden[:2])
        difference = other - one
        for layer in hidden[2:]:
            jet = one + jets.product(self.nonlinear(jet, *layer, names), difference, names)
        return jet


@dataclass(frozen=True, eq=False)
class Blocks(Gated):
    """The blocks of a Residual.

    Attributes
    ----------
    skips
        By what part each block changes its input, (B,).
    """

    skips: Tensor = field(kw_only=True)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All weights, all biases, and the parts."""
        return (*self.weights, *self.biases, self.skips)

    def features(self, points: Tensor, names: Components) -> Tensor:
        """The jet of the last layer's input at dimensionless points (N, 3), (J, N, I)."""
        jet = self.seed(points, names)
        hidden = list(zip(self.weights, self.biases, strict=True))[:-1]
        one, other = (self.nonlinear(jet, *gate, names) for gate in hidden[:2])
        difference = one - other
        for number, skip in enumerate(self.skips):
            first, second, third = hidden[2 + OF_A_BLOCK * number :][:OF_A_BLOCK]
            mixed = jet
            for layer in (first, second):
                mixed = other + jets.product(self.nonlinear(mixed, *layer, names), difference, names)
            jet = jet + skip * (self.nonlinear(mixed, *third, names) - jet)
        return jet
