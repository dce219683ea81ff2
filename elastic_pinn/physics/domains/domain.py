"""The window of space and time: a shape over an interval of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.domains.quantile import Quantile, even
from elastic_pinn.physics.domains.rectangle import Rectangle
from elastic_pinn.physics.domains.shape import Interval, Part, Shape, interval_of
from elastic_pinn.physics.errors import ProblemError


@dataclass(frozen=True, init=False, repr=False)
class Domain:
    """The window of space and time: a shape for t[0] < t < t[1], or a shape at rest.

    Its methods map points of unit cubes, as a sampler draws them, to points (N, 3) with columns x, y, t in m, m, s.

    Parameters
    ----------
    x, y
        Of a rectangle: from and to, (2,) in m.
    t
        From and to, (2,) in s; None: a static problem, whose only instant is 0 s, and in which nothing depends on time.
    shape
        Any other shape, as a `Disc` or a `Plate`, in place of x and y.

    Raises
    ------
    ProblemError
        For an interval that is empty, or that is not two finite numbers; for a shape that is none.
    """

    shape: Shape
    t: Interval

    def __init__(self, x: Any = None, y: Any = None, t: Any = None, shape: Shape | None = None) -> None:
        if shape is not None and (x is not None or y is not None):
            raise ProblemError("domain: x and y are those of a rectangle: give them, or a shape, not both")
        if shape is not None and not isinstance(shape, Shape):
            raise ProblemError(f"domain: shape = {in_one_line(shape)}: a Disc, a Plate or a Rectangle is needed")
        object.__setattr__(self, "shape", Rectangle(x, y) if shape is None else shape)
        object.__setattr__(self, "t", (0.0, 0.0) if t is None else interval_of("domain: t", t))

    def __repr__(self) -> str:
        place = f"x={self.x}, y={self.y}" if isinstance(self.shape, Rectangle) else f"shape={self.shape}"
        return f"Domain({place})" if self.is_static else f"Domain({place}, t={self.t})"

    @property
    def is_static(self) -> bool:
        """Whether nothing depends on time."""
        return self.t[0] == self.t[1]

    @property
    def x(self) -> Interval:
        """The x that the shape extends over, from and to, m."""
        return self.shape.bounds[0]

    @property
    def y(self) -> Interval:
        """The y that the shape extends over, from and to, m."""
        return self.shape.bounds[1]

    @property
    def low(self) -> Tensor:
        """The least x, y and t, (3,) in m, m, s."""
        return torch.tensor([self.x[0], self.y[0], self.t[0]], dtype=torch.float64)

    @property
    def high(self) -> Tensor:
        """The greatest x, y and t, (3,) in m, m, s."""
        return torch.tensor([self.x[1], self.y[1], self.t[1]], dtype=torch.float64)

    def interior(self, unit: Tensor, quantile: Quantile = even) -> Tensor:
        """Map points of a unit cube to the window's interior, evenly by area and time, or denser towards the ends.

        Parameters
        ----------
        unit
            Two coordinates for the place and one for the time, each 0 to 1, (N, 3).
        quantile
            The density along each coordinate.

        Returns
        -------
        Tensor
            Points (N, 3), x, y, t in m, m, s.
        """
        points = torch.empty_like(unit)  # in its order in memory, on which last bits of products depend
        drawn = quantile(unit)
        points[:, :2], points[:, 2] = self.shape.interior(drawn[:, :2]), self._instants(drawn[:, 2])
        return points

    def start(self, unit: Tensor, quantile: Quantile = even) -> Tensor:
        """Map points of a unit square to the window's first instant, evenly by area, or denser towards the ends.

        Parameters
        ----------
        unit
            Two coordinates for the place, each 0 to 1, (N, 2).
        quantile
            The density along each coordinate.

        Returns
        -------
        Tensor
            Points (N, 3), x, y, t in m, m, s.
        """
        xy = self.shape.interior(quantile(unit))
        return torch.cat([xy, self._instants(torch.zeros_like(unit[:, :1]))], dim=1)

    def boundary(self, unit: Tensor, parts: Sequence[Part], quantile: Quantile = even) -> tuple[Tensor, Tensor]:
        """Map points of a unit square to parts of sides, evenly by length and time, with outward normals.

        Parameters
        ----------
        unit
            The position along all parts, one after another, and the time, each 0 to 1, (N, 2).
        parts
            Parts of sides.
        quantile
            The density along each part, but for whole rims, which have no ends, and over time.

        Returns
        -------
        tuple of Tensor
            Points (N, 3), x, y, t in m, m, s, and unit normals (N, 2).
        """
        lengths = torch.tensor([self.shape.length(part) for part in parts], dtype=torch.float64)
        ends = torch.cumsum(lengths, 0)  # (parts,)
        place = unit[:, 0].contiguous() * ends[-1]  # (N,)
        which = torch.searchsorted(ends, place, right=True).clamp(max=len(parts) - 1)  # (N,)
        along = (place - ends[which] + lengths[which]) / lengths[which]  # (N,), 0 to 1 on each part
        xy, normals = unit.new_empty(2, *unit.shape)  # each (N, 2)
        for i, part in enumerate(parts):
            here = which == i
            has_ends = part.side not in self.shape.closed or not self.shape.is_whole(part)
            drawn = quantile(along[here]) if has_ends else along[here]
            xy[here], normals[here] = self.shape.along(part, drawn)
        return torch.cat([xy, self._instants(quantile(unit[:, 1:]))], dim=1), normals

    def nodes(self, count: int) -> tuple[Tensor, Tensor]:
        """Return the nodes of a regular grid over the rectangle that the shape extends over.

        Parameters
        ----------
        count
            Nodes along each axis.

        Returns
        -------
        tuple of Tensor
            x and y, each (count^2,) in m; y changes fastest.
        """
        x, y = (torch.linspace(*interval, count, dtype=torch.float64) for interval in (self.x, self.y))
        return x.repeat_interleave(count), y.repeat(count)

    def instants(self, count: int) -> list[float]:
        """Return evenly spread times, ends included.

        Parameters
        ----------
        count
            How many, of a window that lasts.

        Returns
        -------
        list of float
            Times in s; the only one of a static problem.
        """
        return [0.0] if self.is_static else torch.linspace(*self.t, count, dtype=torch.float64).tolist()

    def _instants(self, unit: Tensor) -> Tensor:
        """Map parts of the window's time to times."""
        return self.t[0] + (self.t[1] - self.t[0]) * unit
