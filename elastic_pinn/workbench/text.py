"""Format numbers and texts for display."""

from typing import Any

LARGEST_INTEGER = 1e15  # floats up to this are written with all digits


def format_duration(seconds: float) -> str:
    """Return a duration as 0:42, 12:05 or 3:00:00."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def truncate(text: str, width: int = 60) -> str:
    """Return a text, cut to a width."""
    return text if len(text) <= width else text[: width - 3] + "..."


def format_value(value: Any) -> str:
    """Return a value as text: a float to six digits, as 0.87, an integer with all its digits."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if value.is_integer() and abs(value) < LARGEST_INTEGER else f"{value:.6g}"


def percent(part: float) -> str:
    """Return a part in percent, with two digits or, from 100 % on, with all before the point."""
    value = 100.0 * part
    return f"{value:.0f} %" if value >= 9.5 else f"{value:.2g} %"


def is_missing(value: Any) -> bool:
    """Return whether a cell of a table is empty: None, NaN, NaT."""
    return value is None or value != value
