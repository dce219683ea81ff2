"""A domain in regions. Letters: N points, R regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from elastic_pinn.physics.domains.disc import Disc
from elastic_pinn.physics.domains.shape import Shape
from elastic_pinn.physics.domains.shape_numbers import numbers_of, simple_of

ALONG = 64  # places along a rim at which the region around it is looked up
NEAR = 1e-6  # of its radius: how far beside it


@dataclass(frozen=True)
class Regions:
    """The regions of a domain by their index: 0 is what is around all inclusions, then each inclusion's shape.

    Attributes
    ----------
    inclusions
        The shapes of the regions from index 1 on, which do not overlap.
    """

    inclusions: tuple[Shape, ...] = ()

    @property
    def count(self) -> int:
        """R."""
        return 1 + len(self.inclusions)

    @property
    def numbers(self) -> tuple[tuple[float, ...], ...]:
        """Numbers of each inclusion's shape: its kind, then its bounds or its centre and radius, m."""
        return tuple(map(numbers_of, self.inclusions))

    @classmethod
    def from_numbers(cls, numbers: Sequence[Sequence[float]]) -> Self:
        """Make the regions of their `numbers`. Raises ValueError for what are not the numbers of inclusions."""
        try:
            return cls(tuple(map(simple_of, numbers)))
        except (KeyError, IndexError):
            raise ValueError(f"no inclusions have the numbers {numbers}") from None

    def index(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the region of each place (m, each (N,)), (N,); on an interface that of the (first) inclusion."""
        found = torch.zeros_like(x, dtype=torch.long)
        for region, shape in reversed(list(enumerate(self.inclusions, 1))):
            found[shape.contains(x, y)] = region
        return found

    @property
    def discs(self) -> tuple[Disc, ...]:
        """The inclusions that are discs."""
        return tuple(shape for shape in self.inclusions if isinstance(shape, Disc))

    def around(self, disc: Disc) -> int:
        """Return the region just around a hole or an inclusion, which others touch in single points at most."""
        places, normals = disc.at("rim", torch.linspace(0.0, 1.0, ALONG, dtype=torch.float64))
        return int(self.index(*(places + NEAR * disc.radius * normals).unbind(1)).mode().values)

    def one_hot(self, index: Tensor) -> Tensor:
        """Return 1 for each point's region and 0 for the others, (N,) -> (N, R)."""
        return torch.eye(self.count, dtype=torch.float64, device=index.device)[index]


def of_region(pairs: Tensor, index: Tensor) -> Tensor:
    """Select from a pair for each region, (..., N, 2 R), that of each point's region, index (N,): (..., N, 2)."""
    by_region = pairs.unflatten(-1, (-1, 2))  # (..., N, R, 2)
    where = index[:, None, None].expand(*by_region.shape[:-2], 1, 2)
    return by_region.gather(-2, where).squeeze(-2)
