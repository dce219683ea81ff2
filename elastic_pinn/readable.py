"""Numbers and durations in sentences."""

from __future__ import annotations

import math

TWO_DIGITS_S = 10.0  # shorter durations have decimals
UNITS = (3600.0, 1.0), (86400.0, 60.0), (math.inf, 3600.0)
"""Up to so many s a duration is written in whole units of so many s."""
ROUNDED_TO = (10.0, 1.0), (120.0, 5.0), (7200.0, 60.0), (math.inf, 300.0)
"""Up to so many s an estimated duration is rounded to so many s."""


def rounded_up(value: float) -> int:
    """Round up to two digits.

    Parameters
    ----------
    value
        A positive number.

    Returns
    -------
    int
        The next number of two digits and zeros; below 10 the next whole one.
    """
    unit = 10 ** max(0, math.floor(math.log10(value)) - 1)
    return math.ceil(value / unit) * unit


def readable(value: float, unit: str) -> str:
    """Write a number with a suitable prefix of its unit, such as 7.85 mm.

    Parameters
    ----------
    value
        The number, in the unit.
    unit
        The unit's symbol, without a prefix.

    Returns
    -------
    str
        Three digits, and the unit with its prefix; "infinite" and "-infinite" for infinity, "unknown" for NaN.
    """
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else "infinite" if value > 0 else "-infinite"
    power = min(3, max(-4, math.floor(math.log10(abs(value)) / 3))) if value else 0
    return f"{value / 1000.0**power:.3g} {'pnµm kMG'[power + 4].strip()}{unit}"


def duration(seconds: float) -> str:
    """Write a duration with its units, such as 0.42 s, 21 s, 3 min 20 s, 2 h 05 min or 3 days 4 h.

    Parameters
    ----------
    seconds
        The duration, s.

    Returns
    -------
    str
        Rounded to the smallest unit that it is written in; "unknown" for NaN and infinity.
    """
    if not math.isfinite(seconds):
        return "unknown"
    if seconds < TWO_DIGITS_S:
        return f"{seconds:.2g} s"
    whole = next(whole for most, unit in UNITS if (whole := round(unit * round(seconds / unit))) < most)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} day{'s' * (days > 1)} {hours} h".removesuffix(" 0 h")
    if hours:
        return f"{hours} h {minutes:02d} min".removesuffix(" 00 min")
    return f"{minutes} min {rest:02d} s".removesuffix(" 00 s") if minutes else f"{rest} s"


def about(seconds: float) -> str:
    """Write an estimated duration with fewer digits, at least 1 s, such as 7 s, 40 s, 3 min or 2 h 05 min.

    Parameters
    ----------
    seconds
        The duration, s.

    Returns
    -------
    str
        As of `duration`.
    """
    if not math.isfinite(seconds):
        return duration(seconds)
    unit = next(unit for most, unit in ROUNDED_TO if seconds < most)
    return duration(max(1.0, unit * round(seconds / unit)))


def percent(part: float, digits: int = 2) -> str:
    """Write a part in percent.

    Parameters
    ----------
    part
        1 is the whole.
    digits
        Of a smaller number than has so many before the point; of a larger one all before the point are written.

    Returns
    -------
    str
        The number, and the sign.
    """
    value = 100.0 * part
    return f"{value:.0f} %" if value >= 10.0 ** (digits - 1) - 0.5 else f"{value:.{digits}g} %"
