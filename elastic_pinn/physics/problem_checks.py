"""What the parts of a problem must be, and how they must fit together."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.conditions import Initial, SideCondition
from elastic_pinn.physics.data import Receivers
from elastic_pinn.physics.domains import Domain, Part
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.media.medium import Medium
from elastic_pinn.physics.sources import field_of, local_in
from elastic_pinn.physics.sources.transducers import stated_unlike

if TYPE_CHECKING:
    from elastic_pinn.physics.problem import Problem

LEAST_FILLED = 0.1  # of the window, by what records may have been meant to be

Array = np.ndarray[Any, Any]


def check_parts(problem: Problem) -> None:
    """Raise ProblemError for a part of the wrong type, and for two conditions on one side."""
    wanted: dict[str, tuple[object, str, tuple[type, ...]]] = {
        "domain": (problem.domain, "a Domain", (Domain,)),
        "material": (problem.material, "a Material or a Medium", (Material, Medium)),
        "initial": (problem.initial, "an Initial", (Initial, type(None))),
        "receivers": (problem.receivers, "a Receivers, as from Receivers.load,", (Receivers, type(None))),
    }
    for i, condition in enumerate(problem.boundary):
        wanted[f"boundary[{i}]"] = (condition, "a condition, as Displacement or Traction,", (SideCondition,))
    for role, (part, needed, kinds) in wanted.items():
        if not isinstance(part, kinds):
            raise ProblemError(f"{role} = {in_one_line(part)}: {needed} is needed")
    object.__setattr__(problem, "force", field_of(problem.force, "force"))
    object.__setattr__(problem, "exact", field_of(problem.exact, "exact"))
    if not 0.0 <= problem.displacement_scale < math.inf:
        raise ProblemError(f"displacement_scale = {problem.displacement_scale} m: it must be above 0, or 0 to find it")
    _check_overlaps(problem)


def check_sources(problem: Problem) -> None:
    """Raise ProblemError for a source that cannot act as it is meant to, as one outside the domain."""
    starts_at_rest = problem.initial is not None and problem.initial.is_rest
    for statement in problem.statements:
        for source in local_in(statement.target):
            source.require_sound(statement, problem.domain, starts_at_rest)


def check_transducers(problem: Problem) -> None:
    """Raise ProblemError for sources of one transducer, of one shot or several, that are stated to be off unlike."""
    sources = [source for shot in (problem, *problem.other_shots) for source in shot.sources]
    for i, k, how in stated_unlike(sources):
        raise ProblemError(
            f"{sources[i]} and {sources[k]} are at one place, and so of one transducer, and {how}: state the same "
            "plus_minus of both"
        )


def _check_overlaps(problem: Problem) -> None:
    """Raise ProblemError for two conditions on one side, or on parts of it that overlap."""
    seen: list[tuple[SideCondition, Part]] = []
    for condition in problem.boundary:
        parts = problem.domain.shape.parts_of(condition.sides)
        own = [other for i, part in enumerate(parts) for other in parts[:i] if part.overlaps(other)]
        if own:
            raise ProblemError(f"{condition}: its parts of the side {own[0].side} overlap")
        if twice := sorted({p.side for p in parts for one, q in seen if p.overlaps(q) and condition.shares(one)}):
            raise ProblemError(
                f"boundary: two conditions on the side {' and '.join(twice)}, each of which prescribes all there: "
                "give each condition sides of its own"
            )
        seen += [(condition, part) for part in parts]


def check_receivers_inside(problem: Problem) -> None:
    """Raise ProblemError for data outside the window, where the equation is not imposed: mostly a matter of units."""
    if problem.receivers is None:
        return
    shots = list(dict.fromkeys(each.shot for each in problem.receivers.records))
    if len(shots) > 1:
        named = " and ".join(repr(shot) for shot in shots)
        raise ProblemError(
            f"the records are of the shots {named}, each a wavefield of its own: take those of one, and give each of "
            "the others as a Problem in other_shots"
        )
    xy, t = problem.receivers.places, np.array(problem.receivers.span)  # (R, 2) in m, (2,) in s
    for name, values in (("x", xy[:, 0]), ("y", xy[:, 1]), ("t", t)):
        low, high = getattr(problem.domain, name)
        if not _within(values, (low, high)):
            unit, remedy = ("s", _remedy_of_times(problem, t)) if name == "t" else ("m", _remedy_of_places(problem, xy))
            raise ProblemError(
                f"the receivers' {name} goes from {values.min():g} to {values.max():g} {unit}, outside the window's "
                f"{low:g} to {high:g} {unit}: {remedy}"
            )
    inside = problem.domain.shape.contains(*torch.from_numpy(problem.receivers.places).unbind(1))
    if not inside.all():
        x, y = problem.receivers.places[int((~inside).nonzero()[0])]
        others = f", and {int((~inside).sum()) - 1} others" if (~inside).sum() > 1 else ""
        raise ProblemError(
            f"a receiver at x = {x:g} m, y = {y:g} m lies {problem.domain.shape.whereabouts(x, y)}{others}: receivers "
            "must be in the solid or on its sides"
        )


def _within(values: Array, ends: tuple[float, float]) -> bool:
    """Whether all values are between two ends, but for rounding, where the window is what the receivers span."""
    return not any(_beyond(values, ends))


def _beyond(values: Array, ends: tuple[float, float]) -> tuple[bool, bool]:
    """Whether some values are below two ends, and whether some are above."""
    slack = 1e-9 * (ends[1] - ends[0])
    return bool(values.min() < ends[0] - slack), bool(values.max() > ends[1] + slack)


def _remedy_of_places(problem: Problem, xy: Array) -> str:
    """What would bring receivers (R, 2) into the window: another size of it, or what people mistake positions for."""
    (x, y), middle = (problem.domain.x, problem.domain.y), np.mean([problem.domain.x, problem.domain.y], axis=1)
    readings = {
        "with x and y swapped": xy[:, ::-1],
        "with the middle of the window as their origin": xy + middle,
        **{f"as numbers in {unit}": xy * size for unit, size in {"cm": 1e-2, "mm": 1e-3, "um": 1e-6}.items()},
    }
    ways = [
        f"; {words} all would be inside"
        for words, each in readings.items()
        if _within(each[:, 0], x) and _within(each[:, 1], y) and (_fills(each[:, 0], x) or _fills(each[:, 1], y))
    ]
    return "".join(["widen the domain, or mend the units", *ways])


def _remedy_of_times(problem: Problem, t: Array) -> str:
    """What would bring instants, the first and the last, (2,), into the window."""
    first, last = problem.domain.t
    readings = {f"as numbers in {unit}": size * t for unit, size in {"ms": 1e-3, "us": 1e-6, "ns": 1e-9}.items()}
    earlier = f"leave out what was recorded before {first:g} s (ep.processing.cut, or keep_time in 07_own_data)"
    is_early, is_late = _beyond(t, (first, last))
    ways = [earlier] * is_early + ["widen t"] * is_late
    inside = [words for words, each in readings.items() if _within(each, (first, last)) and _fills(each, (first, last))]
    return ", ".join([*ways, "or mend the units"]) + "".join(f"; {words} all would be inside" for words in inside)


def _fills(values: Array, ends: tuple[float, float]) -> bool:
    """Whether values span so much of the window that they may well be meant so."""
    return bool(np.ptp(values) >= LEAST_FILLED * (ends[1] - ends[0]))
