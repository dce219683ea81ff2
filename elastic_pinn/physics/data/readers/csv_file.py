"""CSV: text tables, long and wide."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from elastic_pinn.physics.data.readers.csv_text import LOOKED_AT, TextTable, look_at, require_alike
from elastic_pinn.physics.data.readers.not_numbers import NUMBERS, are_names, what_helps
from elastic_pinn.physics.data.readers.tables import traces_of_table
from elastic_pinn.physics.data.readers.text_heads import split
from elastic_pinn.physics.data.readers.traces import Missing, Traces, require_size
from elastic_pinn.physics.data.readers.variables import WORDS, Variables, with_units
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions


def read(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read a table of text. Raises ReceiverFileError for a file that is none."""
    table, text = read_table(path, options)
    return traces_of_table(table, text.lines_above + 1, options, missing)


def read_table(path: Path, options: ImportOptions, names: tuple[str, ...] = ()) -> tuple[Variables, TextTable]:
    """Return the columns of a text file, and how it was read; those of `names`, and such as name receivers,
    shots and directions, may hold text.

    So may what `value_columns` leaves out: a column of names that nothing is read of.
    """
    text = look_at(path, options)
    rows = require_alike(path, text)
    require_size(path, 8 * rows * len(text.headers), options, " once it is numbers, it")
    headers, units = with_units(text.headers)
    words = {"direction", "shot", *([] if options.receiver_column else ["receiver"])}
    as_text = {name for name in headers if name.lower() in words or name in (*names, options.receiver_column)}
    as_text |= _left_out(path, text, headers, options)
    columns = _columns(path, text, headers, as_text)
    return Variables(path, columns, units), text


def _columns(path: Path, text: TextTable, headers: list[str], as_text: set[str]) -> dict[str, np.ndarray[Any, Any]]:
    import pandas as pd  # slow to import, and needed for tables only

    types = {name: str if name in as_text else np.float64 for name in headers}
    try:
        frame = pd.read_csv(
            path,
            sep=r"\s+" if text.delimiter == " " else text.delimiter,
            decimal=text.decimal,
            names=headers,
            header=None,
            index_col=False,
            skiprows=text.lines_above,
            skip_blank_lines=True,
            dtype=types,
            skipinitialspace=True,
            na_values=["nan", "NaN", "NAN", ""],
            keep_default_na=False,
            encoding="utf-8",
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise ReceiverFileError(_first_fault(path, text, headers, as_text)) from error
    for name in headers:
        if name not in as_text and np.isinf(frame[name].to_numpy()).any():
            raise ReceiverFileError(f"{path}: the column {name} has values that are infinite: leave such cells empty")
    return {name: frame[name].to_numpy() for name in headers}


def _left_out(path: Path, text: TextTable, headers: list[str], options: ImportOptions) -> set[str]:
    """The columns of names of which nothing is read, where the options tell which columns hold the values."""
    if not options.value_columns:
        return set()
    read = {*options.value_columns, *(getattr(options, f"{role}_column", "") for role in WORDS)}
    free = [name for name in headers if name not in read and all(name.lower() not in words for words in WORDS.values())]
    columns = dict(zip(headers, zip(*_first_rows(path, text), strict=True), strict=True))
    return {name for name in free if are_names(columns[name])}


def _rows(path: Path, text: TextTable) -> Iterator[tuple[int, list[str]]]:
    """The lines below the head by their numbers, as cells."""
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if number > text.lines_above and line.strip():
                yield number, split(line, text.delimiter)


def _first_rows(path: Path, text: TextTable) -> list[list[str]]:
    return [cells for _, cells in islice(_rows(path, text), LOOKED_AT)]


def _first_fault(path: Path, text: TextTable, headers: list[str], as_text: set[str]) -> str:
    """The first cell that is no number, by its line and column."""
    for number, row in _rows(path, text):
        for at, (name, cell) in enumerate(zip(headers, row, strict=False)):
            if name not in as_text and not NUMBERS[text.decimal].fullmatch(cell):
                cells = [each[at] for each in _first_rows(path, text)]
                return f"{path}, line {number}: {what_helps(cell, cells, name, text.decimal)}"
    return f"{path} is no table of numbers: check delimiter and decimal sign"
