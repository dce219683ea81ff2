"""The window of space and time: a rectangle over an interval of time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.errors import ProblemError

SIDES = ("left", "right", "bottom", "top")
NORMALS = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "bottom": (0.0, -1.0), "top": (0.0, 1.0)}

Interval = tuple[float, float]


@dataclass(frozen=True)
class Domain:
    """The rectangle x[0] < x < x[1], y[0] < y < y[1] in metres, for t[0] < t < t[1] in seconds.

    Its methods map points of unit cubes, as a sampler draws them, to points (N, 3) with columns x, y, t in m, m, s.
    Raises ProblemError for an interval that is empty, or that is not two finite numbers.
    """

    x: Interval
    y: Interval
    t: Interval

    def __post_init__(self) -> None:
        for name in ("x", "y", "t"):
            given = getattr(self, name)
            try:
                if any(isinstance(end, str | bytes | bool) for end in given):
                    raise TypeError
                low, high = map(float, given)
            except (TypeError, ValueError):
                raise ProblemError(
                    f"domain: {name} = {in_one_line(given)}: it needs two numbers, from and to"
                ) from None
            if not (math.isfinite(low) and math.isfinite(high)):
                raise ProblemError(f"domain: {name} = ({low:g}, {high:g}) is not finite")
            if not low < high:
                raise ProblemError(f"domain: {name} = ({low:g}, {high:g}) is empty: the second must be above the first")
            object.__setattr__(self, name, (low, high))

    @property
    def low(self) -> Tensor:
        """The least x, y and t, (3,)."""
        return torch.tensor([self.x[0], self.y[0], self.t[0]], dtype=torch.float64)

    @property
    def high(self) -> Tensor:
        """The greatest x, y and t, (3,)."""
        return torch.tensor([self.x[1], self.y[1], self.t[1]], dtype=torch.float64)

    def nodes(self, count: int) -> tuple[Tensor, Tensor]:
        """Return x and y, each (count^2,) in m, of count x count nodes over the window, x first."""
        x, y = (torch.linspace(*interval, count, dtype=torch.float64) for interval in (self.x, self.y))
        return x.repeat_interleave(count), y.repeat(count)

    def interior(self, unit: Tensor) -> Tensor:
        """Map points of a unit cube to the window's interior, (N, 3) -> (N, 3)."""
        return self.low + (self.high - self.low) * unit

    def start(self, unit: Tensor) -> Tensor:
        """Map points of a unit square to the window's first instant, (N, 2) -> (N, 3)."""
        return self.interior(torch.cat([unit, torch.zeros_like(unit[:, :1])], dim=1))

    def boundary(self, unit: Tensor, sides: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Map points of a unit square to some sides, uniformly by length, and return them with their outward normals.

        unit: (N, 2), position along the sides one after another, and time. Returns (N, 3), (N, 2).
        """
        width, height, _ = (self.high - self.low).tolist()
        lengths = torch.tensor([height if side in ("left", "right") else width for side in sides], dtype=torch.float64)
        ends = torch.cumsum(lengths, 0)  # (sides,)
        place = unit[:, 0].contiguous() * ends[-1]  # (N,)
        which = torch.searchsorted(ends, place, right=True).clamp(max=len(sides) - 1)  # (N,)
        along = (place - ends[which] + lengths[which]) / lengths[which]  # (N,), 0 to 1 on each side
        normals = torch.tensor([NORMALS[side] for side in sides], dtype=torch.float64)[which]  # (N, 2)
        across = (normals + 1.0) / 2.0  # 0 or 1 in the normal's coordinate
        cube = torch.where(normals == 0.0, along[:, None], across)  # (N, 2)
        return self.interior(torch.cat([cube, unit[:, 1:]], dim=1)), normals
