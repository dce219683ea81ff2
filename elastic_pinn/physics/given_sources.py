"""What is given of sources, one number of it changed a little: a source that is wider, elsewhere, turned, or shorter.

Width, place, direction and pulse of a source are measured or assumed, never known exactly, nor are strength and time of
one beside others. Where it acts alone, the size and the clock of all records tell these.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.plus_minus import EXACT
from elastic_pinn.physics.shots import names_of_shots
from elastic_pinn.physics.sources import KnownShape, Local, SideLoad, Source, Total, UnknownPulse, local_in
from elastic_pinn.physics.sources.places import freely, ways_of
from elastic_pinn.physics.sources.transducers import of_one_transducer

if TYPE_CHECKING:
    from elastic_pinn.physics.problem import Problem

WIDER = 0.1  # of a width, by which a source is made wider, and moved
TURNED = 5.0  # degrees
SHORTER = 0.02  # of a pulse's time
LONGER = 0.1  # of the cycles of a burst
STRONGER = 0.05  # of a force, moment or amplitude
LATER = 0.05  # of a period of a pulse's highest frequency
MOST_NAMED = 3  # shots
PLACE = "place along"
MOST_TOLD = 9.0  # steps: what is estimated from small changes is no number then
VECTORS = "force", "amplitude"
INSTANTS = "center", "start"
"""What of known pulses says when they are."""
OF_PULSE = {"frequency": 1.0 / (1.0 - SHORTER), "width": 1.0 - SHORTER}
"""What of known pulses says how long they are, and a factor that makes them shorter."""


class Step(NamedTuple):
    """A change of a given number: what it is, how large, and templates of it and of its opposite in words."""

    what: str
    size: float
    more: str
    less: str

    def told(self, steps: float = 1.0) -> str:
        """Say what so many steps make of a source, as in "10 % larger"."""
        template, count = self.more if steps >= 0.0 else self.less, abs(steps)
        beyond = "more than " if count > MOST_TOLD else ""
        return template.format(f"{beyond}{min(count, MOST_TOLD) * self.size:.2g}")

    def in_steps_of(self, other: Step) -> float:
        """Return how many such steps change the number by as much as another one, in its direction."""
        return (1.0 if self.more == other.more else -1.0) * other.size / self.size


@dataclass(frozen=True)
class ChangedSource:
    """A source of which one given number is another.

    Attributes
    ----------
    source
        Which, as in "the source at (0.012, 0.02) m".
    place
        Where it is given, x and y in m; of several sources of one transducer, the place of the first.
    step
        The change of the number.
    problems
        The shots in which the source acts, by their numbers from 0, each with the changed one in its place.
    plus_minus
        One standard deviation that is stated of the number, in steps; 0 where it is exact.
    """

    source: str
    place: tuple[float, float]
    step: Step
    problems: Mapping[int, Problem]
    plus_minus: float


def changed_sources(problem: Problem) -> Iterator[ChangedSource]:
    """Change each number that is given of each source of a problem's shots.

    Parameters
    ----------
    problem
        With one shot or several.

    Yields
    ------
    ChangedSource
        Its width a tenth larger; its place a tenth of its width further along x and along y, or, of a load, along its
        side, or less far where that is outside; its force, amplitude or moment turned by 5 degrees, where that changes
        it; a known pulse 2 % shorter, of a burst a tenth more cycles; and, of one that acts beside others, its strength
        5 % more, and its pulse later by a twentieth of a period, where these are not sought.
    """
    sources = list(dict.fromkeys(each for shot in problem.shots for each in shot.sources))
    for source, name in zip(sources, _named(sources, problem), strict=True):
        shots = {i: shot for i, shot in enumerate(problem.shots) if source in shot.sources}
        is_alone = all(len(shot.sources) == 1 for shot in shots.values())
        for ways in chain(_changes(source, problem), [] if is_alone else _beside_others(source)):
            for step, other in ways:
                try:
                    problems = {i: _with(shot, source, other) for i, shot in shots.items()}
                except ProblemError:  # it is no longer inside, or on its side
                    continue
                place = next(each.at for each in sources if of_one_transducer(each, source))
                yield ChangedSource(name, place, step, problems, _stated(source, step))
                break


def _stated(source: Local, step: Step) -> float:
    """One standard deviation that is stated of a number, in steps; 0 where it is exact."""
    stated = source.plus_minus
    if step.what == "width":
        return 100.0 * stated.width / source.width / step.size
    size = stated.at if step.what.startswith(PLACE) else stated.direction if step.what == "direction" else 0.0
    return size / step.size


def _named(sources: Sequence[Local], problem: Problem) -> list[str]:
    """The names of sources, by their places, by the shots where they act in some of several, and by their numbers from
    1 where these are alike."""
    names = []
    for source in sources:
        acting = [
            name for name, shot in zip(names_of_shots(problem), problem.shots, strict=True) if source in shot.sources
        ]
        more = f" and {len(acting) - MOST_NAMED} more" if len(acting) > MOST_NAMED else ""
        of = f" of shot {', '.join(acting[:MOST_NAMED])}{more}" if len(acting) < len(problem.shots) else ""
        names.append("at ({:g}, {:g}) m".format(*source.at) + of)
    often = Counter(names)
    return [f"the source {f'{i} ' * (often[name] > 1)}{name}" for i, name in enumerate(names, 1)]


def _changes(source: Local, problem: Problem) -> Iterator[list[tuple[Step, Local]]]:
    """Each change of a source: the step and the source then, and others to take where that is not possible."""
    wider = Step("width", 100.0 * WIDER, "{} % larger", "{} % smaller")
    yield [(wider, _changed(source, width=(1.0 + WIDER) * source.width))]
    yield from _moved(source, problem)
    if turned := _turned(source):
        step = Step("direction", TURNED, "turned by {} degrees", "turned by -{} degrees")
        yield [(step, _changed(source, **turned))]
    if isinstance(source, Source):
        yield from _shorter(source)


def _moved(source: Local, problem: Problem) -> Iterator[list[tuple[Step, Local]]]:
    """Moved along x and y, or, of a load, or one on a side of which the place is stated to be off, along the side."""
    size, is_held = WIDER * source.width, isinstance(source, SideLoad) or source.plus_minus.at
    held = ways_of(source.at, source.width, problem.domain.shape) if is_held else []
    for way in held or freely(source.at):
        yield [
            (Step(f"{PLACE} {way.name}", size, *way.words[::sign]), _changed(source, at=way.at(sign * size)))
            for sign in (1, -1)
        ]


def _turned(source: Local) -> dict[str, Any]:
    """The field of what it does, turned; none where that is the same in all directions."""
    angle = math.radians(TURNED)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    if hasattr(source, "moment"):
        return {"moment": (turn @ np.array(source.moment) @ turn.T).tolist()} if source.has_direction else {}
    return {name: (turn @ getattr(source, name)).tolist() for name in VECTORS if hasattr(source, name)}


def _shorter(source: Source) -> Iterator[list[tuple[Step, Local]]]:
    """A source of which the pulse is known, with a shorter one, or with more cycles."""
    for name, factor in OF_PULSE.items():
        if pulse := _with_pulse(source, name, factor):
            yield [(Step("pulse", 100.0 * SHORTER, "{} % shorter", "{} % longer"), pulse)]
    if longer := _with_pulse(source, "cycles", 1.0 + LONGER):
        yield [(Step("number of cycles", 100.0 * LONGER, "{} % larger", "{} % smaller"), longer)]


def _beside_others(source: Local) -> Iterator[list[tuple[Step, Local]]]:
    """A source that acts beside others, stronger, or later, where this is not sought."""
    pulse = source.pulse if isinstance(source, Source) else None
    if not (isinstance(pulse, UnknownPulse) and pulse.is_size_unknown):
        names = [name for name in (*VECTORS, "moment") if hasattr(source, name)]
        stronger = {name: ((1.0 + STRONGER) * np.array(getattr(source, name))).tolist() for name in names}
        yield [(Step("strength", 100.0 * STRONGER, "{} % larger", "{} % smaller"), _changed(source, **stronger))]
    if not isinstance(source, Source) or (isinstance(pulse, KnownShape) and pulse.is_time_unknown):
        return
    later = LATER / source.pulse.highest_frequency
    for name in INSTANTS:
        if moved := _with_pulse(source, name, later=later):
            yield [(Step("time", later, "{} s later", "{} s earlier"), moved)]


def _with_pulse(source: Source, name: str, factor: float = 1.0, later: float = 0.0) -> Local | None:
    """A source with a field of its known pulse times a factor, or later; None where that has none, or is unknown."""
    shape = source.pulse if isinstance(source.pulse, KnownShape) else None
    known = shape.pulse if shape else source.pulse
    if isinstance(known, UnknownPulse) or not dataclasses.is_dataclass(known) or not hasattr(known, name):
        return None
    pulse = _changed(known, **{name: factor * getattr(known, name) + later})
    if shape:
        other = replace(shape, pulse=pulse)
        # Delays follow the highest frequency: the first one stays, from which an origin time is counted.
        within = shape.origin_within + shape.lead - other.lead
        pulse = replace(other, origin_within=within) if shape.is_time_unknown else other
    return _changed(source, pulse=pulse)


def _changed(part: Any, **fields: Any) -> Any:
    """`replace` of a source or pulse: each is a dataclass, but not by its base class."""
    return replace(part, **fields)


def _with(problem: Problem, source: Local, other: Local) -> Problem:
    """The problem with another source in the place of one, all of them exact, in the same scales: one that is moved may
    be so near to an end of its side that its place is not sure to be there."""

    def put(field: Any) -> Any:
        if isinstance(field, Total):
            return Total(tuple(map(put, field.fields)))
        now = other if field == source else field
        return _changed(now, plus_minus=EXACT) if isinstance(now, Local) else now

    start = problem.initial
    return replace(
        problem,
        force=put(problem.force),
        boundary=[replace(c, value=put(c.value)) if local_in(c.value) else c for c in problem.boundary],
        initial=start and replace(start, displacement=put(start.displacement), velocity=put(start.velocity)),
        displacement_scale=problem.scales.displacement,
        exact=None,
        other_shots=(),
    )
