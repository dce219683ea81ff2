"""What is given of sources, each number of it changed a little: a source that is wider, elsewhere, turned, or shorter.

Width, place, direction and frequency of a source are measured or assumed, never known exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.sources import KnownShape, Local, Source, Total, UnknownPulse, local_in

if TYPE_CHECKING:
    from elastic_pinn.physics.problem import Problem

WIDER = 0.1  # of a width, by which a source is made wider, and moved
TURNED = 5.0  # degrees
FASTER = 0.02  # of a pulse's frequency
VECTORS = "force", "amplitude"
OF_PULSE = {"frequency": (1.0 + FASTER, "more"), "width": (1.0 - FASTER, "less")}
"""Of known pulses what says how long they are, and a factor that makes them shorter."""


@dataclass(frozen=True)
class ChangedSource:
    """A source of which one given number is another.

    Attributes
    ----------
    name
        What is another, as in "the width of the source at (0.012, 0.02) m".
    step
        By how much, as in "10 % more".
    problems
        The shots in which it acts, with it so, by their numbers from 0.
    """

    name: str
    step: str
    problems: dict[int, Problem]


def changed_sources(problem: Problem) -> Iterator[ChangedSource]:
    """Change each number that is given of each source of a problem's shots.

    Parameters
    ----------
    problem
        With one shot or several.

    Yields
    ------
    ChangedSource
        Its width a tenth larger; its place a tenth of its width further along x and along y, where it then is still
        inside, or on its side; its force or amplitude, or its moment, turned by 5 degrees, where that changes it; a
        known pulse 2 % shorter.
    """
    for source in dict.fromkeys(each for shot in problem.shots for each in shot.sources):
        of = "of the source at ({:g}, {:g}) m".format(*source.at)
        for what, step, other in _changes(source):
            with suppress(ProblemError):  # a load that is no longer on its side, a source that is no longer inside
                shots = enumerate(problem.shots)
                problems = {i: _with(shot, source, other) for i, shot in shots if source in shot.sources}
                yield ChangedSource(f"the {what} {of}", step, problems)


def _changes(source: Local) -> Iterator[tuple[str, str, Local]]:
    """What is changed, by how much, and the source then."""
    yield "width", f"{100 * WIDER:g} % more", replace(source, width=(1.0 + WIDER) * source.width)  # type: ignore[type-var]
    further = WIDER * source.width
    for axis, unit in {"x": (1.0, 0.0), "y": (0.0, 1.0)}.items():
        at = tuple(a + further * u for a, u in zip(source.at, unit, strict=True))
        yield f"place along {axis}", f"{further:.2g} m", replace(source, at=at)  # type: ignore[type-var]
    if turned := _turned(source):
        yield "direction", f"{TURNED:g} degrees", replace(source, **turned)  # type: ignore[type-var]
    if isinstance(source, Source):
        yield from _shorter(source)


def _shorter(source: Source) -> Iterator[tuple[str, str, Local]]:
    """A source of which the pulse is known, with a shorter one."""
    known = source.pulse.pulse if isinstance(source.pulse, KnownShape) else source.pulse
    for name, (factor, by) in OF_PULSE.items():
        if not isinstance(known, UnknownPulse) and hasattr(known, name):
            pulse = replace(known, **{name: factor * getattr(known, name)})  # type: ignore[type-var]
            if isinstance(source.pulse, KnownShape):
                pulse = replace(source.pulse, pulse=pulse)
            what = "frequency" if name == "frequency" else "duration"
            yield what, f"{100 * FASTER:g} % {by}", replace(source, pulse=pulse)  # type: ignore[type-var]


def _turned(source: Local) -> dict[str, Any]:
    """The field of what it does, turned; none where that is the same in all directions."""
    angle = math.radians(TURNED)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turned = {name: turn @ getattr(source, name) for name in VECTORS if hasattr(source, name)}
    if hasattr(source, "moment"):
        moment = np.array(source.moment)
        turned = {"moment": turn @ moment @ turn.T}
        if np.allclose(turned["moment"], moment):
            return {}
    return {name: each.tolist() for name, each in turned.items()}


def _with(problem: Problem, source: Local, other: Local) -> Problem:
    """The problem with another source in the place of one, in the same scales."""

    def put(field: Any) -> Any:
        if isinstance(field, Total):
            return Total(tuple(map(put, field.fields)))
        return other if field == source else field

    start = problem.initial
    return replace(
        problem,
        force=put(problem.force),
        boundary=[replace(c, value=put(c.value)) if source in local_in(c.value) else c for c in problem.boundary],
        initial=start and replace(start, displacement=put(start.displacement), velocity=put(start.velocity)),
        displacement_scale=problem.scales.displacement,
        exact=None,
        other_shots=(),
    )
