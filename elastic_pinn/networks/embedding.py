"""What the layers of a trained network get in place of the coordinates: sines of some of them, or of random sums.

Two reasons, alone or together:

- exact periodicity: a coordinate x enters as cos(pi x) and sin(pi x) alone, x being from -1 to 1 over the window, so
  that the outputs and all their derivatives are the same at both ends. Source: Dong and Ni, J. Comput. Phys. 435,
  2021;
- Fourier features, cos(k_i . x) and sin(k_i . x) of fixed random wave vectors, by which layers learn high frequencies
  as quickly as low ones. Sources: Tancik and others, Advances in Neural Information Processing Systems 33, 2020;
  Wang, Wang and Perdikaris, Comput. Methods Appl. Mech. Eng. 384, 2021. Vectors are spread evenly up to greatest ones
  rather than by a normal law: by the first of these, how far they spread matters, and by which law does not.

Letters: N points, J jet components, F wave vectors, I channels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from elastic_pinn.networks import jets
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.jets import AXES, Components


class Embedding(nn.Module):
    """Some coordinates as they are, then sines and cosines of the phases k_i . x of wave vectors.

    config: its fields of the config. generator: of Fourier features. reach: (3,), half the window's extents,
    dimensionless, 0 along an axis that is not there. axes: of the coordinates that there are.

    With Fourier features, wave vectors are spread evenly over all wave numbers up to `input_frequency` radians per
    dimensionless length and frequencies up to `time_frequency`, or as many, per dimensionless time; along a periodic
    axis over the whole multiples of its lowest wave number, which is always among them.
    """

    vectors: Tensor
    kept: Tensor

    def __init__(
        self, config: NetworkConfig, generator: torch.Generator, reach: Tensor, axes: Sequence[str] = AXES
    ) -> None:
        super().__init__()
        count, unit = config.fourier_features, torch.eye(3, dtype=reach.dtype)
        kept = [] if count else [AXES.index(axis) for axis in axes if axis not in config.periodic_axes]
        self.coordinates = len(kept)
        """How many channels, the first ones, are coordinates."""
        if count:
            vectors = _drawn(config, generator, reach)
        else:
            vectors = math.pi * unit[[AXES.index(axis) for axis in axes if axis in config.periodic_axes]]
        self.register_buffer("vectors", vectors, persistent=bool(count))  # (F, 3), radians per half the window
        self.register_buffer("kept", unit[kept], persistent=False)  # unit vectors of the coordinates that stay

    @staticmethod
    def shapes(config: NetworkConfig) -> Mapping[str, tuple[int, ...]]:
        """Return names and shapes of the tensors in the state_dict."""
        return {"vectors": (config.fourier_features, 3)} if config.fourier_features else {}

    @staticmethod
    def channels(config: NetworkConfig, axes: Sequence[str] = AXES) -> int:
        """I, in place of as many channels as there are coordinates."""
        if config.fourier_features:
            return 2 * config.fourier_features
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


def _drawn(config: NetworkConfig, generator: torch.Generator, reach: Tensor) -> Tensor:
    """Wave vectors of Fourier features, (F, 3), in radians per half the window."""
    in_space, in_time = config.input_frequency, config.time_frequency or config.input_frequency
    greatest = reach * reach.new_tensor([in_space, in_space, in_time])  # (3,)
    vectors = torch.empty(config.fourier_features, 3, dtype=reach.dtype).uniform_(-1.0, 1.0, generator=generator)
    for axis, name in enumerate(AXES):
        if name in config.periodic_axes:
            most = torch.clamp(torch.floor(greatest[axis] / math.pi), min=1.0)
            vectors[:, axis] = math.pi * torch.round((most + 0.5) * vectors[:, axis]).clamp(-most, most)
        else:
            vectors[:, axis] *= greatest[axis]
    return vectors
