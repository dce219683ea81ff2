"""A disc."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor

from elastic_pinn.physics.domains.shape import Interval, Part, Shape
from elastic_pinn.physics.errors import ProblemError


@dataclass(frozen=True)
class Disc(Shape):
    """The points within a radius of a centre.

    Its one side is the "rim", along which the coordinate is the angle from the x axis, 0 to 2 pi.

    Parameters
    ----------
    center
        x and y, m.
    radius
        m.

    Raises
    ------
    ProblemError
        For numbers that are not finite, and for a radius that is not above 0.
    """

    center: tuple[float, float]
    radius: float

    sides: ClassVar[tuple[str, ...]] = ("rim",)
    closed = sides

    def __post_init__(self) -> None:
        try:
            (x, y), radius = map(float, self.center), float(self.radius)
        except (TypeError, ValueError):
            raise ProblemError(f"a disc needs two numbers, its centre, and one, its radius, not {self}") from None
        if not (math.isfinite(x) and math.isfinite(y) and 0.0 < radius < math.inf):
            raise ProblemError(f"{self}: the centre must be finite, and the radius finite and above 0 m")
        object.__setattr__(self, "center", (x, y))
        object.__setattr__(self, "radius", radius)

    @property
    def bounds(self) -> tuple[Interval, Interval]:
        """The x and the y of the square around it, m."""
        (x, y), r = self.center, self.radius
        return (x - r, x + r), (y - r, y + r)

    @property
    def numbers(self) -> tuple[float, ...]:
        """Its kind, 1; its centre and its radius, m."""
        return 1.0, *self.center, self.radius

    @classmethod
    def from_numbers(cls, numbers: Sequence[float]) -> Self:
        """Make the disc of its `numbers`.

        Parameters
        ----------
        numbers
            1, then x and y of the centre and the radius, m.

        Returns
        -------
        Disc
            The disc.
        """
        _, x, y, radius = numbers
        return cls((x, y), radius)

    def interior(self, unit: Tensor) -> Tensor:
        """Map points of a unit square to points inside, evenly by area.

        Parameters
        ----------
        unit
            Parts of the area and of a turn, each 0 to 1, (N, 2).

        Returns
        -------
        Tensor
            Positions, (N, 2) in m.
        """
        return self._polar(self.radius * unit[:, 0].sqrt(), 2.0 * math.pi * unit[:, 1])

    def span(self, side: str) -> Interval:
        """Return the coordinate along a side at its ends.

        Parameters
        ----------
        side
            "rim".

        Returns
        -------
        tuple of float
            0 and 2 pi, radians.
        """
        return 0.0, 2.0 * math.pi

    def length(self, part: Part) -> float:
        """Return the length of a part of the rim.

        Parameters
        ----------
        part
            The part.

        Returns
        -------
        float
            The length of the arc, m.
        """
        return self.radius * (part.high - part.low)

    def at(self, side: str, fraction: Tensor) -> tuple[Tensor, Tensor]:
        """Return points along the rim, from the x axis towards the y axis, with outward normals.

        Parameters
        ----------
        side
            "rim".
        fraction
            How far along the side, 0 to 1, dimensionless, (N,).

        Returns
        -------
        tuple of Tensor
            Positions, (N, 2) in m, and unit normals, (N, 2).
        """
        angle = 2.0 * math.pi * fraction
        return self._polar(torch.full_like(angle, self.radius), angle), torch.stack([angle.cos(), angle.sin()], dim=1)

    def nearest(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the places of the disc that are nearest to points, which move along their radius.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            Positions, (N, 2) in m.
        """
        x, y = x - self.center[0], y - self.center[1]
        return self._polar(torch.hypot(x, y).clamp(max=self.radius), torch.atan2(y, x))

    def outside(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the places outside of the disc, or on its rim, that are nearest to points.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            Positions, (N, 2) in m.
        """
        x, y = x - self.center[0], y - self.center[1]
        return self._polar(torch.hypot(x, y).clamp(min=self.radius), torch.atan2(y, x))

    def chord(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return where vertical lines enter and leave.

        Parameters
        ----------
        x
            Of the lines, (N,) in m.

        Returns
        -------
        tuple of Tensor
            The least and the greatest y inside, each (N,) in m; the same, that of the centre, of lines that miss it.
        """
        half = (self.radius**2 - (x - self.center[0]) ** 2).clamp(min=0.0).sqrt()
        return self.center[1] - half, self.center[1] + half

    def clearance(self, x: Tensor, y: Tensor) -> Tensor:
        """Return how far places are from the rim.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            Distances, (N,) in m; negative outside.
        """
        return self.radius - torch.hypot(x - self.center[0], y - self.center[1])

    def contains(self, x: Tensor, y: Tensor) -> Tensor:
        """Return which points lie inside or on the rim, up to rounding.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            Truth values, (N,).
        """
        return torch.hypot(x - self.center[0], y - self.center[1]) <= (1.0 + 1e-9) * self.radius

    def _polar(self, r: Tensor, angle: Tensor) -> Tensor:
        """Points by their distance from the centre and their angle, each (N,): (N, 2)."""
        return torch.stack([self.center[0] + r * angle.cos(), self.center[1] + r * angle.sin()], dim=1)
