"""Better values than those of a config, each with the reason: what was chosen or is implied, what advice tells to set,
and what trained networks reached the least error with."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import torch

from elastic_pinn.config import Config
from elastic_pinn.networks.held import Held
from elastic_pinn.physics import Displacement, Plate, Problem, ProblemError, Rectangle
from elastic_pinn.training.config import SOLVING
from elastic_pinn.training.lifecycle.advised import Advice
from elastic_pinn.training.lifecycle.implied import implied
from elastic_pinn.training.optimizers.least_squares import LEAST_RIDGE
from elastic_pinn.training.settings import Settings

OF_TOLERANCE = "chosen for the tolerance"
_prescribed: WeakKeyDictionary[Problem, bool] = WeakKeyDictionary()  # none is kept in memory for it


class Recommendation(NamedTuple):
    """A better value, and in one line why."""

    value: Any
    why: str


def recommended(
    config: Config, problem: Problem, settings: Settings, advice: Collection[str]
) -> dict[str, Recommendation]:
    """Return recommendations by the names of fields that were requested with other values.

    config: resolved; settings: which of its fields were chosen. advice: of this config, whose values are among those
    returned, or smaller ones.
    """
    shown = settings.requested(config)
    found = {name: Recommendation(getattr(config, name), OF_TOLERANCE) for name in settings.names}
    for source in (_trained(config, problem), _precise(config), implied(config, problem, settings)):
        found |= {name: Recommendation(*each) for name, each in source.items()}
    for each in (sentence for sentence in advice if isinstance(sentence, Advice)):
        for name, value in each.values.items():
            if name not in found or _is_larger(value, found[name].value):
                found[name] = Recommendation(value, each.reason)
    return {name: each for name, each in found.items() if each.value not in (None, getattr(shown, name))}


def _is_larger(value: Any, other: Any) -> bool:
    """Whether a number is larger than another; of layers, whether any is."""
    if isinstance(value, tuple):
        return len(value) != len(other) or any(map(_is_larger, value, other))
    return bool(value > other)


def _precise(config: Config) -> dict[str, tuple[Any, str]]:
    """Of least squares, whatever is solved for."""
    if not {*config.stages} & {*SOLVING} or config.precision == "float64":
        return {}
    least = LEAST_RIDGE * torch.finfo(torch.float32).eps
    return {"precision": ("float64", f"float32 holds back amplitudes of a solution as a ridge of {least:.2g} does")}


def _trained(config: Config, problem: Problem) -> dict[str, tuple[Any, str]]:
    """Of an MLP that is trained, as measured: tests/benchmarks/README.md, under ablation."""
    if config.network != "mlp" or {*config.stages} & {*SOLVING}:
        return {}
    found: dict[str, tuple[Any, str]] = {
        "activation": ("sin", "sines were the most exact on two of three problems of the ablation"),
        "sampling": ("sobol", "Sobol points left the least error of all samplings on each problem of the ablation"),
    }
    if not config.hard_conditions and config.form == "displacement" and _is_prescribed_all_around(problem):
        found["hard_conditions"] = (
            ("start", "sides"), "start and sides that hold exactly left a hundredth of the error of A' in the ablation",
        )  # fmt: skip
    if (
        isinstance(shape := problem.domain.shape, Plate)
        and config.initialization == "glorot"
        and not config.periodic_axes
    ):
        found["hole_inputs"] = (
            len(shape.holes), "what spreads from a hole is steep beside its rim, and smooth in these inputs",
        )  # fmt: skip
    if problem.unknowns and problem.receivers and problem.boundary and config.weight_data < config.weight_boundary:
        found["weight_data"] = (
            config.weight_boundary, "beside heavier sides, records led a search in the ablation to a wrong material",
        )  # fmt: skip
    return found


def _is_prescribed_all_around(problem: Problem) -> bool:
    """Whether start and sides can hold exactly, and no side is free; worked out once: a form asks at each key."""
    if problem not in _prescribed:
        _prescribed[problem] = _can_hold(problem)
    return _prescribed[problem]


def _can_hold(problem: Problem) -> bool:
    """Whether start and sides can hold exactly, and no side is free: beside these it did harm."""
    sides = all(isinstance(each, Displacement) and not each.component for each in problem.boundary)
    if not sides or problem.open_sides or problem.receivers or not isinstance(problem.domain.shape, Rectangle):
        return False
    try:
        Held.of(problem, ("start", "sides"))
    except ProblemError:
        return False
    return True
