"""Runs of a table that fulfil a condition, or whose row contains some words."""

from __future__ import annotations

import re

import pandas as pd
from pandas.errors import UndefinedVariableError

OPERATOR = re.compile(r"[<>=!&|()]")  # a text with one is a condition
ASSIGNMENT = re.compile(r"(?<![<>=!])=(?!=)")
EXAMPLE = "error < 1e-3 and status == 'completed'"
ENDS_OPEN = re.compile(r"(<|>|=|!|&|\||\band|\bor|\bnot|\bin)\s*$")  # an operator without a right side
PAIRS = (("(", ")"), ("[", "]"), ("'", "'"), ('"', '"'))


def matching(table: pd.DataFrame, wanted: str) -> pd.DataFrame:
    """Return the rows that fulfil a condition on the columns; for any other text, those that contain its words.

    Raises ValueError for an invalid or incomplete condition, unless a row contains it literally: "seed=1".
    """
    if not wanted.strip():
        return table
    try:
        found = table.eval(wanted)
        if not (isinstance(found, pd.Series) and pd.api.types.is_bool_dtype(found)):
            raise ValueError(f"{wanted} is neither true nor false")
        return table[found]
    except Exception as error:  # pandas raises many kinds of errors
        fault, is_operation = _open_end(table, wanted), OPERATOR.search(wanted)
        words = [wanted.strip().lower()] if is_operation else wanted.lower().split()
        texts = [" ".join(cell for cell in row if isinstance(cell, str)).lower() for row in table.itertuples()]
        found = table[[all(word in text for word in words) for text in texts]]
        if (fault or is_operation) and not len(found):
            columns = ", ".join(map(str, [table.index.name, *table]))
            raise ValueError(f"not a condition: {fault or _reason(error, wanted)}; columns: {columns}") from error
        return found


def _open_end(table: pd.DataFrame, wanted: str) -> str:
    """Return what a condition lacks at its end; "" if it is complete."""
    if operator := ENDS_OPEN.search(wanted):
        return f"it is incomplete, for nothing follows {operator[1]!r}"
    for first, last in PAIRS:
        if wanted.count(first) != wanted.count(last) or (first == last and wanted.count(first) % 2):
            return f"it is incomplete, for {first} is not closed"
    if wanted.strip() in [table.index.name, *table]:
        return f"it is incomplete, for {wanted.strip()} has to be compared with something, as in {EXAMPLE}"
    return ""


def _reason(error: Exception, wanted: str) -> str:
    """Return why pandas refused the condition, in terms of the table."""
    if isinstance(error, UndefinedVariableError):
        _, name, _ = str(error).split("'")
        return f"no column is called {name} (texts stand in quotes)"
    if ASSIGNMENT.search(wanted):
        return "equality is written ==, not ="
    return f"one reads {EXAMPLE}"
