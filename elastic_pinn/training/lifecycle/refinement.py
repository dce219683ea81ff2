"""Settings that a tolerance leaves to the library: chosen before training, and refined until the error is below it.

Each refinement is a stage: a network of its own, whose last layer is solved for in one step. The config of a checkpoint
is the resolved one; its tree "settings" says which fields were chosen, and how often they were refined.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.error_estimate import FINER, why_no_estimate, why_undetermined, why_unresolved
from elastic_pinn.networks.config import HELD_AT_ZERO, WITHOUT_LAYERS
from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics import Problem
from elastic_pinn.readable import percent, rounded_up
from elastic_pinn.storage import Snapshot
from elastic_pinn.training.lifecycle.time_limit import TimeLimit
from elastic_pinn.training.lifecycle.unit_doubts import unit_doubts
from elastic_pinn.training.optimizers import OPTIMIZERS, can_be_factored, most_columns
from elastic_pinn.training.session import ESTIMATED, Session
from elastic_pinn.training.settings import NONE_CHOSEN, Settings, chosen
from elastic_pinn.training.settings.cost import cost_of, cost_of_waveforms
from elastic_pinn.training.settings.of_records import why_not_from_records
from elastic_pinn.training.settings.system_size import amplitudes_of

logger = logging.getLogger(__name__)

BY_ELEMENTS = "the network takes no part: finite elements solve for the waveforms"
LEAST_TOLERANCE = 1e-10  # the best rows of exact fields reach some 1e-11 in double precision
TOO_HIGH = 1.5  # times the frequency that a problem implies
MOST = 10  # refinements
STALLED = 0.95  # of the error: a level that leaves more of it is the last
FIRST_LEVELS = 0.0, -0.25, -0.5, -0.75, -1.0, -2.0, -3.0, -4.0  # the first whose system is small enough
LEAST_STEP = 0.25  # levels
TOLERANCES = 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2  # of which one is proposed
SLACK = 1.0  # levels: what lies so little beyond the largest system is tried
STEPS_BY_EXCESS = (1.5, 0.5), (10.0, 1.0), (math.inf, 2.0)
"""How many levels finer the next settings are, by how many times the error is above the tolerance at most."""
BY_RECORDS = ("variable_projection",), ("plane_waves",)
BY_WAVEFORMS = ("full_waveform",), ("plane_waves", "hole_waves", "random_features")
"""Stages and networks that settings of a search are chosen for."""
NEEDED = {"steps", "stages", "stage_steps", "hidden_layers"}
"""Fields without which nothing can be refined."""


def resolved(config: Config, problem: Problem, snapshot: Snapshot | None) -> tuple[Config, Settings]:
    """Return the config with every field that it leaves to the library, and which these are.

    snapshot: of a run that goes on, which keeps its settings. Raises ConfigError for a tolerance that no estimate can
    tell, or with stages or a network that nothing refines.
    """
    if not config.tolerance:
        _require_few_elements(config, problem)
        return config, NONE_CHOSEN
    if config.tolerance < LEAST_TOLERANCE:
        raise ConfigError(
            f"tolerance = {config.tolerance:g}: rounding leaves larger errors; {LEAST_TOLERANCE:g} is the least"
        )
    if problem.unknowns:
        return _for_search(config, problem, snapshot)
    if reason := why_no_estimate(problem):
        fault = f"tolerance = {config.tolerance:g}: no error can be estimated: {reason}; set it to 0"
        raise ConfigError("; ".join([fault, *unit_doubts(config, problem)]))
    if set(config.stages if "stages" in config.model_fields_set else ("last_layer",)) != {"last_layer"}:
        raise ConfigError(
            f"tolerance = {config.tolerance:g} with stages = {list(config.stages)}: only solutions of last_layer are "
            "refined; leave stages out, or set tolerance = 0"
        )
    if not config.estimate_error:
        raise ConfigError("tolerance needs estimate_error = True")
    if "network" in config.model_fields_set and config.network not in (legal := (*WITHOUT_LAYERS, "random_features")):
        raise ConfigError(
            f"tolerance = {config.tolerance:g} with network = {config.network!r}: no settings are chosen for it; "
            f"legal: {', '.join(legal)}, or leave it out"
        )
    if snapshot:
        return _as_before(config, snapshot)
    for level in FIRST_LEVELS:
        values = chosen(config, problem, level)
        settled = config.model_copy(update=values)
        settled.model_copy(update={"tolerance": 0.0})  # which leaves no field open
        if _is_possible(settled, problem):
            return settled, Settings(tuple(values), (level,))
    raise ConfigError(
        f"tolerance = {config.tolerance:g}: hidden_layers = {list(settled.hidden_layers)} with wave numbers up to "
        f"{settled.input_frequency / problem.scales.length:,.3g} 1/m would be needed at least, more than one least "
        f"squares takes ({cost_of(settled, problem).spent}): {_why_so_many(config, problem)}"
    )


def _as_before(config: Config, snapshot: Snapshot) -> tuple[Config, Settings]:
    """The settings that a run which goes on has had."""
    of_run, old = Settings.of(snapshot), Config.from_json(snapshot.config)
    kept = {name: getattr(old, name) for name in of_run.names if name not in config.model_fields_set}
    return config.model_copy(update=kept), of_run


def _for_search(config: Config, problem: Problem, snapshot: Snapshot | None) -> tuple[Config, Settings]:
    """The same of a search for a material, which its verdict refines: see `refined_search`."""
    if snapshot:
        return _as_before(config, snapshot)
    is_determined = not why_undetermined(problem)
    if not is_determined and (reason := why_not_from_records(problem)):
        raise ConfigError(
            f"tolerance = {config.tolerance:g}: {reason}, or where sides and start determine the wavefield; set it to "
            "0, and the settings by hand"
        )
    stages, networks = BY_WAVEFORMS if is_determined else BY_RECORDS
    for name, legal_values in (("network", networks), ("stages", (stages,))):
        if name in config.model_fields_set and getattr(config, name) not in legal_values:
            given = in_one_line(_plain(getattr(config, name)))
            legal = " and ".join(in_one_line(_plain(value)) for value in legal_values)
            raise ConfigError(
                f"tolerance = {config.tolerance:g} with {name} = {given}: settings of a search are chosen for {legal} "
                f"only: leave {name} out, or set tolerance to 0"
            )
    values = chosen(config, problem)
    settled = config.model_copy(update=values)
    settled.model_copy(update={"tolerance": 0.0})  # which leaves no field open
    if not _is_possible(settled, problem):
        raise ConfigError(
            f"tolerance = {config.tolerance:g}: {settled.hidden_layers[0]:,} waves would be needed, more than one "
            f"least squares takes ({cost_of(settled, problem).spent}): take a smaller window of space and time"
        )
    _require_few_elements(settled, problem)
    return settled, Settings(tuple(values))


def _require_few_elements(config: Config, problem: Problem) -> None:
    """Raise ConfigError for a search by waveforms that more elements or time steps resolve than there may be."""
    by_waveforms = any(OPTIMIZERS[each].fits_waveforms for each in config.stages)
    for shot in problem.shots if by_waveforms and problem.unknowns else ():
        if reason := why_unresolved(shot, FINER):
            fault = f"stages = {list(config.stages)}: {reason}; or take 'variable_projection'"
            raise ConfigError("; ".join([fault, *unit_doubts(config, problem)]))


def _why_so_many(config: Config, problem: Problem) -> str:
    """Explain why so many amplitudes are needed: by a frequency that was given, by units, or by the window."""
    given = config.model_fields_set & {"input_frequency", "time_frequency"}
    implied = chosen(Config.model_validate(config.model_dump(include=config.model_fields_set - given)), problem)
    for name in sorted(given):
        if name in implied and getattr(config, name) > TOO_HIGH * implied[name]:
            own = f"{name} = {getattr(config, name):g}"
            return f"{own} was given, and this problem implies {implied[name]:.3g}: leave it out"
    units = " ".join(unit_doubts(config, problem))
    return units or "this window has too many wavelengths and periods: take a smaller one"


def told(config: Config, settings: Settings, problem: Problem) -> str:
    """Say what was chosen, what one solution or a step of a search by waveforms takes, and whether it is too coarse,
    each in a line; "" for nothing."""
    values = ", ".join(f"{name} = {_short(getattr(config, name))}" for name in settings.names)
    lines = [f"chosen for a tolerance of {percent(config.tolerance)}: {values}"] if values else []
    alone, by_waveforms = config.ridge >= HELD_AT_ZERO, any(OPTIMIZERS[each].fits_waveforms for each in config.stages)
    if values:
        lines.append(BY_ELEMENTS if alone else f"each solution: {cost_of(config, problem)}")
    if by_waveforms and problem.unknowns:
        lines.append(cost_of_waveforms(config, problem))
    if values and settings.levels[0] < 0.0:
        lines.append(_too_coarse(settings.requested(config), problem))
    return "\n".join(lines)


def _too_coarse(requested: Config, problem: Problem) -> str:
    """Say that the first settings are too large for one least squares, and for which tolerance they are not."""

    def at(tolerance: float) -> Config:
        return _at(requested.model_copy(update={"tolerance": tolerance}), problem, (0.0,))

    needed = rounded_up(amplitudes_of(at(requested.tolerance), problem.regions.count))
    fits = next((t for t in TOLERANCES if t > requested.tolerance and _is_possible(at(t), problem)), 0.0)
    return (
        f"coarser than the tolerance asks: about {needed:,} amplitudes would be needed, one least squares takes "
        f"{most_columns():,} at most{f'; those for tolerance = {fits:g} are few enough' if fits else ''}"
    )


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else in_one_line(_plain(value))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def refined(session: Session, settings: Settings, limit: TimeLimit) -> tuple[Session, Settings] | str:
    """Return a session that goes on from another with finer settings, or why there is none, "" where none is needed."""
    config, error = session.config, session.metrics.get(ESTIMATED[0], math.nan)
    if not config.tolerance or session.problem.unknowns or error <= config.tolerance:
        return ""
    short = f"the tolerance of {percent(config.tolerance)} is not reached"
    if not math.isfinite(error):
        return f"{short}: there is no estimate of the error, as the log says"
    if not set(settings.names) >= NEEDED:
        given = ", ".join(sorted(NEEDED - set(settings.names)))
        return f"{short}, and nothing is refined where {given} are given: leave them out"
    if len(settings.levels) > MOST:
        return f"{short} after {len(settings.levels) - 1} refinements"
    requested = settings.requested(config)
    step = _step(error / config.tolerance, requested, session.problem, settings.levels)
    if reason := _out_of_reach(session, requested, settings.levels, step):
        return f"{short}: {reason}"
    finer = Settings(settings.names, (*settings.levels, settings.levels[-1] + step))
    cost = cost_of(_at(requested, session.problem, finer.levels), session.problem)
    if not limit.leaves(cost.seconds):
        return f"{short}: the next solution, {cost}, would take longer than the {limit}"
    following = Session(_at(requested, session.problem, finer.levels), session.problem, session.processes)
    following.go_on_from(session)
    logger.info("step %d: estimated error %s; the next solution: %s", session.step, percent(error), cost)
    return following, finer


def _step(excess: float, requested: Config, problem: Problem, levels: Sequence[float]) -> float:
    """How many levels finer, by how many times the error is above the tolerance, as far as it is possible."""
    step = next(step for most, step in STEPS_BY_EXCESS if excess <= most)
    while step > LEAST_STEP and not _is_possible(_at(requested, problem, (*levels, levels[-1] + step)), problem):
        step /= 2.0
    return step


def _at(requested: Config, problem: Problem, levels: Sequence[float]) -> Config:
    """The config at the last of some levels."""
    count = len(levels)
    steps = {"steps": count, "stages": ("last_layer",) * count, "stage_steps": (1,) * (count - 1)}
    return requested.model_copy(update=chosen(requested, problem, levels[-1]) | steps)


def _out_of_reach(session: Session, requested: Config, levels: Sequence[float], step: float) -> str:
    """Explain that the tolerance would take more than is possible, by the error at each level so far; "" where it may
    be met."""
    errors = [each for each in session.history.column(ESTIMATED[0]) if math.isfinite(each)]
    level, finer = levels[-1], _at(requested, session.problem, (*levels, levels[-1] + step))
    if not _is_possible(finer, session.problem):
        spent = cost_of(finer, session.problem).spent
        return (
            f"the next refinement, hidden_layers = {list(finer.hidden_layers)}, would take {spent}, more than one "
            "least squares takes"
        )
    if len(errors) < 2:
        return ""
    gain = (errors[-1] / errors[-2]) ** (1.0 / (level - levels[-2]))  # by each level
    if gain > STALLED:
        return f"the last refinement left {percent(errors[-1] / errors[-2])} of the error"
    needed = level + math.log(requested.tolerance / errors[-1]) / math.log(gain)
    last = max(
        each for each in (level + step + i / 2.0 for i in range(2 * math.ceil(needed - level) + 1))
        if each == level + step or _is_possible(_at(requested, session.problem, (*levels, each)), session.problem)
    )  # fmt: skip
    if needed <= last + SLACK:
        return ""
    largest, enough = (_at(requested, session.problem, (*levels, each)) for each in (last, needed))
    return (
        f"it would take {cost_of(enough, session.problem).spent}. hidden_layers = {list(largest.hidden_layers)}, "
        f"{cost_of(largest, session.problem).spent}, are about as many as one least squares takes, with which about "
        f"{percent(errors[-1] * gain ** (last - level))} would be reached: set that as tolerance"
    )


def _is_possible(config: Config, problem: Problem) -> bool:
    """Whether the amplitudes of a config are few enough to be solved for."""
    return can_be_factored(amplitudes_of(config, problem.regions.count))


def is_too_coarse(config: Config, snapshot: Snapshot) -> bool:
    """Whether a run that has ended is asked for a lower tolerance than it has reached, or again for its own, which a
    time_limit may have kept it from."""
    error = snapshot.history.last.get(ESTIMATED[0], math.nan)
    before = Config.from_json(snapshot.config)
    is_asked = config.tolerance < before.tolerance or (config.tolerance == before.tolerance and before.time_limit)
    return bool(config.tolerance and is_asked and error > config.tolerance)
