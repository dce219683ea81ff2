"""How a text file is a table: its delimiter and decimal sign, its head, and whether all rows are alike.

All of it is checked before numbers are read, in pieces, so that a fault is told by its line and costs no memory.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from elastic_pinn.errors import ConfigError
from elastic_pinn.physics.data.readers.not_numbers import NUMBERS, what_helps
from elastic_pinn.physics.data.readers.text_heads import headers_of, split, units_below
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions

DELIMITERS = {",": ",", ";": ";", "tab": "\t", "space": " "}
LOOKED_AT = 40  # lines, by which delimiter and decimal sign are found
LINE_END = re.compile(r"\r\n|\n|\r")
LINES = re.compile(rb"\r\n|\n|\r")
LEAST_LINES = 8
HEAD = 1 << 16  # bytes
PIECE = 1 << 24  # bytes
Way = tuple[str, str]
"""A delimiter and a decimal sign."""
Bytes = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class TextTable:
    """The delimiter and the decimal sign, the headers, and the number of lines above the first row of numbers."""

    delimiter: str
    decimal: str
    headers: list[str]
    lines_above: int


def look_at(path: Path, options: ImportOptions) -> TextTable:
    """Find out how a text file is a table. Raises ReceiverFileError for a file that is none, or may be two."""
    head = _head(path)
    lines = LINE_END.split(head)
    above = options.skip_rows
    while above < len(lines) and (lines[above].startswith(("#", "%")) or not lines[above].strip()):
        above += 1
    body = lines[above : above + LOOKED_AT]
    if not body:
        raise ReceiverFileError(f"{path} is empty below its first {above} lines: give a file with a table of numbers")
    numbered = list(enumerate(body, above + 1))  # by their lines in the file
    units = units_below(body, _delimiters(options))
    if units:
        del body[1], numbered[1]
    ways = [
        (delimiter, decimal)
        for delimiter in _delimiters(options)
        for decimal in NUMBERS
        if options.decimal in (None, decimal) and delimiter != decimal
    ]
    if not ways:
        raise ConfigError(f"delimiter and decimal are both {options.decimal!r}: no number could be read")
    good = _fitting(body, ways)
    if not good:
        if begin := _begin_below(lines[above:], ways):
            raise ReceiverFileError(
                f"{path}: a table begins at line {above + begin + 1}, below lines that are none: give "
                f"skip_rows={above + begin} to leave these out"
            )
        untried = [way for way in product(DELIMITERS.values(), NUMBERS) if way not in ways and way[0] != way[1]]
        raise ReceiverFileError(_no_table(path, numbered, ways, _fitting(body, untried), options))
    if len(good) > 1:
        raise ReceiverFileError(f"{path} can be read in several ways: give {_named(good)}")
    [(delimiter, decimal)] = good
    first = split(body[0], delimiter)
    is_headed = bool(units) or not all(NUMBERS[decimal].fullmatch(cell) for cell in first)
    is_counted = first in ([str(number + start) for number in range(len(first))] for start in (0, 1))
    if len(first) > 2 and is_counted and not units:
        raise ReceiverFileError(
            f"{path}, line {above + 1}: {', '.join(first[:3])} ... number the columns, or are a sample: give "
            f"skip_rows={above + 1} to leave them out, or write 0.0 for 0"
        )
    headers = headers_of(path, lines, above, is_headed, units, delimiter)
    return TextTable(delimiter, decimal, headers, above + is_headed + bool(units))


def _begin_below(lines: list[str], ways: Sequence[Way]) -> int:
    """How many lines that an instrument wrote are above a table of numbers; 0: none, or one has as many cells as the
    rows of numbers, and may be one of these that is at fault."""
    for above in range(1, min(LOOKED_AT, len(lines) - 1)):
        body = lines[above : above + LOOKED_AT]
        good = _fitting(body, ways) if lines[above].strip() else []
        if len(good) == 1 and _columns_of_text(body, *good[0]) == 0:
            cells, *others = (list(filter(None, split(line, good[0][0]))) for line in (lines[above], *lines[:above]))
            return above * all(len(each) != len(cells) for each in others)
    return 0


def _fitting(body: list[str], ways: Sequence[Way]) -> list[Way]:
    """The ways that make tables of most numbers; those that make the same cells are one: no cell has a decimal sign
    then, or a tab is the only blank."""
    texts = {way: found for way in ways if (found := _columns_of_text(body, *way)) is not None}
    fitting = [way for way, found in texts.items() if found == min(texts.values())]
    rows = [line for line in body if line.strip()]
    return list({str([split(line, way[0]) for line in rows]): way for way in reversed(fitting)}.values())


def _named(ways: Sequence[Way]) -> str:
    names = {sign: name for name, sign in DELIMITERS.items()}
    return " or ".join(f"delimiter={names.get(sign, sign)!r}, decimal={decimal!r}" for sign, decimal in ways)


def _delimiters(options: ImportOptions) -> Collection[str]:
    """The delimiters to try: all, or the one that is given. Raises ConfigError for one of several signs."""
    if not options.delimiter:
        return DELIMITERS.values()
    given = DELIMITERS.get(options.delimiter, options.delimiter)
    if len(given) != 1:
        raise ConfigError(f"delimiter = {options.delimiter!r}: one sign is needed, or {', '.join(DELIMITERS)}")
    return [given]


def _head(path: Path) -> str:
    """The first lines, as text. Raises ReceiverFileError for a file that is empty, or no text."""
    with path.open("rb") as file:
        start = file.read(HEAD)
        while len(LINES.findall(start)) < LEAST_LINES and (more := file.read(3 * len(start))):
            start += more
        if file.read(1):  # the last line is not all there
            start = start[: max(start.rfind(b"\n"), start.rfind(b"\r")) + 1] or start
    if not start.strip():
        raise ReceiverFileError(f"{path} is empty: give a file with a table of numbers")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ReceiverFileError(f"{path} is UTF-16 text: save it as UTF-8")
    if b"\0" in start:
        raise ReceiverFileError(f"{path} is binary from byte {start.index(0)} on, and no text: check which file it is")
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(start)
    except UnicodeDecodeError as error:
        line = start[: error.start].count(b"\n") + 1
        raise ReceiverFileError(f"{path}, line {line}: {_not_utf8(error)}") from None


def _not_utf8(error: UnicodeDecodeError) -> str:
    return f"a byte {error.object[error.start]:#04x} is not UTF-8: save the file as UTF-8"


def _columns_of_text(lines: list[str], delimiter: str, decimal: str) -> int | None:
    """How many columns hold no numbers, as names do; None unless rows of two numbers or more are equally long, maybe
    below one line of headers."""
    rows = [split(line, delimiter) for line in lines if line.strip()]
    rows = rows[1:] or rows
    cells = [[bool(NUMBERS[decimal].fullmatch(cell)) for cell in row] for row in rows]
    widths = {len(row) for row in rows}
    is_like_first = len(split(lines[0], delimiter)) in widths
    if not is_like_first or len(widths) != 1 or widths == {1}:
        return None
    numbers = sum(map(all, zip(*cells, strict=True)))
    return widths.pop() - numbers if numbers >= 2 else None


def _no_table(
    path: Path, lines: list[tuple[int, str]], ways: list[Way], untried: list[Way], options: ImportOptions
) -> str:
    """Why no way of reading makes a table of numbered lines: by the way that splits the first into most columns, unless
    one does that the options exclude."""
    if untried:
        signs = {"delimiter": options.delimiter, "decimal": options.decimal}
        excluded = ", ".join(f"{name}={sign!r}" for name, sign in signs.items() if sign)
        return f"{path} is no table by {excluded}, but is one by {_named(untried)}: give these, or neither"
    delimiter, decimal = max(ways, key=lambda way: len(split(lines[min(1, len(lines) - 1)][1], way[0])))
    rows = [(number, split(line, delimiter)) for number, line in lines if line.strip()]
    first, width = rows[0][0], len(rows[0][1])
    for line, row in rows[1:]:
        has_none = not any(NUMBERS[decimal].fullmatch(cell) for cell in row)
        if has_none and width == len(row) > 1 and (line, row) != rows[-1]:
            return f"{path}, line {line}: no number in {', '.join(row)[:80]!r}: take this line out of the file"
        if len(row) != width and width > 1:
            return (
                f"{path}, line {line}: {len(row)} columns, where line {first} has {width}: give each as many, or "
                "skip_rows, delimiter and decimal"
            )
        for at, cell in enumerate(row):
            if not NUMBERS[decimal].fullmatch(cell) and len(row) > 1:
                below = [each[at] for _, each in rows[1:] if len(each) == len(row)]
                return f"{path}, line {line}: {what_helps(cell, below, '', decimal, 'delimiter or decimal')}"
    given = f" by delimiter={options.delimiter!r}" if options.delimiter else " by comma, semicolon, tab or space"
    return f"{path}, line {first}: no table of two columns or more{given}: give delimiter, decimal or skip_rows"


def require_alike(path: Path, table: TextTable) -> int:
    """Raise ReceiverFileError unless each row has as many columns as the head, in UTF-8 text. Return the rows."""
    decoder, line, rows = codecs.getincrementaldecoder("utf-8")(), 0, 0
    for piece in _pieces(path):
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as error:
            at = line + piece[: error.start].count(b"\n") + 1
            raise ReceiverFileError(f"{path}, line {at}: {_not_utf8(error)}") from None
        widths, count = _widths(np.frombuffer(piece, dtype=np.uint8), table.delimiter)
        above = max(0, table.lines_above - line)
        odd = np.flatnonzero((widths != len(table.headers)) & (widths > 0) & (np.arange(count) >= above))
        if len(odd):
            raise ReceiverFileError(
                f"{path}, line {line + odd[0] + 1}: {widths[odd[0]]} columns, where the first row has "
                f"{len(table.headers)}: give each row as many"
            )
        rows += int((widths[above:] > 0).sum())
        line += count
    if not rows:
        raise ReceiverFileError(f"{path} has no row of numbers below line {table.lines_above}: give one with samples")
    return rows


def _pieces(path: Path) -> Iterator[bytes]:
    """The file in pieces of whole lines, whose ends are all one line feed."""
    rest = b""
    with path.open("rb") as file:
        while block := file.read(PIECE):
            if block.endswith(b"\r"):
                block += file.read(1)
            block = rest + block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            cut = block.rfind(b"\n") + 1
            rest = block[cut:]
            if cut:
                yield block[:cut]
    if rest:
        yield rest + b"\n"


def _widths(text: Bytes, delimiter: str) -> tuple[np.ndarray[Any, np.dtype[np.int64]], int]:
    """The number of columns of each line, 0 of an empty one, and the number of lines."""
    is_end = text == ord("\n")
    ends = np.flatnonzero(is_end)
    if delimiter == " ":
        is_blank = is_end | (text == ord(" ")) | (text == ord("\t"))
        starts = ~is_blank
        starts[1:] &= is_blank[:-1]
        cells = np.searchsorted(np.flatnonzero(starts), ends)
        return np.diff(cells, prepend=0), len(ends)
    signs = np.searchsorted(np.flatnonzero(text == ord(delimiter)), ends)
    lengths = np.diff(ends, prepend=-1) - 1
    return np.where(lengths > 0, np.diff(signs, prepend=0) + 1, 0), len(ends)
