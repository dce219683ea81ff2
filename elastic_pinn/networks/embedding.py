"""What the layers of a trained network get in place of the coordinates: sines of those along periodic axes.

A coordinate x enters as cos(pi x) and sin(pi x) alone, x being from -1 to 1 over the window, so that the outputs and
all their derivatives are the same at both ends. Source: Dong and Ni, J. Comput. Phys. 435, 2021.

Letters: N points, J jet components, F periodic axes, I channels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from elastic_pinn.networks import jets
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.jets import AXES, Components


class Embedding(nn.Module):
    """Some coordinates as they are, then sines and cosines of the phases of the others, pi x.

    config: its fields of the config. axes: of the coordinates that there are.
    """

    vectors: Tensor
    kept: Tensor

    def __init__(self, config: NetworkConfig, axes: Sequence[str] = AXES) -> None:
        super().__init__()
        unit, periodic = torch.eye(3, dtype=getattr(torch, config.precision)), config.periodic_axes
        kept = [AXES.index(axis) for axis in axes if axis not in periodic]
        waves = [AXES.index(axis) for axis in axes if axis in periodic]
        self.coordinates = len(kept)
        """How many channels, the first ones, are coordinates."""
        self.register_buffer("vectors", math.pi * unit[waves], persistent=False)  # (F, 3), radians per half the window
        self.register_buffer("kept", unit[kept], persistent=False)  # unit vectors of the coordinates that stay

    @staticmethod
    def channels(config: NetworkConfig, axes: Sequence[str] = AXES) -> int:
        """I, in place of as many channels as there are coordinates."""
        return sum(2 if axis in config.periodic_axes else 1 for axis in axes)

    @property
    def matrix(self) -> Tensor:
        """By which the coordinates, from -1 to 1, become coordinates and phases, (I, 3)."""
        return torch.cat([self.kept, self.vectors, self.vectors])

    @property
    def phases(self) -> Tensor:
        """What is added to them, so that the sine of the second half is the cosine, (I,)."""
        zeros = self.vectors.new_zeros(self.coordinates + len(self.vectors))
        return torch.cat([zeros, self.vectors.new_full((len(self.vectors),), math.pi / 2.0)])

    def forward(self, jet: Tensor, names: Components) -> Tensor:
        """Embed the jet of the coordinates, from -1 to 1: (J, N, 3) -> (J, N, I)."""
        z = jets.linear(jet, self.matrix, self.phases)  # (J, N, I)
        waves = jets.elementwise(z[..., self.coordinates :], names, jets.sin_derivatives)
        return torch.cat([z[..., : self.coordinates], waves], dim=2)
