"""What is above the numbers of a text table: names of columns and their units, as they are or in comments."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path

from elastic_pinn.physics.data.readers.not_numbers import NUMBERS
from elastic_pinn.physics.data.readers.units import is_known, is_mechanical, is_same_unit
from elastic_pinn.physics.data.readers.variables import WORDS, with_units
from elastic_pinn.physics.data.receiver_file import ReceiverFileError

COMMENT = re.compile(r"[#%]+\s*")
NAMES = {word for words in WORDS.values() for word in words}


def split(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line, without quotes and blanks around them."""
    cells = line.split() if delimiter == " " else line.split(delimiter)
    return [cell.strip().strip('"').strip() for cell in cells]


def units_below(body: Sequence[str], delimiters: Collection[str]) -> list[str]:
    """Return the units of a line of them that is below the first, maybe in a comment, "" where there is none of a
    column; [] without such a line."""
    first, second, *others = [*body[:2], *([""] * (2 - len(body[:2]))), *(line for line in body[2:] if line.strip())]
    for line in (second, COMMENT.sub("", second, count=1)):
        for delimiter in delimiters:
            cells = split(line, delimiter)
            below = split(others[0], delimiter) if others else []
            if len(cells) == len(split(first, delimiter)) and (units := _as_units(cells, below)):
                return units
    return []


def headers_of(
    path: Path, lines: Sequence[str], above: int, is_headed: bool, units: Sequence[str], delimiter: str
) -> list[str]:
    """Return the headers of all columns, with their units in brackets, or numbers of columns where nothing names them.

    above: how many lines are above the table, of which the last two may be comments with names and units, as
    numpy.savetxt writes them. is_headed: whether the first line of the table names its columns, or gives their units.
    units: those of the line below this one, if there is one.

    Raises ReceiverFileError for columns of one name, and for units that are told twice and differ.
    """
    first = split(lines[above], delimiter)
    line, names, at = above + 1, first, above + 2
    if not units:
        comments = [(number, _commented(lines[number - 1], delimiter)) for number in (above - 1, above) if number > 0]
        heads = [(0, []), (0, []), *comments, *([(above + 1, first)] if is_headed else [])]
        (line_before, before), (line, names) = heads[-2:]
        below = next((each for each in lines[above + is_headed :] if each.strip()), "")
        is_name = any(cell.lower() in NAMES for cell in names)
        if len(before) == len(names) == len(first) and not is_name:
            units = _as_units(names, split(below, delimiter))
        if units:
            line, names, at = line_before, before, line
    if len(names) != len(first):
        return [f"column_{number}" for number in range(1, len(first) + 1)]
    headers = _with_units(path, names, units, at, is_comment=bool(COMMENT.match(lines[at - 1]))) if units else names
    bare, _ = with_units(headers)
    if twice := [name for name in bare if bare.count(name) > 1]:
        raise ReceiverFileError(
            f"{path}, line {line}: several columns are called {twice[0]!r}, units apart: name each once"
        )
    return headers


def _commented(line: str, delimiter: str) -> list[str]:
    """The cells of a comment; [] of another line."""
    return split(COMMENT.sub("", line, count=1), delimiter) if COMMENT.match(line) else []


def _as_units(cells: Sequence[str], below: Sequence[str]) -> list[str]:
    """The units that cells are, "" where there is none of a column; [] where they are no line of units.

    Each is a unit or nothing, and two or more are units, one of what is asked for: the others may be of what a
    transducer gave, as mV, for which `value_unit` tells what it stands for. A bare 1 is the unit of a strain where the
    others are above numbers: else it is a number of a row that a name begins.
    """
    bare = [cell.strip("()[]").strip() for cell in cells]
    told = [cell for cell in bare if cell.strip("-")]
    sure = [at for at, cell in enumerate(cells) if bare[at] in told and cell != "1"]
    if len(told) < 2 or not all(map(_may_be_unit, told)) or not any(is_mechanical(bare[at]) for at in sure):
        return []
    if "1" in cells and not (len(below) == len(cells) and all(_is_number(below[at]) for at in sure)):
        return []
    return [cell if cell in told else "" for cell in bare]


def _with_units(path: Path, headers: Sequence[str], units: Sequence[str], line: int, is_comment: bool) -> list[str]:
    """Headers with the units of a line below them, where they have none. Raises ReceiverFileError where two differ."""
    names, said = with_units([*headers])
    for name, unit in zip(names, units, strict=True):
        if unit and not is_same_unit(said.get(name, unit), unit):
            left_out = "" if is_comment else f"give skip_rows={line} and units as options, or "
            raise ReceiverFileError(
                f"{path}, line {line}: {name} is in {unit}, and in {said[name]} by the line above: {left_out}mend one "
                "of the two"
            )
    told = [said.get(name, unit) for name, unit in zip(names, units, strict=True)]
    return [f"{name} ({unit})" if unit else name for name, unit in zip(names, told, strict=True)]


def _may_be_unit(cell: str) -> bool:
    """Whether a cell is a unit of anything; a number is none, unless it is 1, the unit of a strain."""
    return cell == "1" or (not _is_number(cell) and is_known(cell))


def _is_number(cell: str) -> bool:
    return any(number.fullmatch(cell) for number in NUMBERS.values())
