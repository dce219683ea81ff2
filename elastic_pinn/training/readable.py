"""Numbers and durations in sentences."""

from __future__ import annotations

import math

TWO_DIGITS_S = 10.0  # shorter durations have decimals
ROUNDED_TO = (10.0, 1.0), (120.0, 5.0), (7200.0, 60.0), (math.inf, 300.0)
"""Up to so many s an estimated duration is rounded to so many s."""


def rounded_up(value: float) -> int:
    """Round up to two digits."""
    unit = 10 ** max(0, math.floor(math.log10(value)) - 1)
    return math.ceil(value / unit) * unit


def readable(value: float, unit: str) -> str:
    """Write a number with a suitable prefix of its unit, such as 7.85 mm."""
    power = min(3, max(-4, math.floor(math.log10(value) / 3))) if value > 0 else 0
    return f"{value / 1000.0**power:.3g} {'pnµm kMG'[power + 4].strip()}{unit}"


def duration(seconds: float) -> str:
    """Write a duration with its units, such as 0.42 s, 21 s, 3 min 20 s, 2 h 05 min or 3 days 4 h."""
    if seconds < TWO_DIGITS_S:
        return f"{seconds:.2g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} day{'s' * (days > 1)} {hours} h"
    if hours:
        return f"{hours} h {minutes:02d} min".removesuffix(" 00 min")
    return f"{minutes} min {rest:02d} s".removesuffix(" 00 s") if minutes else f"{rest} s"


def about(seconds: float) -> str:
    """Write an estimated duration with fewer digits, at least 1 s, such as 7 s, 40 s, 3 min or 2 h 05 min."""
    unit = next(unit for most, unit in ROUNDED_TO if seconds < most)
    return duration(max(1.0, unit * round(seconds / unit)))


def percent(part: float) -> str:
    """Return a part in percent, with two digits or, from 100 % on, with all before the point."""
    value = 100.0 * part
    return f"{value:.0f} %" if value >= 9.5 else f"{value:.2g} %"
