"""Where else a source may be: the ways along which its place may be off."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch

from elastic_pinn.physics.domains import Disc, Plate, Shape
from elastic_pinn.physics.sources.vectors import Pair

OFF = 1e-2  # widths: so far off a side a source is on it: this changes a load by 5e-5
HALVINGS = 40
SURELY = 0.995  # what is told with three digits is then no more than the number


class Way(NamedTuple):
    """A way along which a place may be off.

    Attributes:
        name: "x", "y", or "its side", of a rim.
        at: the place so far along it, m.
        words: templates of what is further along it, and of the opposite.
    """

    name: str
    at: Callable[[float], Pair]
    words: tuple[str, str]


def ways_of(at: Pair, width: float, shape: Shape) -> list[Way]:
    """Return the ways along which a place in a shape may be off: x and y, but on a side along that alone, and none in a
    corner.

    at: the place, m; width: of the source there, m.
    """
    outline, holes = (shape.outline, shape.holes) if isinstance(shape, Plate) else (shape, ())
    rims = [each for each in (*holes, outline) if isinstance(each, Disc) and _is_on_rim(at, each, OFF * width)]
    every = freely(at)
    if isinstance(outline, Disc):
        straight = every
    else:
        by_axis = zip(every, at, outline.bounds, strict=True)
        straight = [way for way, place, ends in by_axis if min(abs(place - end) for end in ends) > OFF * width]
    if rims:
        return [_around(at, rims[0])] if len(rims) == 1 and len(straight) == len(every) else []
    return straight


def freely(at: Pair) -> list[Way]:
    """Return the ways along x and along y."""
    (x, y), words = at, ("{} m further", "{} m less far")
    return [Way("x", lambda off: (x + off, y), words), Way("y", lambda off: (x, y + off), words)]


def room_along(way: Way, most: float, shape: Shape) -> float:
    """Return how far off along a way a place is still in a shape on both sides, m, up to `most`."""

    def is_inside(off: float) -> bool:
        there = torch.tensor([way.at(off), way.at(-off)], dtype=torch.float64)
        return bool(shape.contains(*there.unbind(1)).all())

    if is_inside(most):
        return most
    low, high = 0.0, most
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if is_inside(middle) else (low, middle)
    return low


def told_room(room: float) -> str:
    """Say up to what a place may be off."""
    return f"at most {SURELY * room:.3g} m is legal here"


def _is_on_rim(at: Pair, disc: Disc, off: float) -> bool:
    return abs(math.dist(at, disc.center) - disc.radius) <= off


def _around(at: Pair, disc: Disc) -> Way:
    (x, y), radius = disc.center, disc.radius
    start = math.atan2(at[1] - y, at[0] - x)

    def place(off: float) -> Pair:
        angle = start + off / radius
        return x + radius * math.cos(angle), y + radius * math.sin(angle)

    return Way("its side", place, ("{} m further anticlockwise", "{} m further clockwise"))
