"""Sources at one place: those of one transducer, of which one number is off by the same for all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

from elastic_pinn.physics.plus_minus import UNITS
from elastic_pinn.physics.sources.local import Local
from elastic_pinn.physics.sources.places import OFF

ALIKE = 1e-9  # relative


def of_one_transducer(one: Local, other: Local) -> bool:
    """Return whether two sources are at one place, so that they are off alike."""
    return math.dist(one.at, other.at) <= OFF * min(one.width, other.width)


def stated_unlike(sources: Sequence[Local]) -> Iterator[tuple[int, int, str]]:
    """Find sources of one transducer of which what is stated of a number differs.

    Parameters
    ----------
    sources
        All that act, of all shots.

    Yields
    ------
    int, int, str
        The two sources' numbers from 0, and how they differ, as "at_plus_minus is 0.001 m of one and 0 of the other".
    """
    for (i, one), (k, other) in combinations(enumerate(sources), 2):
        if not of_one_transducer(one, other):
            continue
        for name, unit in UNITS.items():
            if name == "direction" and not (one.has_direction and other.has_direction):
                continue
            first, second = getattr(one.plus_minus, name), getattr(other.plus_minus, name)
            if not math.isclose(first, second, rel_tol=ALIKE):
                yield i, k, f"{name}_plus_minus is {first:g} {unit} of one and {second:g} {unit} of the other"
