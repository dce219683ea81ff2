"""What the layers of a trained network get in place of the coordinates: sines of those along periodic axes, and beside
them coordinates that are inverted in holes.

A coordinate x enters as cos(pi x) and sin(pi x) alone, x being from -1 to 1 over the window, so that the outputs and
all their derivatives are the same at both ends. Source: Dong and Ni, J. Comput. Phys. 435, 2021.

A hole of radius a around c adds a (x - c) / |x - c|^2. A field that spreads from the hole is singular in it, and steep
beside the rim; static fields that fall as a power of the distance are polynomials of these and of x and y. They are
the real and the imaginary part of a / conj(z), z = x + i y from c, and so are the derivatives, to any order. Source of
the inversion: Axler, Bourdon and Ramey, Harmonic Function Theory, Springer 2001, chapter 4.

Letters: N points, J jet components, F periodic axes, H holes, I channels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from elastic_pinn.networks import jets
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.jets import AXES, Components

# Squared, in radii: nearer to a hole's centre, where no one needs them, inverted coordinates stay finite.
NEAREST = 1e-6


class Embedding(nn.Module):
    """Some coordinates as they are, sines and cosines of the phases of the others, pi x, and those inverted in holes.

    config: its fields of the config. axes: of the coordinates that there are.
    """

    vectors: Tensor
    kept: Tensor
    holes: Tensor

    def __init__(self, config: NetworkConfig, axes: Sequence[str] = AXES) -> None:
        super().__init__()
        unit, periodic = torch.eye(3, dtype=getattr(torch, config.precision)), config.periodic_axes
        kept = [AXES.index(axis) for axis in axes if axis not in periodic]
        waves = [AXES.index(axis) for axis in axes if axis in periodic]
        self.coordinates = len(kept)
        """How many channels, the first ones, are coordinates."""
        self.register_buffer("vectors", math.pi * unit[waves], persistent=False)  # (F, 3), radians per half the window
        self.register_buffer("kept", unit[kept], persistent=False)  # unit vectors of the coordinates that stay
        self.register_buffer("holes", unit.new_ones(config.hole_inputs, 3), persistent=False)  # see `surround`

    @staticmethod
    def channels(config: NetworkConfig, axes: Sequence[str] = AXES) -> int:
        """I, in place of as many channels as there are coordinates."""
        return sum(2 if axis in config.periodic_axes else 1 for axis in axes) + 2 * config.hole_inputs

    def surround(self, holes: Tensor) -> None:
        """Take x, y and radius of each hole, dimensionless, (H, 3). Raises ValueError for another number of them."""
        if len(holes) != len(self.holes):
            raise ValueError(f"hole_inputs = {len(self.holes)}, and the domain has {len(holes)} holes")
        self.holes.copy_(holes)

    @property
    def matrix(self) -> Tensor:
        """By which the coordinates, from -1 to 1, become coordinates and phases, (I, 3); 0 for what is inverted."""
        return torch.cat([self.kept, self.vectors, self.vectors, self.kept.new_zeros(2 * len(self.holes), 3)])

    @property
    def phases(self) -> Tensor:
        """What is added to them, so that the sine of the second half is the cosine, (I,)."""
        found = self.vectors.new_zeros(self.coordinates + 2 * len(self.vectors) + 2 * len(self.holes))
        found[self.coordinates + len(self.vectors) :][: len(self.vectors)] = math.pi / 2.0
        return found

    def forward(self, points: Tensor, names: Components, extent: Tensor) -> Tensor:
        """Return the jet of what enters at dimensionless points (N, 3), (J, N, I). extent: (3,), see `jets.seed`."""
        z = jets.linear(jets.seed(points, names, extent), self.matrix, self.phases)  # (J, N, I)
        last = self.coordinates + 2 * len(self.vectors)
        waves = jets.elementwise(z[..., self.coordinates : last], names, jets.sin_derivatives)
        return torch.cat([z[..., : self.coordinates], waves, self.inverted(points, names)], dim=2)

    def inverted(self, points: Tensor, names: Components) -> Tensor:
        """The jet of the coordinates inverted in each hole, (J, N, 2 H)."""
        x, y = (points[:, i, None] - self.holes[:, i] for i in range(2))  # each (N, H)
        radius = self.holes[:, 2]
        square = torch.maximum(x * x + y * y, NEAREST * radius * radius)
        real, imaginary = x / square, y / square  # of w = 1 / conj(z)
        powers = [(radius * real, radius * imaginary)]  # of a w^(k + 1), k the order of a derivative
        for _ in range(max(map(len, names))):
            u, v = powers[-1]
            powers.append((u * real - v * imaginary, u * imaginary + v * real))
        found = points.new_zeros(len(names), len(points), 2 * len(self.holes))
        for j, name in enumerate(names):
            if "t" in name:
                continue
            order = len(name)
            u, v = (each * float(math.factorial(order) * (-1) ** order) for each in powers[order])
            for _ in range(name.count("y")):
                u, v = v, -u  # times -i
            found[j] = torch.stack([u, v], dim=2).flatten(1)
        return found
