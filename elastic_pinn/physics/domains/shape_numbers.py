"""Rectangles and discs by their numbers: what outlines of plates and shapes of inclusions are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from elastic_pinn.physics.domains.disc import Disc
from elastic_pinn.physics.domains.rectangle import Rectangle
from elastic_pinn.physics.domains.shape import Shape

SIMPLE: Mapping[float, Callable[[Sequence[float]], Rectangle | Disc]] = {
    0.0: lambda numbers: Rectangle((numbers[1], numbers[2]), (numbers[3], numbers[4])),
    1.0: Disc.from_numbers,
}
"""By the first of their numbers."""


def numbers_of(shape: Shape) -> tuple[float, ...]:
    """Return the kind of a rectangle, 0, and its bounds, or that of another shape and its numbers, m."""
    return shape.numbers or (0.0, *shape.bounds[0], *shape.bounds[1])


def simple_of(numbers: Sequence[float]) -> Rectangle | Disc:
    """Make the shape of its numbers. Raises LookupError for what are none, ValueError for an impossible one."""
    return SIMPLE[numbers[0]](numbers)
