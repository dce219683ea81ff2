"""Points for every place of a problem, with the targets of its statements there. Letters: N points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.networks.batch import Batch
from elastic_pinn.physics import Problem
from elastic_pinn.physics.domains import Quantile, even
from elastic_pinn.physics.statement import Place
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.sampling.points import QUANTILES, unit_points
from elastic_pinn.training.seeds import Seeds

Counts = Mapping[str, int]
"""How many points for each kind of place: "interior", "boundary", "initial", "interface"."""

UnitPoints = Mapping[str, Tensor]
"""Points of the unit cube, (n, k), for each place, by the name of the first statement there."""


def counts_of(config: TrainingConfig) -> Counts:
    """Count the points of a config, by kind of place."""
    return {
        "interior": config.interior_points,
        "boundary": config.boundary_points,
        "initial": config.initial_points,
        "interface": config.interface_points,
    }


def draw_evenly(problem: Problem, counts: Counts, method: str, generator: np.random.Generator) -> dict[str, Batch]:
    """Draw points for every place of a problem, with the target there of each of its statements; float64."""
    return batches_at(problem, _drawn(problem, counts, method, generator))


def first_points(problem: Problem, config: TrainingConfig) -> dict[str, Batch]:
    """Draw the points of a config's first step; float64."""
    drawn = _drawn(problem, counts_of(config), config.sampling, Seeds.of(config.seed).for_points())
    return batches_at(problem, drawn, QUANTILES[config.sampling])


def moved_points(state: Mapping[str, Any], problem: Problem, config: TrainingConfig) -> Tensor:
    """Return the points inside, (N, 3) in m, m, s, that a checkpoint's state has since they were moved; else none."""
    moved, quantile = state["sampler"].get("points", {}), QUANTILES[config.sampling]
    inside = {name: place for name, place in places_of(problem).items() if place.kind == "interior" and name in moved}
    found = [place.at(moved[name], quantile)[0] for name, place in inside.items()]
    return torch.cat([torch.empty(0, 3, dtype=torch.float64), *found])


def places_of(problem: Problem) -> dict[str, Place]:
    """Return each place where points are drawn, by the name of its first statement."""
    found: dict[str, Place] = {}
    for statement in problem.statements:
        if statement.place and statement.place not in found.values():
            found[statement.name] = statement.place
    return found


def batches_at(problem: Problem, unit: UnitPoints, quantile: Quantile = even) -> dict[str, Batch]:
    """Make a batch, float64, of each statement at the given points of its place, if there are any.

    quantile: the density along the axes of each place.
    """
    scales, batches = problem.scales, {}
    places = places_of(problem)
    # (N, 3) in m, m, s, and normals
    at = {places[name]: places[name].at(points, quantile) for name, points in unit.items()}
    for statement in problem.statements:
        if statement.place not in at:
            continue
        points, normal = at[statement.place]
        batches[statement.name] = Batch.of(statement, problem, points, normal, statement.right_side(points, scales))
    return batches


def _drawn(problem: Problem, counts: Counts, method: str, generator: np.random.Generator) -> UnitPoints:
    return {
        name: unit_points(method, counts[place.kind], place.dimensions, generator)
        for name, place in places_of(problem).items()
    }
