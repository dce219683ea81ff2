"""A table of runs to pick from, by a filter."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd

from elastic_pinn.workbench.panels.answers import answer
from elastic_pinn.workbench.runs import UNREADABLE, runs_table

FIRST = 6  # runs chosen to begin with: the newest
ROWS = 12  # seen at once
OPERATOR = re.compile(r"[<>=!&|()]")  # what has one is a condition
MONOSPACED = """<style>.runs select {font-family: var(--jp-code-font-family); white-space: pre}
.runs-head {font-family: var(--jp-code-font-family); white-space: pre; overflow: hidden}</style>"""
SHOWN: dict[str, Callable[[Any], str]] = {
    "error": "{:.1e}".format,
    "validation": "{:.1e}".format,
    "seconds": "{:,.1f}".format,
    "started": "{:%Y-%m-%d %H:%M}".format,
}


class RunList(widgets.VBox):
    """The runs below a folder, a line each; several can be chosen.

    folder: looked at now and at each `refresh`. on_choice: called after each change of what is chosen.

    Attributes:
        table: of all runs, as runs_table gives it.
    """

    def __init__(self, folder: Path, on_choice: Callable[[], None]) -> None:
        self._folder, self._on_choice, self._is_listing = folder, on_choice, False
        self._filter = widgets.Text(
            description="Filter", placeholder="error < 1e-3 and status == 'completed', or a part of a name",
            continuous_update=False, layout={"flex": "1 1 300px"},
            tooltip="a condition on the columns, as pandas' query takes it, or words that a line holds",
        )  # fmt: skip
        refresh = widgets.Button(icon="refresh", tooltip="look for runs anew", layout={"width": "40px"})
        self._said, self._head = widgets.Label(), widgets.HTML()
        self._lines = widgets.SelectMultiple(rows=ROWS, layout={"width": "auto"})
        self._lines.add_class("runs")
        super().__init__([
            widgets.HTML(MONOSPACED), widgets.HBox([self._filter, refresh, self._said]), self._head, self._lines
        ])  # fmt: skip
        refresh.on_click(lambda _: self.refresh())
        self._filter.observe(lambda _: self._show(), "value")
        self.refresh()
        self._lines.value = tuple(self.table.index[self.table["status"] != UNREADABLE][:FIRST])
        answer(self._filter, self._lines)
        self._lines.observe(lambda _: self._chose(), "value")

    @property
    def chosen(self) -> Sequence[Path]:
        """The run directories that are chosen, in the table's order."""
        return [self._folder / name for name in self._lines.value]

    @property
    def is_running(self) -> bool:
        """Whether a chosen run is running."""
        return bool((self.table.loc[list(self._lines.value), "status"] == "running").any())

    def refresh(self) -> None:
        """Look for runs anew; what was chosen stays so if it is still there."""
        self.table = runs_table(self._folder)
        self._show()

    def _chose(self) -> None:
        if not self._is_listing:
            self._on_choice()

    def _show(self) -> None:
        """List the runs that pass the filter."""
        before = self._lines.value
        said = ""
        try:
            self._seen = matching(self.table, self._filter.value)
        except ValueError as error:
            self._seen, said = self.table, f"{error}; "
        head, *lines = as_lines(self._seen)
        self._head.value = f'<div class="runs-head">{head}</div>'
        self._is_listing = True  # new lines drop what was chosen, for a moment
        self._lines.options = list(zip(lines, self._seen.index, strict=True))
        self._lines.value = tuple(name for name in before if name in self._seen.index)
        self._is_listing = False
        self._said.value = said + f"{len(self._seen)} of {len(self.table)} runs"
        if self._lines.value != before:
            self._on_choice()


def matching(table: pd.DataFrame, wanted: str) -> pd.DataFrame:
    """The rows that fulfil a condition on the columns; where it is none, those whose name or status hold the words.

    Raises ValueError for a condition that pandas does not understand.
    """
    if not wanted.strip():
        return table
    try:
        return table.query(wanted)
    except Exception as error:  # pandas raises whatever its parts raise
        if OPERATOR.search(wanted):
            raise ValueError(f"not a condition ({' '.join(str(error).split())})") from error
        words = wanted.lower().split()
        return table[[all(word in f"{row.Index} {row.status}".lower() for word in words) for row in table.itertuples()]]


def as_lines(table: pd.DataFrame) -> list[str]:
    """The table as lines of text with columns of equal width, its head first."""
    shown = table.copy().astype(object)
    for name in table:
        form = SHOWN.get(str(name), str)
        shown[name] = ["" if _is_nothing(value) else form(value) for value in table[name]]
    return shown.reset_index().to_string(index=False, justify="left").splitlines() if len(table) else ["no run"]


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value) or value is pd.NaT
