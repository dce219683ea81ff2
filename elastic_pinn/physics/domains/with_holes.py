"""A plate: a rectangle or a disc with circular holes.

Letters: N points, H holes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Self

import torch
from torch import Tensor

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.domains.disc import Disc
from elastic_pinn.physics.domains.rectangle import Rectangle
from elastic_pinn.physics.domains.shape import Interval, Part, Shape
from elastic_pinn.physics.domains.shape_numbers import numbers_of, simple_of
from elastic_pinn.physics.errors import ProblemError

Outline = Rectangle | Disc

STRIPS = 1 << 14  # of equal width, by whose areas points are spread evenly
FEW = 3  # holes that are written out in messages


@dataclass(frozen=True, repr=False)
class Plate(Shape):
    """A rectangle or a disc with circular holes.

    Its sides are those of the outline, and the rims of the holes, "hole 1", "hole 2" and so on, along which the
    coordinate is the angle from the x axis, 0 to 2 pi. A disc with a hole about its centre is an annulus.

    Parameters
    ----------
    outline
        A `Rectangle` or a `Disc`.
    holes
        A `Disc` for each hole.

    Raises
    ------
    ProblemError
        For parts of other types, for no holes at all, and for a hole that is not whole inside or overlaps another.
    """

    outline: Outline
    holes: tuple[Disc, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.outline, Rectangle | Disc):
            raise ProblemError(f"outline = {in_one_line(self.outline)}: a Rectangle or a Disc is needed")
        object.__setattr__(self, "holes", _holes_of(self.holes))
        for i, hole in enumerate(self.holes):
            _require_free(hole, self.names[i], self.outline, dict(zip(self.names[:i], self.holes[:i], strict=True)))

    def __repr__(self) -> str:
        holes = list(self.holes) if len(self.holes) <= FEW else f"{len(self.holes)} discs"
        return f"Plate({self.outline}, holes={holes})"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the holes' rims among the sides: "hole 1", "hole 2", ..."""
        return tuple(f"hole {i + 1}" for i in range(len(self.holes)))

    @property
    def sides(self) -> tuple[str, ...]:
        """The names of the sides: those of the outline, then those of the holes."""
        return *self.outline.sides, *self.names

    @property
    def closed(self) -> tuple[str, ...]:
        """The sides that end where they begin: the rims."""
        return *self.outline.closed, *self.names

    @property
    def bounds(self) -> tuple[Interval, Interval]:
        """The x and the y of the outline, m."""
        return self.outline.bounds

    @property
    def numbers(self) -> tuple[float, ...]:
        """Its kind, 2; how many holes there are; x, y and radius of each, m; the outline's kind and its numbers, m."""
        holes = chain.from_iterable((*hole.center, hole.radius) for hole in self.holes)
        return 2.0, float(len(self.holes)), *holes, *numbers_of(self.outline)

    @classmethod
    def from_numbers(cls, numbers: Sequence[float]) -> Self:
        """Make the plate of its `numbers`.

        Parameters
        ----------
        numbers
            2, the number of holes, x, y and radius of each, and the outline's kind and numbers, m.

        Returns
        -------
        Plate
            The plate.
        """
        end = 2 + 3 * int(numbers[1])
        holes = [Disc((numbers[i], numbers[i + 1]), numbers[i + 2]) for i in range(2, end, 3)]
        return cls(simple_of(numbers[end:]), tuple(holes))

    def interior(self, unit: Tensor) -> Tensor:
        """Map points of a unit square to points inside, evenly by area, to a thousandth.

        The first coordinate is the part of the area to the left of a point, the second the part of the vertical line
        through it that is below, both without the holes.

        Parameters
        ----------
        unit
            Parts of the area and of a line, each 0 to 1, (N, 2).

        Returns
        -------
        Tensor
            Positions, (N, 2) in m.
        """
        to_left, width = self._areas, self._width
        strip = (torch.searchsorted(to_left, unit[:, 0].contiguous(), right=True) - 1).clamp(0, STRIPS - 1)  # (N,)
        within = (unit[:, 0] - to_left[strip]) / (to_left[strip + 1] - to_left[strip])
        x = self.bounds[0][0] + width * (strip + within)
        low, _ = self.outline.chord(x)
        half, y = self._half_chords(x), low + unit[:, 1] * self._free(x)  # (H, N), (N,)
        for i in sorted(range(len(self.holes)), key=lambda i: self.holes[i].center[1]):  # upwards
            y = torch.where(y > self.holes[i].center[1] - half[i], y + 2.0 * half[i], y)
        return torch.stack([x, y], dim=1)

    def span(self, side: str) -> Interval:
        """Return the coordinate along a side at its ends.

        Parameters
        ----------
        side
            A side of the outline or "hole 1", "hole 2", ...

        Returns
        -------
        tuple of float
            As of the outline's side, m or radians; 0 and 2 pi of a hole, radians.
        """
        owner, name = self._owner(side)
        return owner.span(name)

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
        owner, name = self._owner(part.side)
        return owner.length(Part(name, part.low, part.high))

    def at(self, side: str, fraction: Tensor) -> tuple[Tensor, Tensor]:
        """Return points along a side, with normals out of the solid: on the rim of a hole, into the hole.

        Parameters
        ----------
        side
            A side of the outline or "hole 1", "hole 2", ...
        fraction
            How far along the side, 0 to 1, dimensionless, (N,).

        Returns
        -------
        tuple of Tensor
            Positions, (N, 2) in m, and unit normals, (N, 2).
        """
        owner, name = self._owner(side)
        points, normals = owner.at(name, fraction)
        return points, normals if owner is self.outline else -normals

    def nearest(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the places of the plate that are nearest to points: of a point in a hole, on its rim.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            Positions, (N, 2) in m.
        """
        found = self.outline.nearest(x, y)
        for hole in self.holes:
            here = _is_in(hole, *found.unbind(1))
            found[here] = hole.outside(*found[here].unbind(1))
        return found

    def contains(self, x: Tensor, y: Tensor) -> Tensor:
        """Return which points lie in the solid or on a side, up to rounding.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            Truth values, (N,).
        """
        found = self.outline.contains(x, y)
        for hole in self.holes:
            found = found & ~_is_in(hole, x, y)
        return found

    def clearance(self, x: Tensor, y: Tensor) -> Tensor:
        """Return how far places are from the nearest side.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            Distances, (N,) in m; negative outside of the solid.
        """
        return torch.stack([self.outline.clearance(x, y), *(-hole.clearance(x, y) for hole in self.holes)]).amin(0)

    def whereabouts(self, x: float, y: float) -> str:
        """Describe where a place is that the plate does not contain.

        Parameters
        ----------
        x, y
            Position, m.

        Returns
        -------
        str
            "in hole 1 of the Plate(...)", or "outside the Plate(...)".
        """
        place = torch.tensor([x, y], dtype=torch.float64)
        inside = [name for name, hole in zip(self.names, self.holes, strict=True) if _is_in(hole, *place)]
        return f"in {inside[0]} of the {self}" if inside else super().whereabouts(x, y)

    def _owner(self, side: str) -> tuple[Outline, str]:
        """The shape that a side belongs to, and the side's name there."""
        return (self.holes[self.names.index(side)], "rim") if side in self.names else (self.outline, side)

    @property
    def _width(self) -> float:
        """Of a strip, m."""
        low, high = self.bounds[0]
        return (high - low) / STRIPS

    @cached_property
    def _areas(self) -> Tensor:
        """The part of the area to the left of each strip's ends, (STRIPS + 1,), 0 to 1."""
        middles = self.bounds[0][0] + self._width * (torch.arange(STRIPS, dtype=torch.float64) + 0.5)
        sums = torch.cumsum(self._free(middles), 0)
        return torch.cat([sums.new_zeros(1), sums]) / sums[-1]

    def _free(self, x: Tensor) -> Tensor:
        """The length of the solid on vertical lines, (N,) in m."""
        low, high = self.outline.chord(x)
        return high - low - 2.0 * self._half_chords(x).sum(0)

    def _half_chords(self, x: Tensor) -> Tensor:
        """Half the length of each hole on vertical lines, (H, N) in m."""
        chords = (hole.chord(x) for hole in self.holes)
        return torch.stack([(high - low) / 2.0 for low, high in chords])


def _holes_of(given: Any) -> tuple[Disc, ...]:
    """The holes, given as one disc or several. Raises ProblemError for anything else."""
    holes = (given,) if isinstance(given, Disc) else tuple(given) if isinstance(given, list | tuple) else ()
    if not holes or not all(isinstance(hole, Disc) for hole in holes):
        raise ProblemError(f"holes = {in_one_line(given)}: a Disc for each hole is needed; without holes, the outline")
    return holes


def _require_free(hole: Disc, name: str, outline: Outline, others: Mapping[str, Disc]) -> None:
    """Raise ProblemError for a hole that leaves the outline or meets another hole."""
    (x, y), radius = torch.tensor(hole.center, dtype=torch.float64), hole.radius
    if not float(outline.clearance(x, y)) > radius:
        raise ProblemError(f"{name}, {hole}, must lie inside the {outline} and leave some solid on all sides")
    for other, disc in others.items():
        if not math.dist(hole.center, disc.center) > radius + disc.radius:
            raise ProblemError(f"{name}, {hole}, overlaps {other}, {disc}: some solid is needed between two holes")


def _is_in(hole: Disc, x: Tensor, y: Tensor) -> Tensor:
    """Whether points (N,) lie in a hole and not on its rim, up to rounding, (N,)."""
    return hole.clearance(x, y) > 1e-9 * hole.radius
