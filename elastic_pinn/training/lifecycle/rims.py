"""Advice for potentials around holes: points on the rims that are too few for them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from elastic_pinn.config import Config
from elastic_pinn.physics import Plate, Problem
from elastic_pinn.training.lifecycle.advised import Advice
from elastic_pinn.training.settings.rims import numbers_on_rims, points_for


def sparse_rims(config: Config, problem: Problem) -> Iterator[str]:
    """The hole whose rim has the fewest numbers for the amplitudes of its potentials, if these are too few.

    Between the points of a rim that has too few, the highest potentials take any value, and the loss is small.
    """
    shape = problem.domain.shape
    if config.network != "potentials" or not isinstance(shape, Plate) or len(config.hidden_layers) < 2:
        return
    amplitudes = math.ceil(config.hidden_layers[1] / len(shape.holes))
    numbers = numbers_on_rims(problem) if config.weight_boundary else {}
    name = min(numbers, key=numbers.__getitem__, default="")
    if name and config.boundary_points < (points := points_for(amplitudes, numbers[name])):
        found = int(numbers[name] * config.boundary_points)
        yield Advice(
            f"{amplitudes:,} amplitudes of potentials around {name} meet {found:,} numbers on its rim: between its "
            f"points the field is arbitrary, however small the loss. Set boundary_points = {points:,} or more, or give "
            "the rims a condition of their own",
            f"enough numbers on the rim of {name} for its potentials",
            boundary_points=points,
        )
