"""The shortest waves that a problem's sources and fields are known to send."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from elastic_pinn.physics.fields import Field, evaluate
from elastic_pinn.physics.points import probe_points
from elastic_pinn.physics.probes import Probe, probes
from elastic_pinn.physics.sources import InitialPulse, Source

if TYPE_CHECKING:
    from elastic_pinn.physics.problem import Problem

LOOKED_AT = 256  # points of a field
STEP = 1e-4  # of the window's extents, for differences


class Shortest(NamedTuple):
    """The shortest waves that something sends: its name, a wave number, 1/m, and an angular frequency, 1/s."""

    name: str
    wave_number: float
    omega: float


def pulsed(problem: Problem) -> list[Source]:
    """Return the sources that have a pulse."""
    return [source for source in problem.sources if isinstance(source, Source)]


def shortest_waves(problem: Problem) -> Iterator[Shortest]:
    """Yield the shortest waves of each source, and of each function on the sides, at the start and inside."""
    material = problem.reference
    for source in problem.sources:
        if isinstance(source, InitialPulse):
            yield Shortest(str(source), source.highest_wave_number, source.highest_wave_number * material.c_s)
    for pulse in pulsed(problem):
        highest = 2.0 * math.pi * pulse.pulse.highest_frequency
        wave_number = pulse.highest_wave_number_at(material.c_s)
        yield Shortest(str(pulse), wave_number, min(highest, wave_number * material.c_p))
    for probe in (each.without_sources() for each in probes(problem) if each.name != "exact"):
        if probe.field:
            in_space, in_time = _slopes(probe, probe.field, problem)
            wave_number = max(in_space, in_time / material.c_p)
            if wave_number:
                yield Shortest(probe.name, wave_number, max(in_time, wave_number * material.c_s))


def _slopes(probe: Probe, field: Field, problem: Problem) -> tuple[float, float]:
    """The root mean square slope of a field in space, 1/m, and in time, 1/s, relative to that of its values; of a field
    on the sides in time alone, since it may mean nothing beside them."""
    domain, (along_x, along_y, in_time) = problem.domain, torch.eye(3, dtype=torch.float64)
    points, normals = probe.place.at(probe_points(probe.place.dimensions, LOOKED_AT))  # (N, 3)
    extents, middle = domain.high - domain.low, (domain.high + domain.low) / 2.0

    def slope(axis: Tensor) -> float:
        step = STEP * extents * axis * torch.where(points > middle, -1.0, 1.0)  # (N, 3)
        moved = points + step
        here = domain.shape.contains(*moved[:, :2].unbind(1))  # (N,)
        if not here.any():
            return 0.0
        values, others = evaluate(field, points[here]), evaluate(field, moved[here])
        size = float(values.norm())
        return float((others - values).norm()) / size / float(step.abs().max()) if size else 0.0

    in_space = 0.0 if len(normals) else math.hypot(slope(along_x), slope(along_y))
    return in_space, 0.0 if probe.place.kind == "initial" else slope(in_time)
