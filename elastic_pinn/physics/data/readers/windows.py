"""Windows of time and space as they are given: each end with its unit, or a number in the SI unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from elastic_pinn.physics.data.readers.units import factor, in_si
from elastic_pinn.physics.errors import ProblemError

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers

Of = Literal["x", "y", "time"]
WIDER = 100.0  # times what was recorded: such a window is rather one of numbers in another unit
USUAL = {"length": ("mm", "cm", "um"), "time": ("us", "ms", "ns")}
"""Units in which numbers alone may be meant."""


def ends_of(given: Sequence[str | float], of: Of, option: str, unit: float = 1.0) -> tuple[float, float]:
    """Return the ends of a window in m or s; numbers alone are in a unit of that size.

    Raises ConfigError, naming the option, for text that is no length, or time.
    """
    first, last = (in_si(each, _quantity(of), option, unit) for each in given)
    return first, last


def require_unit(receivers: Receivers, given: Sequence[str | float], of: Of, option: str) -> Receivers:
    """Return receivers as they are.

    Raises ProblemError for a window with a number alone that is far wider than what was recorded, with the unit that
    may be meant.
    """
    low, high = receivers.span if of == "time" else _extent(receivers, of)
    first, last = ends_of(given, of, option)
    if all(isinstance(each, str) for each in given) or not abs(last - first) >= WIDER * (high - low) > 0.0:
        return receivers

    def is_off(unit: str) -> float:
        ends = ends_of(given, of, option, factor(unit, _quantity(of), option))
        return abs(math.log(abs(ends[1] - ends[0]) / (high - low))) if ends[1] != ends[0] else math.inf

    unit, si = min(USUAL[_quantity(of)], key=is_off), "s" if of == "time" else "m"
    meant = [each if isinstance(each, str) else f"{each:g} {unit}" for each in given]
    there = "records are from" if of == "time" else f"receivers are at {of} from"
    raise ProblemError(
        f"{first:g} to {last:g} {si}, and {there} {low:.4g} to {high:.4g} {si}: give numbers with their unit, as "
        f"{meant}"
    )


def _quantity(of: Of) -> Literal["length", "time"]:
    return "time" if of == "time" else "length"


def _extent(receivers: Receivers, of: Of) -> tuple[float, float]:
    places = receivers.places[:, "xy".index(of)]
    return float(places.min()), float(places.max())
