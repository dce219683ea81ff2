"""CSV: text tables, long and wide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from elastic_pinn.physics.data.readers.csv_text import NUMBERS, TextTable, look_at, require_alike, split
from elastic_pinn.physics.data.readers.tables import traces_of_table
from elastic_pinn.physics.data.readers.traces import Missing, Traces, require_size
from elastic_pinn.physics.data.readers.variables import Variables, with_units
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions


def read(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read a table of text. Raises ReceiverFileError for a file that is none."""
    table, text = read_table(path, options)
    return traces_of_table(table, text.lines_above + 1, options, missing)


def read_table(path: Path, options: ImportOptions, names: tuple[str, ...] = ()) -> tuple[Variables, TextTable]:
    """Return the columns of a text file, and how it was read; those of `names`, and such as name receivers,
    shots and directions, may hold text."""
    text = look_at(path, options)
    rows = require_alike(path, text)
    require_size(path, 8 * rows * len(text.headers), options, " once it is numbers, it")
    headers, units = with_units(text.headers)
    words = {"direction", "shot", *([] if options.receiver_column else ["receiver"])}
    as_text = {name for name in headers if name.lower() in words or name in (*names, options.receiver_column)}
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


def _first_fault(path: Path, text: TextTable, headers: list[str], as_text: set[str]) -> str:
    """The first cell that is no number, by its line and column."""
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, 1):
            if number <= text.lines_above or not line.strip():
                continue
            for name, cell in zip(headers, split(line, text.delimiter), strict=False):
                if name not in as_text and not NUMBERS[text.decimal].fullmatch(cell):
                    fault = f"{cell[:40]!r} in the column {name} is no number: mend it, or give decimal"
                    return f"{path}, line {number}: {fault}"
    return f"{path} is no table of numbers: check delimiter and decimal sign"
