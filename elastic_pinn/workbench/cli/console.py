"""Plain text for terminals and pipes: aligned tables, units, and no control characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    pass


def clean(text: str) -> str:
    """Return text with unprintable characters, such as the escape sequences of a foreign file, escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def print_line(line: str = "") -> None:
    """Print one line, cleaned."""
    typer.echo(clean(line).rstrip())


def table_lines(rows: Iterable[Sequence[str]], right: Iterable[int] = (), indent: int = 2) -> list[str]:
    """Return lines with aligned columns, those numbered in `right` flush right; cells are cleaned first."""
    cells = [[clean(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    sides = [">" if at in set(right) else "<" for at in range(len(widths))]
    lines = ["  ".join(f"{c:{s}{w}}" for c, s, w in zip(row, sides, widths, strict=True)) for row in cells]
    return [" " * indent + line.rstrip() for line in lines]


def print_table(rows: Iterable[Sequence[str]], right: Iterable[int] = (), indent: int = 2) -> None:
    """Print aligned columns, see `table_lines`."""
    for line in table_lines(rows, right, indent):
        typer.echo(line)


def format_number(value: float) -> str:
    """Return a measured value to six digits; "-" for NaN."""
    return "-" if value != value else f"{value:.6g}"


def format_size(count: int) -> str:
    """Return a number of bytes in a suitable unit."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count} B"
