"""A rectangle along the axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elastic_pinn.physics.domains.shape import Interval, Part, Shape, interval_of

NORMALS = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "bottom": (0.0, -1.0), "top": (0.0, 1.0)}


@dataclass(frozen=True)
class Rectangle(Shape):
    """A rectangle along the axes.

    Its sides are "left" and "right", along which the coordinate is y, and "bottom" and "top", along which it is x.

    Parameters
    ----------
    x, y
        From and to, m.

    Raises
    ------
    ProblemError
        For an interval that is empty, or that is not two finite numbers.
    """

    x: Interval
    y: Interval

    sides: ClassVar[tuple[str, ...]] = tuple(NORMALS)

    def __post_init__(self) -> None:
        for name in ("x", "y"):
            object.__setattr__(self, name, interval_of(f"domain: {name}", getattr(self, name)))

    @property
    def bounds(self) -> tuple[Interval, Interval]:
        """Its x and y, from and to, m."""
        return self.x, self.y

    @property
    def numbers(self) -> tuple[float, ...]:
        """No numbers: its bounds give all."""
        return ()

    def interior(self, unit: Tensor) -> Tensor:
        """Map points of a unit square to points inside, evenly by area.

        Parameters
        ----------
        unit
            Parts of the width and of the height, each 0 to 1, (N, 2).

        Returns
        -------
        Tensor
            Positions, (N, 2) in m.
        """
        low, high = torch.tensor([self.x, self.y], dtype=torch.float64).unbind(1)
        return low + (high - low) * unit

    def span(self, side: str) -> Interval:
        """Return the coordinate along a side at its ends.

        Parameters
        ----------
        side
            "left", "right", "bottom" or "top".

        Returns
        -------
        tuple of float
            y of "left" and "right", x of the others, m.
        """
        return self.y if side in ("left", "right") else self.x

    def length(self, part: Part) -> float:
        """Return the length of a part of a side.

        Parameters
        ----------
        part
            The part.

        Returns
        -------
        float
            The length, m.
        """
        return part.high - part.low

    def at(self, side: str, fraction: Tensor) -> tuple[Tensor, Tensor]:
        """Return points along a side, upwards or to the right, with outward normals.

        Parameters
        ----------
        side
            "left", "right", "bottom" or "top".
        fraction
            How far along the side, 0 to 1, dimensionless, (N,).

        Returns
        -------
        tuple of Tensor
            Positions, (N, 2) in m, and unit normals, (N, 2).
        """
        normals = fraction.new_tensor(NORMALS[side]).expand(len(fraction), 2)  # (N, 2)
        across = (normals + 1.0) / 2.0  # 0 or 1 in the normal's coordinate
        return self.interior(torch.where(normals == 0.0, fraction[:, None], across)), normals

    def nearest(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the places of the rectangle that are nearest to points, each coordinate moved into its interval.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            Positions, (N, 2) in m.
        """
        return torch.stack([x.clamp(*self.x), y.clamp(*self.y)], dim=1)

    def chord(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return where vertical lines enter and leave.

        Parameters
        ----------
        x
            Of the lines, (N,) in m, in its interval.

        Returns
        -------
        tuple of Tensor
            The least and the greatest y inside, each (N,) in m.
        """
        low, high = self.y
        return torch.full_like(x, low), torch.full_like(x, high)

    def clearance(self, x: Tensor, y: Tensor) -> Tensor:
        """Return how far places are from the nearest side.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            Distances, (N,) in m; negative outside, where they are from the farthest line that a side is on.
        """
        (left, right), (bottom, top) = self.bounds
        return torch.stack([x - left, right - x, y - bottom, top - y]).amin(0)

    def contains(self, x: Tensor, y: Tensor) -> Tensor:
        """Return which points lie inside or on the boundary, up to rounding.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            Truth values, (N,).
        """
        slack_x, slack_y = (1e-9 * (high - low) for low, high in self.bounds)
        in_x = (x >= self.x[0] - slack_x) & (x <= self.x[1] + slack_x)
        return in_x & (y >= self.y[0] - slack_y) & (y <= self.y[1] + slack_y)
