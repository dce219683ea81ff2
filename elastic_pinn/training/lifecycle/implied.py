"""Settings that a user gave and that contradict what the problem implies."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import torch

from elastic_pinn.config import Config
from elastic_pinn.error_estimate import why_no_estimate
from elastic_pinn.networks.config import WITHOUT_LAYERS
from elastic_pinn.physics import Problem
from elastic_pinn.readable import percent
from elastic_pinn.training.optimizers.least_squares import LEAST_RIDGE
from elastic_pinn.training.settings import Settings, chosen
from elastic_pinn.training.settings.system_size import amplitudes_of

USUAL = 0.05  # the tolerance of a plate for which none is set


class Range(NamedTuple):
    """How far a value may be from the implied one, as factors, and what happens below and above."""

    least: float
    most: float
    below: str = ""
    above: str = ""


TOO_LONG = "the shortest waves are missing"
TOO_SHORT = "shorter waves than there are take more amplitudes and points for the same error"
FEW_POINTS = "between so few points the wavefield is arbitrary"
RANGES: Mapping[str, Range] = {
    "input_frequency": Range(0.7, 1.6, TOO_LONG, TOO_SHORT),
    "time_frequency": Range(0.6, math.inf, "the highest frequencies of P waves are missing"),
    "hidden_layers": Range(0.7, math.inf, "so few leave a part of the wavefield out"),
    "interior_points": Range(0.4, math.inf, FEW_POINTS),
    "boundary_points": Range(0.65, math.inf, FEW_POINTS),
    "initial_points": Range(0.2, math.inf, FEW_POINTS),
    "interface_points": Range(0.5, math.inf, FEW_POINTS),
    "weight_boundary": Range(3e-3, 1e4, "the sides are hardly met", "the start and contacts are hardly met"),
    "weight_initial": Range(1e-3, 300.0, "the start is hardly met", "the sides and contacts are hardly met"),
    "weight_interface": Range(3e-3, 1e4, "contacts are hardly met", "the sides and the start are hardly met"),
}
"""Beyond these the error was at least twice as large, on plates and exact fields."""
OF_RIDGE = 0.1  # of the square of the tolerance: a larger ridge adds about as much error as it allows


def far_from_implied(config: Config, problem: Problem, settings: Settings, advice: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each given value that is so far from what the problem implies that the error is larger.

    config: resolved; settings: which of its fields were chosen. advice: other sentences, whose fields are left out.
    Of forward problems with a tolerance, and of plates, that are solved for at once.
    """
    requested = _requested(config, settings)
    if not requested or not _is_solved(config) or why_no_estimate(problem):
        return
    goal, given, others = requested.tolerance, requested.model_fields_set, " ".join(advice)
    for name in RANGES:
        if name not in given or f"{name} = " in others:
            continue
        value = _implied(config, requested, problem, name, settings.levels[0])
        if value is None or not (side := _side(config, problem, name, value)):
            continue
        yield (
            f"{name} = {_short(getattr(config, name))} is far {side} what this problem implies for an error of "
            f"{percent(goal)}, about {_short(value)}: {getattr(RANGES[name], side)}. Set {name} = {_short(value)}"
            f"{_or_leave_it_out(config)}"
        )
    most = float(f"{OF_RIDGE * goal**2:.1g}")
    if "ridge" in given and config.ridge > most:
        yield (
            f"ridge = {config.ridge:.3g} holds back amplitudes that an error of {percent(goal)} needs: set ridge = "
            f"{most:g} or less{_or_leave_it_out(config)}"
        )
    if "precision" in given and (least := LEAST_RIDGE * torch.finfo(getattr(torch, config.precision)).eps) > most:
        yield (
            f"precision = {config.precision!r} holds back amplitudes that an error of {percent(goal)} needs, as a "
            f"ridge of {least:.2g} does: set precision = 'float64'{_or_leave_it_out(config)}"
        )


def implied(config: Config, problem: Problem, settings: Settings) -> dict[str, tuple[Any, str]]:
    """Return what the problem implies for each field that was given, and why: what would be chosen for it if it were
    left unset, beside the others as they are.

    config: resolved; settings: which of its fields were chosen. Of configs with a tolerance, and of plates that are
    solved for at once.
    """
    requested = _requested(config, settings)
    if not requested or not (config.tolerance or (_is_solved(config) and not why_no_estimate(problem))):
        return {}
    bare = requested.model_copy()
    bare.model_fields_set.intersection_update({"network"})
    level, found = settings.levels[0], {}
    for name in chosen(bare, problem, level).keys() & requested.model_fields_set - {"network"}:
        value = _implied(config, requested, problem, name, level)
        if value is not None:
            side = _side(config, problem, name, value) if name in RANGES else ""
            why = f"implied for an error of {percent(requested.tolerance)}"
            found[name] = value, f"{why}: {getattr(RANGES[name], side)}" if side else why
    return found


def _requested(config: Config, settings: Settings) -> Config | None:
    """The config as it was requested, with a tolerance; None where no error is required.

    Where that is none of the config's own, all fields are given: a default has its effect too.
    """
    goal = config.tolerance or (USUAL if config.problem == "plate" else 0.0)
    if not goal:
        return None
    requested = settings.requested(config).model_copy(update={"tolerance": goal})
    if not config.tolerance:
        requested.model_fields_set.update(Config.model_fields)
    return requested


def _side(config: Config, problem: Problem, name: str, value: Any) -> str:
    """Whether a field is far "below" or "above" a value; "" where it is neither."""
    limits = RANGES[name]
    part = _size(config, problem, name) / _size(config.model_copy(update={name: value}), problem, name)
    return "below" if part < limits.least else "above" if part > limits.most else ""


def _is_solved(config: Config) -> bool:
    """Whether the settings are those of a solution by least squares at once."""
    return set(config.stages) == {"last_layer"} and config.network in ("random_features", *WITHOUT_LAYERS)


def _implied(config: Config, requested: Config, problem: Problem, name: str, level: float) -> Any:
    """What would be chosen for a field at a level if it were not given; None for nothing, and without an effect."""
    if _is_unused(config, name):
        return None
    without = requested.model_copy()
    without.model_fields_set.discard(name)
    return chosen(without, problem, level).get(name)


def _is_unused(config: Config, name: str) -> bool:
    """Whether a field has no effect: waves satisfy the equation everywhere, and 0 is no frequency."""
    of_waves = name == "interior_points" and config.network in WITHOUT_LAYERS
    return of_waves or (name == "time_frequency" and not config.time_frequency)


def _size(config: Config, problem: Problem, name: str) -> float:
    """A field's value; of layers, the amplitudes."""
    return float(amplitudes_of(config, problem.regions.count) if name == "hidden_layers" else getattr(config, name))


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(list(value) if isinstance(value, tuple) else value)


def _or_leave_it_out(config: Config) -> str:
    return ", or leave it out" if config.tolerance else ""
