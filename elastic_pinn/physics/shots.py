"""Several shots in one solid: each has a wavefield of its own, and all tell of the same unknowns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.data import Receivers
from elastic_pinn.physics.data.found_gains import same_channels, with_gains
from elastic_pinn.physics.errors import ProblemError

if TYPE_CHECKING:
    from elastic_pinn.physics.problem import Problem

SAME = ("domain", "material", "inclusions")


def shots_of(problem: Problem) -> tuple[Problem, ...]:
    """Return each shot of a problem as one of its own, the problem itself first, with the same scales."""
    if not problem.other_shots:
        return (problem,)
    displacement = problem.scales.displacement
    first = replace(problem, other_shots=(), displacement_scale=displacement)
    return first, *(replace(each, displacement_scale=displacement) for each in problem.other_shots)


def without_exact(problem: Problem) -> Problem:
    """Return a problem of whose wavefields none is known."""
    return replace(problem, exact=None, other_shots=tuple(without_exact(each) for each in problem.other_shots))


def names_of_shots(problem: Problem) -> tuple[str, ...]:
    """Return what the records of each shot call it, or its number from 1, where they do not, or call two alike."""
    stated = [each.receivers.records[0].shot if each.receivers else "" for each in (problem, *problem.other_shots)]
    numbers = [str(number) for number in range(1, len(stated) + 1)]
    return tuple(stated if all(stated) and len({*stated}) == len(stated) else numbers)


def records_of_all(problem: Problem) -> Receivers | None:
    """Return the records of all shots together, those of one after those of another; None without any."""
    if problem.receivers is None or not problem.other_shots:
        return problem.receivers
    every = zip(names_of_shots(problem), (problem, *problem.other_shots), strict=True)
    named = [
        replace(records, shot=name)
        for name, shot in every
        for records in (shot.receivers.records if shot.receivers else ())
    ]
    told = {shot.receivers.provenance for shot in (problem, *problem.other_shots) if shot.receivers}
    return Receivers(records=named, provenance=told.pop() if len(told) == 1 else "")


def number_of_shot(problem: Problem, name: str | int) -> int:
    """Return the number of a shot from 0; "" is the first.

    Raises ProblemError for a shot that there is none of.
    """
    names = names_of_shots(problem)
    if name == "":
        return 0
    if str(name) not in names:
        raise ProblemError(f"shot = {name!r}: legal are {', '.join(map(repr, names))}")
    return names.index(str(name))


def channels_of_shots(problem: Problem) -> list[range]:
    """Return the numbers that the channels of each shot have among those of all, as in `records_of_all`."""
    counts = [
        sum(math.prod(each.parts.shape[:2]) for each in shot.receivers.records) if shot.receivers else 0
        for shot in (problem, *problem.other_shots)
    ]
    return [range(first, first + count) for first, count in zip(accumulate(counts, initial=0), counts, strict=False)]


def with_gains_of_shot(problem: Problem, number: int, found: Mapping[int, float]) -> Receivers | None:
    """Return the records of a shot, corrected by gains that were found.

    found: factors by the numbers of channels among those of all shots; of one that recorded in several, any of them.
    """
    every, own = problem.records_of_all_shots, problem.shots[number].receivers
    if every is None or own is None or not found:
        return own
    same, channels = same_channels(every), channels_of_shots(problem)[number]
    of_group = {same[channel]: gain for channel, gain in found.items()}  # a dead channel may be the first of a group
    return with_gains(own, {i: of_group[same[each]] for i, each in enumerate(channels) if same[each] in of_group})


def require_one_solid(problem: Problem) -> None:
    """Raise ProblemError unless all shots are in the same solid and window, and each has records of its own."""
    for number, shot in enumerate(problem.other_shots):
        name = f"other_shots[{number}]"
        if not isinstance(shot, type(problem)):
            raise ProblemError(f"{name} = {in_one_line(shot)}: a Problem is needed")
        if shot.other_shots:
            raise ProblemError(f"{name} has other_shots itself: give all of them to one problem")
        if shot.receivers is None or problem.receivers is None:
            whose = name if shot.receivers is None else "the problem"
            raise ProblemError(f"{whose} has no receivers: a shot tells of the solid by its records alone")
        for part in SAME:
            own, other = getattr(problem, part), getattr(shot, part)
            if not _alike(own, other):
                raise ProblemError(
                    f"{name} has another {part} than the problem, {in_one_line(other)} and not {in_one_line(own)}: "
                    "shots are in one solid and window"
                )
    if problem.other_shots:
        records_of_all(problem)  # refuses one recording as that of two shots


def listed_shots(shots: Problem | Sequence[Problem]) -> tuple[Any, ...]:
    """Return one shot or several as a tuple."""
    return tuple(shots) if isinstance(shots, (list, tuple)) else (shots,)


def _alike(one: object, other: object) -> bool:
    return one is other or one == other
