"""How fine elements and time steps have to be for the error of a wavefield to be right to a few percent of itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from elastic_pinn.physics import Disc, Plate, Problem
from elastic_pinn.physics.domains import Shape
from elastic_pinn.physics.finite_elements import Elements, Slow, Small, Spacing, mesh_of
from elastic_pinn.physics.media.inclusion import interfaces_of
from elastic_pinn.physics.shortest_waves import shortest_waves

PIECES = 14  # of the longer side, at least
A_WAVE = 3.5  # triangles along the shortest waves, each with three nodes along a side
STEPS = 28  # of the window, at least
A_PERIOD = 9  # steps in the shortest period
ON_RIM = 16  # pieces
LEAST_GAP = 0.05  # of a radius: narrower gaps are not resolved
WIDTHS = 2.0  # of a source: around it triangles are as small as it
MOST_TRIANGLES, MOST_STEPS = 30_000, 4_000
TOO_COARSE = 1.2  # times the sides or the steps that are needed: errors of elements grow at least with the square


def why_unresolved(problem: Problem, finer: float = 1.0) -> str:
    """Explain why elements or time steps that resolve a problem's waves would be too many; "" where they are not.

    finer: as of `elements_of`.
    """
    length, period = _shortest(problem)
    spacing, affordable = _spacings(problem, finer)
    if affordable > TOO_COARSE * spacing:
        most, wanted = MOST_TRIANGLES, MOST_TRIANGLES * (affordable / spacing) ** 2
        return (
            f"{_longer_side(problem) / length:,.0f} of the shortest waves fit along the longer side, for which "
            f"{wanted:,.0f} triangles are needed and {most:,} are the most: check the units, or take a smaller window "
            "or longer waves"
        )
    if (steps := _steps(problem, finer)) > TOO_COARSE * MOST_STEPS:
        first, last = problem.domain.t
        return (
            f"{(last - first) / period:,.0f} of the shortest periods fit into the window, for which {steps:,.0f} time "
            f"steps are needed and {MOST_STEPS:,} are the most: check the units, or take a shorter window or lower "
            "frequencies"
        )
    return ""


def elements_of(problem: Problem, finer: float = 1.0, coarser: float = 1.0) -> Elements:
    """Return elements that resolve the shortest waves that a problem is known to have, its circles and its sources.
    Where waves are faster, and longer, they are larger.

    finer: by how many times shorter the sides of triangles are, as far as they may be; coarser: by how many times
    longer they are than that. Raises ValueError where they would be too coarse.
    """
    _require_resolved(problem, finer)
    domain, scales, shape = problem.domain, problem.scales, problem.domain.shape
    spacing = max(_spacings(problem, finer)) * coarser
    discs = problem.discs
    small: list[Small | Slow] = [
        *(
            Small(disc.center, disc.radius, _on_rim(disc, discs, shape) * coarser / finer, is_rim=True)
            for disc in discs
        ),
        *(Small(source.at, WIDTHS * source.width, source.width * coarser / finer) for source in problem.sources),
    ]
    around, *inside = by_region = [spacing * ratio for ratio in _relative_speeds(problem)]
    largest = max(spacing, min(max(by_region), _longer_side(problem) / PIECES / finer * coarser))
    shapes = problem.regions.inclusions
    small += [Slow((inclusion,), each) for inclusion, each in zip(shapes, inside, strict=True)]
    small += [Slow(shapes, around, is_around=True)] if shapes else []
    interfaces = [(each.shape, each.parts) for each in interfaces_of(problem.inclusions, domain)]
    cuts = [part for condition in problem.boundary for part in shape.parts_of(condition.sides)]
    narrow = tuple(each for each in small if each.spacing < largest)
    mesh = mesh_of(shape, problem.regions, interfaces, Spacing(largest, narrow), cuts)
    return Elements(mesh, scales.origin[:2], scales.length)


def size_of(problem: Problem, finer: float = 1.0, coarser: float = 1.0) -> tuple[int, int]:
    """Predict how many triangles and instants elements take, right to some percent but where they are small at circles
    and sources.

    finer, coarser: as of `elements_of`, and so is what is raised.
    """
    _require_resolved(problem, finer)
    spacing = max(_spacings(problem, finer)) * coarser
    triangles = math.ceil(4.0 * _area_of_slowest(problem) / math.sqrt(3.0) / spacing**2)
    return triangles, len(instants_of(problem, finer, coarser))


def _require_resolved(problem: Problem, finer: float) -> None:
    if reason := why_unresolved(problem, finer):
        raise ValueError(reason)


def _longer_side(problem: Problem) -> float:
    """Of the window, m."""
    return max(high - low for low, high in problem.domain.shape.bounds)


def _spacings(problem: Problem, finer: float) -> tuple[float, float]:
    """The sides of triangles that are needed, and the shortest of which there are few enough, m."""
    shortest, _ = _shortest(problem)
    needed = min(_longer_side(problem) / PIECES, shortest / A_WAVE) / finer
    return needed, math.sqrt(4.0 * _area_of_slowest(problem) / math.sqrt(3.0) / MOST_TRIANGLES)


def _area_of_slowest(problem: Problem) -> float:
    """The area on which triangles of the sides that the slowest waves need are as many as those of all regions, m^2."""
    parts = [_area(shape) for shape in problem.regions.inclusions]
    areas = [_area(problem.domain.shape) - sum(parts), *parts]
    return sum(area / ratio**2 for area, ratio in zip(areas, _relative_speeds(problem), strict=True))


def _area(shape: Shape) -> float:
    """Of a shape without its holes, about, m^2."""
    width, height = (high - low for low, high in shape.bounds)
    return width * height


def _relative_speeds(problem: Problem) -> list[float]:
    """By how many times faster, and longer, S waves are in each region than in the slowest."""
    speeds = [material.c_s for material in problem.materials]
    return [speed / min(speeds) for speed in speeds]


def _steps(problem: Problem, finer: float) -> float:
    """The time steps that are needed."""
    if problem.domain.is_static:
        return 0.0
    first, last = problem.domain.t
    _, shortest = _shortest(problem)
    return finer * max(STEPS, A_PERIOD * (last - first) / shortest)


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
    than that. Raises ValueError where they would be too long.
    """
    if problem.domain.is_static:
        return np.array(problem.domain.instants(1))
    _require_resolved(problem, finer)
    steps = min(_steps(problem, finer), MOST_STEPS) / coarser
    return np.linspace(*problem.domain.t, math.ceil(steps) + 1)


def _shortest(problem: Problem) -> tuple[float, float]:
    """The length of the shortest waves, m, in the slowest material, and the shortest period, s."""
    slowest = min(material.c_s for material in problem.materials)
    found = [] if problem.domain.is_static else list(shortest_waves(problem))
    omega = max((each.omega for each in found), default=0.0)
    wave_number = max((each.wave_number for each in found), default=0.0)
    wave_number = max(wave_number, min(omega / slowest, wave_number * problem.reference.c_p / slowest))
    return tuple(2.0 * math.pi / each if each else math.inf for each in (wave_number, omega))  # type: ignore[return-value]
