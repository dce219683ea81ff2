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
    """The rectangle x[0] < x < x[1], y[0] < y < y[1], m.

    The coordinate along "left" and "right" is y, along "bottom" and "top" x. Raises ProblemError for an interval that
    is empty, or that is not two finite numbers.
    """

    x: Interval
    y: Interval

    sides: ClassVar[tuple[str, ...]] = tuple(NORMALS)

    def __post_init__(self) -> None:
        for name in ("x", "y"):
            object.__setattr__(self, name, interval_of(f"domain: {name}", getattr(self, name)))

    @property
    def bounds(self) -> tuple[Interval, Interval]:
        """Its x and y."""
        return self.x, self.y

    @property
    def numbers(self) -> tuple[float, ...]:
        """None: its bounds say all."""
        return ()

    def interior(self, unit: Tensor) -> Tensor:
        """Stretch a unit square, (N, 2) -> (N, 2)."""
        low, high = torch.tensor([self.x, self.y], dtype=torch.float64).unbind(1)
        return low + (high - low) * unit

    def span(self, side: str) -> Interval:
        """y of an upright side, x of the others."""
        return self.y if side in ("left", "right") else self.x

    def length(self, part: Part) -> float:
        """The part's, m."""
        return part.high - part.low

    def at(self, side: str, fraction: Tensor) -> tuple[Tensor, Tensor]:
        """Go along a side upwards or to the right, (N,) -> (N, 2), (N, 2)."""
        normals = fraction.new_tensor(NORMALS[side]).expand(len(fraction), 2)  # (N, 2)
        across = (normals + 1.0) / 2.0  # 0 or 1 in the normal's coordinate
        return self.interior(torch.where(normals == 0.0, fraction[:, None], across)), normals

    def contains(self, x: Tensor, y: Tensor) -> Tensor:
        """Whether both coordinates are within their interval, (N,)."""
        slack_x, slack_y = (1e-9 * (high - low) for low, high in self.bounds)
        in_x = (x >= self.x[0] - slack_x) & (x <= self.x[1] + slack_x)
        return in_x & (y >= self.y[0] - slack_y) & (y <= self.y[1] + slack_y)
