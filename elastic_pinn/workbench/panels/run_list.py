"""A table of runs to choose from, with a filter."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd
from pandas.errors import UndefinedVariableError

from elastic_pinn.physics.media.material import unit_of
from elastic_pinn.workbench.figures.labels import fit_labels, without_hashes
from elastic_pinn.workbench.fit_columns import UNREADABLE
from elastic_pinn.workbench.panels.callbacks import acknowledge
from elastic_pinn.workbench.run_table import run_row, run_rows, table_of
from elastic_pinn.workbench.text import format_value, is_missing

FIRST = 6  # runs that are chosen at first: the newest
ROWS = 12  # visible at once
NAME_LENGTH = 80  # characters of a name that are shown
OPERATOR = re.compile(r"[<>=!&|()]")  # a text with one is a condition
ASSIGNMENT = re.compile(r"(?<![<>=!])=(?!=)")
EXAMPLE = "error < 1e-3 and status == 'completed'"
ENDS_OPEN = re.compile(r"(<|>|=|!|&|\||\band|\bor|\bnot|\bin)\s*$")  # an operator without a right side
PAIRS = (("(", ")"), ("[", "]"), ("'", "'"), ('"', '"'))
# Head and lines are in one box that scrolls sideways, so that each title stays above its column.
MONOSPACED = """<style>.runs-table > * {width: max-content !important; min-width: 100%; max-width: none; margin: 0}
.runs select {font-family: var(--jp-code-font-family); white-space: pre; overflow-x: hidden; width: 100%; padding: 0}
.runs select option {padding: 0 2px}
.runs-head {font-family: var(--jp-code-font-family); white-space: pre; padding: 0 3px}</style>"""
SHOWN: dict[str, Callable[[Any], str]] = {
    "error": "{:.1e}".format,
    "estimated": "{:.1e}".format,
    "validation": "{:.1e}".format,
    "seconds": "{:,.1f}".format,
    "started": "{:%Y-%m-%d %H:%M}".format,
    "chi2": "{:.3g}".format,
}


class RunList(widgets.VBox):
    """The runs below a folder, a line each; several can be chosen. Runs that a filter hides remain chosen until other
    lines are chosen.

    folder: searched now and at each `refresh`. on_choice: called after each change of the choice.

    Attributes:
        table: the table of all runs, see `runs_table`.
    """

    table: pd.DataFrame

    def __init__(self, folder: Path, on_choice: Callable[[], None]) -> None:
        self._folder, self._on_choice, self._is_refreshing = folder, on_choice, False
        self._filter = widgets.Text(
            description="Filter", placeholder=f"{EXAMPLE}, or a part of a name",
            continuous_update=False, layout={"flex": "1 1 300px"},
        )  # fmt: skip
        refresh = widgets.Button(icon="refresh", tooltip="look for runs anew", layout={"width": "40px"})
        self._count, self._fault, self._head = widgets.Label(), widgets.HTML(), widgets.HTML()
        self._lines = widgets.SelectMultiple(rows=ROWS, layout={"width": "auto"})
        self._lines.add_class("runs")
        table = widgets.Box([self._head, self._lines], layout={"overflow": "auto hidden", "display": "block"})
        table.add_class("runs-table")
        super().__init__([
            widgets.HTML(MONOSPACED), widgets.HBox([self._filter, refresh, self._count]), self._fault, table,
        ])  # fmt: skip
        refresh.on_click(lambda _: self.refresh())
        self._filter.observe(lambda _: self._show(), "value")
        self._chosen: tuple[str, ...] = ()
        self.refresh()
        self._chosen = self._lines.value = tuple(self.table.index[self.table["status"] != UNREADABLE][:FIRST])
        acknowledge(self._filter, self._lines)
        self._lines.observe(lambda _: self._on_lines_changed(), "value")

    @property
    def chosen(self) -> Sequence[Path]:
        """The run directories that are chosen, in the table's order."""
        return [self._folder / name for name in self._lines.value]

    def refresh_running(self) -> bool:
        """Update the running runs; return whether a chosen one is among them."""
        running = [name for name, status in self.table["status"].items() if status == "running"]
        for name in running:
            self._rows[name] = run_row(self._folder / name)
        if running:
            self.table = table_of(self._rows)  # a run's end may add columns: ±, chi2
            self._show()
        return not set(running).isdisjoint(self._lines.value)

    def refresh(self) -> None:
        """Search for runs again; keep the choice where it still exists."""
        self._rows = run_rows(self._folder)
        self.table = table_of(self._rows)
        self._show()

    def _on_lines_changed(self) -> None:
        if not self._is_refreshing:
            self._chosen = self._lines.value
            self._on_choice()

    def _show(self) -> None:
        """Show the runs that match the filter."""
        before = self._lines.value
        fault = ""
        try:
            seen = matching(self.table, self._filter.value)
        except ValueError as error:
            seen, fault = self.table, str(error)
        head, *lines = as_lines(seen)
        self._head.value = f'<div class="runs-head">{head}</div>'
        options = tuple(zip(lines, seen.index, strict=True))
        self._is_refreshing = True
        if options != self._lines.options:  # otherwise the browser would scroll
            self._lines.value = ()  # first, since chosen lines may be missing among the new ones
            self._lines.options = options
        self._lines.value = tuple(name for name in seen.index if name in self._chosen)
        self._is_refreshing = False
        self._fault.value = html.escape(fault)
        self._count.value = f"{len(seen)} of {len(self.table)} runs"
        if self._lines.value != before:
            self._on_choice()


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


def as_lines(table: pd.DataFrame) -> list[str]:
    """Return the table as lines of text with aligned columns, its head first: texts flush left, numbers flush right.
    Long names are cut in the middle."""
    if table.empty:
        return ["no run"]
    columns = [_column("run", fit_labels(without_hashes(list(table.index)), NAME_LENGTH), is_text=True)]
    for name in table:
        form = SHOWN.get(str(name), "{:.4g}".format if unit_of(str(name).removesuffix(" ±")) else format_value)
        texts = ["" if is_missing(value) else form(value) for value in table[name].astype(object)]
        columns.append(_column(str(name), texts, is_text=not pd.api.types.is_numeric_dtype(table[name])))
    return [" ".join(cells) for cells in zip(*columns, strict=True)]


def _column(name: str, texts: Sequence[str], is_text: bool) -> list[str]:
    """Return the head of a column and its texts, padded to one width."""
    width = max(map(len, [name, *texts]))
    return [cell.ljust(width) if is_text else cell.rjust(width) for cell in [name, *texts]]


def _reason(error: Exception, wanted: str) -> str:
    """Return why pandas refused the condition, in terms of the table."""
    if isinstance(error, UndefinedVariableError):
        _, name, _ = str(error).split("'")
        return f"no column is called {name} (texts stand in quotes)"
    if ASSIGNMENT.search(wanted):
        return "equality is written ==, not ="
    return f"one reads {EXAMPLE}"
