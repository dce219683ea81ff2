"""Numbers in sentences."""

from __future__ import annotations

import math


def rounded_up(value: float) -> int:
    """Round up to two digits."""
    unit = 10 ** max(0, math.floor(math.log10(value)) - 1)
    return math.ceil(value / unit) * unit


def readable(value: float, unit: str) -> str:
    """Write a number with a suitable prefix of its unit, such as 7.85 mm."""
    power = min(3, max(-4, math.floor(math.log10(value) / 3))) if value > 0 else 0
    return f"{value / 1000.0**power:.3g} {'pnµm kMG'[power + 4].strip()}{unit}"


def percent(part: float) -> str:
    """Return a part in percent, with two digits or, from 100 % on, with all before the point."""
    value = 100.0 * part
    return f"{value:.0f} %" if value >= 9.5 else f"{value:.2g} %"
