"""Advice for potentials around holes: points on the rims that are too few for them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator

from elastic_pinn.config import Config
from elastic_pinn.physics import Plate, Problem

FURTHER = 8  # numbers beyond the amplitudes: those of a power also have a harmonic of two orders more


def sparse_rims(config: Config, problem: Problem) -> Iterator[str]:
    """The hole whose rim has the fewest numbers for the amplitudes of its potentials, if these are too few.

    Between the points of a rim that has too few, the highest potentials take any value, and the loss is small.
    """
    shape = problem.domain.shape
    if config.network != "potentials" or not isinstance(shape, Plate) or len(config.hidden_layers) < 2:
        return
    amplitudes = math.ceil(config.hidden_layers[1] / len(shape.holes))
    numbers: dict[str, float] = defaultdict(float)
    for condition in problem.boundary if config.weight_boundary else ():
        parts = condition.place(problem.domain).parts
        total, components = sum(map(shape.length, parts)), 1 if condition.component else 2
        for part in parts:
            numbers[part.side] += components * config.boundary_points * shape.length(part) / total
    name = min((hole for hole in shape.names if hole in numbers), key=numbers.__getitem__, default="")
    if name and (found := int(numbers[name])) < amplitudes + FURTHER:
        points = math.ceil(config.boundary_points * (amplitudes + FURTHER) / numbers[name])
        yield (
            f"{amplitudes:,} amplitudes of potentials around {name} meet {found:,} numbers on its rim: between its "
            f"points the field is arbitrary, however small the loss. Set boundary_points = {points:,} or more, give "
            "the rims a condition of their own, or set the second number of hidden_layers lower"
        )
