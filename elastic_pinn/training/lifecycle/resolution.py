"""Whether the points, and the features, are enough for the shortest waves that a problem is known to have."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from elastic_pinn.config import Config
from elastic_pinn.networks.config import WITHOUT_LAYERS
from elastic_pinn.physics import Problem
from elastic_pinn.physics.fields import Field, evaluate
from elastic_pinn.physics.points import probe_points
from elastic_pinn.physics.probes import Probe, probes
from elastic_pinn.physics.quantity import FORCE
from elastic_pinn.physics.sources import SHARE, InitialPulse, Source
from elastic_pinn.training.readable import readable, rounded_up

A_WAVE = 3  # interior points along each axis, and in time, of the shortest waves
ON_SIDES = 2  # points along a side and in time, and along each axis at the start
FEATURES_A_CELL = 8  # random features for each cell of a wave's length and period, edges included
AROUND = 2.0  # widths of a source: its own points are counted as if they were spread evenly within this radius
LOOKED_AT = 256  # points of a field
STEP = 1e-4  # of the window's extents, for differences


class Shortest(NamedTuple):
    """The shortest waves that something sends: its name, a wave number, 1/m, and an angular frequency, 1/s."""

    name: str
    wave_number: float
    omega: float


def too_few(config: Config, problem: Problem) -> Iterator[str]:
    """Yield a sentence where points or features are too few, with the numbers that would do.

    The shortest waves are those of pulses and widths, and of functions on the sides, at the start and inside those of
    their root mean square slopes, which the shortest ones are shorter than.
    """
    if problem.domain.is_static:
        return
    inside = config.network not in WITHOUT_LAYERS  # which satisfy the equation everywhere
    source = max(pulsed(problem), key=lambda each: _points_needed(each, problem), default=None)
    if inside and source and config.interior_points < (needed := _points_needed(source, problem)):
        highest = source.pulse.highest_frequency
        short, spread = problem.reference.c_s / highest, 2.0 * math.pi / source.highest_wave_number
        yield (
            f"{source}: at its highest frequency, {readable(highest, 'Hz')}, S waves are {readable(short, 'm')} "
            f"long, and its width takes waves down to {readable(spread, 'm')}; {config.interior_points:,} "
            f"interior points are fewer than {A_WAVE} a wave along x, y and t: set interior_points = {needed} or "
            "more, or give it a larger width"
        )
        return
    found = max(shortest_waves(problem), key=lambda each: each.wave_number, default=None)
    if found and (short_of := _short_of(config, problem, found)):
        settings = " and ".join(f"{name} = {value}" for name, value in short_of.items())
        long, period = readable(2.0 * math.pi / found.wave_number, "m"), readable(2.0 * math.pi / found.omega, "s")
        yield (
            f"{found.name} has waves down to about {long} and {period}, and this window too many of them for "
            f"{_given(config, short_of)}: set {settings} or more"
        )


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


def _short_of(config: Config, problem: Problem, found: Shortest) -> dict[str, object]:
    """The fields of the config that are too small for some waves, with the numbers that would do."""
    x, y, duration = (problem.domain.high - problem.domain.low).tolist()
    across, up = (extent * found.wave_number / (2.0 * math.pi) for extent in (x, y))
    periods = duration * found.omega / (2.0 * math.pi)
    needed = {}
    if config.network not in WITHOUT_LAYERS:
        needed["interior_points"] = A_WAVE**3 * across * up * periods
    if problem.boundary:
        needed["boundary_points"] = ON_SIDES**2 * max(across, up) * periods
    if problem.initial:
        needed["initial_points"] = ON_SIDES**2 * across * up
    short_of: dict[str, object] = {
        name: rounded_up(value) for name, value in needed.items() if getattr(config, name) < value
    }
    features = FEATURES_A_CELL * (across + 1.0) * (up + 1.0) * (periods + 1.0)
    if config.network == "random_features" and config.hidden_layers[-1] < features:
        short_of["hidden_layers"] = [*config.hidden_layers[:-1], rounded_up(features)]
    return short_of


def _given(config: Config, names: dict[str, object]) -> str:
    """What a config has of some fields."""
    texts = {name: f"{getattr(config, name):,} {name.replace('_', ' ')}" for name in names if name != "hidden_layers"}
    features = [f"{config.hidden_layers[-1]:,} features"] if "hidden_layers" in names else []
    return " and ".join([*texts.values(), *features])


def _points_needed(source: Source, problem: Problem) -> int:
    """How many interior points resolve the waves of a source everywhere, and those of its width around it."""
    material, highest = problem.reference, source.pulse.highest_frequency
    x, y, duration = (problem.domain.high - problem.domain.low).tolist()
    spread = 2.0 * math.pi / source.highest_wave_number
    wave = max(material.c_s / highest, spread)
    cells = x * y * duration / wave**2 * min(highest, material.c_p / wave)
    if FORCE in source.quantities:
        (start, end), inside = source.pulse.interval, [each for each in pulsed(problem) if FORCE in each.quantities]
        around = math.pi * (AROUND * source.width / spread) ** 2 * (end - start) * highest
        cells = max(cells, around * len(inside) / SHARE)
    return rounded_up(A_WAVE**3 * cells)
