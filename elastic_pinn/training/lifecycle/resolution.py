"""Whether the points, and the features, are enough for the shortest waves that a problem is known to have."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

from elastic_pinn.config import Config
from elastic_pinn.networks.config import WITHOUT_LAYERS
from elastic_pinn.physics import Problem
from elastic_pinn.physics.quantity import FORCE
from elastic_pinn.physics.shortest_waves import Shortest, pulsed, shortest_waves
from elastic_pinn.physics.sources import SHARE, Source
from elastic_pinn.readable import readable, rounded_up
from elastic_pinn.training.lifecycle.advised import Advice

A_WAVE = 3  # interior points along each axis, and in time, of the shortest waves
ON_SIDES = 2  # points along a side and in time, and along each axis at the start
FEATURES_A_CELL = 8  # random features for each cell of a wave's length and period, edges included
AROUND = 2.0  # widths of a source: its own points are counted as if they were spread evenly within this radius


def too_few(config: Config, problem: Problem, chosen: Collection[str] = ()) -> Iterator[str]:
    """Yield a sentence where points or features are too few, with the numbers that would do.

    The shortest waves are those of pulses and widths, and of functions on the sides, at the start and inside those of
    their root mean square slopes, which the shortest ones are shorter than. chosen: fields that are left out, since
    they were not given.
    """
    if problem.domain.is_static:
        return
    inside = config.network not in WITHOUT_LAYERS and "interior_points" not in chosen  # which waves do not need
    source = max(pulsed(problem), key=lambda each: _points_needed(each, problem), default=None)
    if inside and source and config.interior_points < (needed := _points_needed(source, problem)):
        highest = source.pulse.highest_frequency
        short, spread = problem.reference.c_s / highest, 2.0 * math.pi / source.highest_wave_number
        yield Advice(
            f"{source}: at its highest frequency, {readable(highest, 'Hz')}, S waves are {readable(short, 'm')} "
            f"long, and its width takes waves down to {readable(spread, 'm')}; {config.interior_points:,} "
            f"interior points are fewer than {A_WAVE} a wave along x, y and t: set interior_points = {needed} or "
            "more, or give it a larger width",
            f"{A_WAVE} points a wave along x, y and t of the highest frequency of the source",
            interior_points=needed,
        )
        return
    found = max(shortest_waves(problem), key=lambda each: each.wave_number, default=None)
    if found and (short_of := _short_of(config, problem, found, chosen)):
        settings = " and ".join(f"{name} = {value}" for name, value in short_of.items())
        long, period = readable(2.0 * math.pi / found.wave_number, "m"), readable(2.0 * math.pi / found.omega, "s")
        yield Advice(
            f"{found.name} has waves down to about {long} and {period}, and this window too many of them for "
            f"{_given(config, short_of)}: set {settings} or more",
            f"enough for the waves of {found.name}, down to about {long} and {period}",
            **{name: tuple(value) if isinstance(value, list) else value for name, value in short_of.items()},
        )


def _short_of(config: Config, problem: Problem, found: Shortest, chosen: Collection[str]) -> dict[str, object]:
    """The fields of the config that are too small for some waves, but for those chosen, with the numbers that do."""
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
    return {name: value for name, value in short_of.items() if name not in chosen}


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
