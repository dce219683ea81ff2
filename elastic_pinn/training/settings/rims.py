"""How many points on its sides a plate at rest needs for the potentials around its holes."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping

from elastic_pinn.physics import Plate, Problem

FURTHER = 8  # numbers beyond the amplitudes: those of a power also have a harmonic of two orders more


def numbers_on_rims(problem: Problem) -> Mapping[str, float]:
    """Count the numbers that one boundary point of each condition gives each rim, by the hole's name; {} without."""
    shape, numbers = problem.domain.shape, defaultdict[str, float](float)
    holes = shape.names if isinstance(shape, Plate) else ()
    for condition in problem.boundary:
        parts = condition.place(problem.domain).parts
        total, components = sum(map(shape.length, parts)), 1 if condition.component else 2
        for part in parts:
            if part.side in holes:
                numbers[part.side] += components * shape.length(part) / total
    return numbers


def points_for(amplitudes: int, numbers: float) -> int:
    """How many boundary points the amplitudes around a hole take, whose rim has so many numbers of each."""
    return math.ceil((amplitudes + FURTHER) / numbers)
