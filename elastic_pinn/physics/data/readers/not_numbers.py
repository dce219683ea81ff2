"""What text in the place of numbers may be, and what helps: names, instants, thousands, or another decimal sign."""

from __future__ import annotations

import re
from collections.abc import Sequence

NUMBERS = {
    ".": re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|nan|", re.IGNORECASE),
    ",": re.compile(r"[-+]?(\d+,?\d*|,\d+)([eE][-+]?\d+)?|nan|", re.IGNORECASE),
}
"""A number by its decimal sign; nothing is a gap."""
INSTANT = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|(\d{1,2}:)?\d{1,2}:\d{1,2}([.,]\d+)?Z?")
THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:([,.'’\s])\d{3})(?:\1\d{3})*(?:(?!\1)[.,]\d*)?")
MOSTLY = 0.5  # of a column's cells


def are_names(cells: Sequence[str]) -> bool:
    """Return whether most cells of a column are text that is no number in any way to write one, nor an instant."""
    return sum(map(_is_name, cells)) > MOSTLY * len(cells)


def what_helps(cell: str, cells: Sequence[str], column: str, decimal: str, signs: str = "decimal") -> str:
    """Return that a cell is no number, and what helps, as the end of a sentence.

    cells: of its column, as far as these tell what it holds. column: its name. signs: the options by which the table
    would be read in another way.
    """
    where = f"{cell[:40]!r}{column and f' in the column {column}'} is no number"
    if _is_name(cell) and are_names(cells):
        return (
            f"{where}, and most there are names: give the column as receiver_column, if it names receivers, or leave "
            "it out by value_columns (with time_column, and x_column and y_column in a long table)"
        )
    if INSTANT.fullmatch(cell):
        return (
            f"{where} but an instant: write seconds since the first in its place, or take that column out of the file "
            "and give time_step (or sampling_rate)"
        )
    other = NUMBERS["," if decimal == "." else "."]
    if THOUSANDS.fullmatch(cell) and not other.fullmatch(cell):
        return f"{where} with separators of thousands: write all numbers without these"
    return f"{where}: mend it, or give {signs}" if other.fullmatch(cell) else f"{where}: mend it, or leave it empty"


def _is_name(cell: str) -> bool:
    return not any(way.fullmatch(cell) for way in (*NUMBERS.values(), INSTANT, THOUSANDS))
