"""What a shape in the plane is, and parts of its boundary.

Letters: N points.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.errors import ProblemError

Interval = tuple[float, float]


def interval_of(role: str, given: Any) -> Interval:
    """Two finite numbers, of which the second is above the first. Raises ProblemError, naming `role`, for others."""
    try:
        if any(isinstance(end, str | bytes | bool) for end in given):
            raise TypeError
        low, high = map(float, given)
    except (TypeError, ValueError):
        raise ProblemError(f"{role} = {in_one_line(given)}: it needs two numbers, from and to") from None
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ProblemError(f"{role} = ({low:g}, {high:g}) is not finite")
    if not low < high:
        raise ProblemError(f"{role} = ({low:g}, {high:g}) is empty: the second must be above the first")
    return low, high


@dataclass(frozen=True)
class Part:
    """A part of a side of a shape.

    Parameters
    ----------
    side
        The name of the side: of a rectangle "left", "right", "bottom" or "top", of a disc "rim", of a plate also
        "hole 1", "hole 2", ...
    low, high
        Where it begins and ends, by the coordinate along the side: x or y in m of a rectangle's, the angle in radians
        of a rim.

    Raises
    ------
    ProblemError
        For an interval that is empty, or that is not two finite numbers.
    """

    side: str
    low: float
    high: float

    def __post_init__(self) -> None:
        low, high = interval_of(f"part of the side {self.side!r}", (self.low, self.high))
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    def overlaps(self, other: Part) -> bool:
        """Return whether two parts have more than an end in common.

        Parameters
        ----------
        other
            The other part.

        Returns
        -------
        bool
            False for parts of different sides, too.
        """
        return self.side == other.side and self.low < other.high and other.low < self.high


class Shape(ABC):
    """A region of the plane."""

    @property
    @abstractmethod
    def sides(self) -> tuple[str, ...]:
        """The names of the sides."""

    @property
    def closed(self) -> tuple[str, ...]:
        """The names of those that end where they begin."""
        return ()

    @property
    @abstractmethod
    def bounds(self) -> tuple[Interval, Interval]:
        """The x and the y that it extends over, m."""

    @property
    @abstractmethod
    def numbers(self) -> tuple[float, ...]:
        """Numbers that tell it from a rectangle that fills its bounds, the first one its kind; none for that."""

    @abstractmethod
    def interior(self, unit: Tensor) -> Tensor:
        """Map points of a unit square to points inside, evenly by area, (N, 2) -> (N, 2) in m."""

    @abstractmethod
    def span(self, side: str) -> Interval:
        """The coordinate along a side at its ends."""

    @abstractmethod
    def length(self, part: Part) -> float:
        """The length of a part of a side, m."""

    @abstractmethod
    def at(self, side: str, fraction: Tensor) -> tuple[Tensor, Tensor]:
        """Return the points at fractions (N,) of the way along a side, (N, 2) in m, and outward normals (N, 2)."""

    @abstractmethod
    def contains(self, x: Tensor, y: Tensor) -> Tensor:
        """Whether points, each (N,) in m, lie inside or on the boundary, up to rounding: (N,)."""

    def mask(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return which places are inside or on the boundary: `contains` for arrays.

        Parameters
        ----------
        x, y
            Positions in m, of shapes (...,) that broadcast.

        Returns
        -------
        ndarray
            Truth values, (...,).
        """
        x, y = np.broadcast_arrays(x, y)
        return self.contains(torch.from_numpy(x.copy()), torch.from_numpy(y.copy())).numpy()

    @abstractmethod
    def nearest(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the places of the shape that are nearest to points.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            Positions, (N, 2) in m.
        """

    @abstractmethod
    def clearance(self, x: Tensor, y: Tensor) -> Tensor:
        """Return how far places are from the nearest side.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            Distances, (N,) in m; negative outside.
        """

    def whereabouts(self, x: float, y: float) -> str:
        """Describe where a place is that the shape does not contain.

        Parameters
        ----------
        x, y
            Position, m.

        Returns
        -------
        str
            Text that follows "lies" in a message.
        """
        return f"outside the {self}"

    def parts_of(self, given: Sequence[str | Part] | None) -> tuple[Part, ...]:
        """Return sides, given by name, or parts of them, as parts.

        Parameters
        ----------
        given
            Names of sides, or `Part`s of them; None: all sides.

        Returns
        -------
        tuple of Part
            The parts, in the order given.

        Raises
        ------
        ProblemError
            For a side that the shape does not have, and for a part that is not on its side.
        """
        found = []
        for each in self.sides if given is None else given:
            side = each if isinstance(each, str) else each.side
            if side not in self.sides:
                raise ProblemError(f"sides = {given!r}: legal are any of {', '.join(self.sides)}, each once")
            low, high = self.span(side)
            part = Part(side, low, high) if isinstance(each, str) else each
            if side in self.closed:
                found += self._turned(part)
                continue
            slack = 1e-9 * (high - low)
            if part.low < low - slack or part.high > high + slack:
                raise ProblemError(f"{part}: the side goes from {low:g} to {high:g}")
            found.append(part)
        return tuple(found)

    def _turned(self, part: Part) -> list[Part]:
        """A part of a closed side within its span: in two where it goes past the end."""
        low, high = self.span(part.side)
        turn = high - low
        if part.high - part.low > turn * (1.0 + 1e-9):
            raise ProblemError(f"{part}: it is more than a whole turn of {turn:g} radians")
        if low <= part.low and part.high <= high:
            return [part]
        first = low + (part.low - low) % turn
        last = first + part.high - part.low
        if last <= high:
            return [Part(part.side, first, last)]
        return [Part(part.side, first, high), Part(part.side, low, last - turn)]

    def is_whole(self, part: Part) -> bool:
        """Return whether a part is all of its side.

        Parameters
        ----------
        part
            The part.

        Returns
        -------
        bool
            True for a whole side.
        """
        return (part.low, part.high) == self.span(part.side)

    def along(self, part: Part, fraction: Tensor) -> tuple[Tensor, Tensor]:
        """Return points along a part of a side, with outward normals.

        Parameters
        ----------
        part
            The part.
        fraction
            How far along the part, 0 to 1, dimensionless, (N,).

        Returns
        -------
        tuple of Tensor
            Positions, (N, 2) in m, and unit normals, (N, 2).
        """
        low, high = self.span(part.side)
        first, last = (part.low - low) / (high - low), (part.high - low) / (high - low)
        return self.at(part.side, first + (last - first) * fraction)
