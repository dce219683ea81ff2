"""How fine elements and time steps have to be for the error of a wavefield to be right to a few percent of itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from elastic_pinn.physics import Disc, Plate, Problem
from elastic_pinn.physics.domains import Shape
from elastic_pinn.physics.finite_elements import Elements, Small, Spacing, mesh_of
from elastic_pinn.physics.media.inclusion import interfaces_of
from elastic_pinn.physics.shortest_waves import shortest_waves

PIECES = 14  # of the longer side, at least
A_WAVE = 3.5  # triangles along the shortest waves, each with three nodes along a side
STEPS = 56  # of the window, at least
A_PERIOD = 18  # steps in the shortest period
ON_RIM = 16  # pieces
LEAST_GAP = 0.05  # of a radius: narrower gaps are not resolved
WIDTHS = 2.0  # of a source: around it triangles are as small as it
MOST_TRIANGLES, MOST_STEPS = 30_000, 4_000


def elements_of(problem: Problem, finer: float = 1.0, coarser: float = 1.0) -> Elements:
    """Return elements that resolve the shortest waves that a problem is known to have, its circles and its sources.

    finer: by how many times shorter the sides of triangles are, as far as they may be; coarser: by how many times
    longer they are than that.
    """
    domain, scales, shape = problem.domain, problem.scales, problem.domain.shape
    extents = [high - low for low, high in shape.bounds]
    shortest, _ = _shortest(problem)
    affordable = math.sqrt(4.0 * math.prod(extents) / math.sqrt(3.0) / MOST_TRIANGLES)
    spacing = max(min(max(extents) / PIECES, shortest / A_WAVE) / finer, affordable) * coarser
    discs = problem.discs
    small = [
        *(
            Small(disc.center, disc.radius, _on_rim(disc, discs, shape) * coarser / finer, is_rim=True)
            for disc in discs
        ),
        *(Small(source.at, WIDTHS * source.width, source.width * coarser / finer) for source in problem.sources),
    ]
    interfaces = [(each.shape, each.parts) for each in interfaces_of(problem.inclusions, domain)]
    cuts = [part for condition in problem.boundary for part in shape.parts_of(condition.sides)]
    narrow = tuple(each for each in small if each.spacing < spacing)
    mesh = mesh_of(shape, problem.regions, interfaces, Spacing(spacing, narrow), cuts)
    return Elements(mesh, scales.origin[:2], scales.length)


def _on_rim(disc: Disc, discs: Sequence[Disc], shape: Shape) -> float:
    """The spacing along a rim, m: no more than the gap to what is beside it, or triangles would reach across."""
    others = [math.dist(disc.center, each.center) - disc.radius - each.radius for each in discs if each is not disc]
    outline = shape.outline if isinstance(shape, Plate) else shape
    to_side = float(outline.clearance(*torch.tensor([disc.center], dtype=torch.float64).T)) - disc.radius
    gap = max(min([*others, to_side]), LEAST_GAP * disc.radius)
    return min(2.0 * math.pi * disc.radius / ON_RIM, gap)


def instants_of(problem: Problem, finer: float = 1.0, coarser: float = 1.0) -> np.ndarray:
    """Return the instants of time steps that resolve the shortest periods of a problem, s; the only one of a static
    problem.

    finer: by how many times shorter the steps are, as far as they may be; coarser: by how many times longer they are
    than that.
    """
    if problem.domain.is_static:
        return np.array(problem.domain.instants(1))
    first, last = problem.domain.t
    _, shortest = _shortest(problem)
    steps = min(finer * max(STEPS, A_PERIOD * (last - first) / shortest), MOST_STEPS) / coarser
    return np.linspace(first, last, math.ceil(steps) + 1)


def _shortest(problem: Problem) -> tuple[float, float]:
    """The length of the shortest waves, m, in the slowest material, and the shortest period, s."""
    slowest = min(material.c_s for material in problem.materials)
    found = [] if problem.domain.is_static else list(shortest_waves(problem))
    omega = max((each.omega for each in found), default=0.0)
    wave_number = max((each.wave_number for each in found), default=0.0)
    wave_number = max(wave_number, min(omega / slowest, wave_number * problem.reference.c_p / slowest))
    return tuple(2.0 * math.pi / each if each else math.inf for each in (wave_number, omega))  # type: ignore[return-value]
