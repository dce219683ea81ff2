"""A table of runs to choose from, with a filter and a choice of columns."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from pathlib import Path

import ipywidgets as widgets
import pandas as pd

from elastic_pinn.workbench.fit_columns import UNREADABLE
from elastic_pinn.workbench.panels.comparison.column_choice import ColumnChoice
from elastic_pinn.workbench.panels.comparison.run_grid import RunGrid
from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge
from elastic_pinn.workbench.panels.widgets.tooltips import tooltips
from elastic_pinn.workbench.run_columns import run_columns
from elastic_pinn.workbench.run_filter import EXAMPLE, matching
from elastic_pinn.workbench.run_table import run_row, run_rows, table_of

FIRST = 6  # runs that are chosen at first: the newest


class RunList(widgets.VBox):
    """The runs below a folder, a row each; several can be chosen. Runs that a filter hides remain chosen behind it.

    folder: searched now and at each `refresh`. on_choice: called after each change of the choice.

    Attributes:
        table: the table of all runs, see `runs_table`.
    """

    table: pd.DataFrame

    def __init__(self, folder: Path, on_choice: Callable[[], None]) -> None:
        self._folder, self._on_choice = folder, on_choice
        self._filter = widgets.Text(
            description="Filter", placeholder=f"{EXAMPLE}, or a part of a name",
            continuous_update=False, layout={"flex": "1 1 300px"},
        )  # fmt: skip
        self._count, self._fault = widgets.Label(), widgets.HTML()
        self._columns = ColumnChoice(self._show)
        self._grid = RunGrid(self._take_choice)
        grid = self._grid
        buttons = [
            _button("", "refresh", "look for runs anew", self.refresh),
            _button("All", "check-square-o", "choose all runs that are listed", lambda: grid.choose(grid.names)),
            _button("None", "square-o", "choose none of the runs that are listed", lambda: grid.choose(())),
            self._columns.button,
        ]
        row = widgets.HBox([self._filter, *buttons, self._count], layout={"flex_flow": "row wrap"})
        super().__init__([row, tooltips(*buttons[1:]), self._columns, self._fault, self._grid])
        self._filter.observe(lambda _: self._show(), "value")
        acknowledge(self._filter)
        self._rows = run_rows(folder)
        self.table = table_of(self._rows)
        self._chosen = set(self.table.index[self.table["status"] != UNREADABLE][:FIRST])
        self._list_runs()

    @property
    def chosen(self) -> Sequence[Path]:
        """The run directories that are chosen and listed, in the table's order."""
        return [self._folder / name for name in self._grid.names if name in self._chosen]

    def refresh_running(self) -> bool:
        """Update the running runs; return whether a chosen one is among them."""
        running = [name for name, status in self.table["status"].items() if status == "running"]
        read = {name: run_row(self._folder / name) for name in running}
        if any(row != self._rows[name] for name, row in read.items()):
            self._rows |= read
            self.table = table_of(self._rows)  # a run's end may add columns: ±, chi2
            self._show()
        return not self._grid.chosen.isdisjoint(running)

    def refresh(self) -> None:
        """Search for runs again; keep the choice where it still exists."""
        self._rows = run_rows(self._folder)
        self.table = table_of(self._rows)
        self._show()

    def _take_choice(self) -> None:
        """Take over what was chosen in the grid."""
        self._chosen = self._chosen.difference(self._grid.names) | self._grid.chosen
        self._count_runs()
        self._on_choice()

    def _show(self) -> None:
        """Show the runs that match the filter."""
        before = self._grid.chosen
        self._list_runs()
        if self._grid.chosen != before:
            self._on_choice()

    def _list_runs(self) -> None:
        """List the runs that match the filter, with what is at fault in it."""
        fault = ""
        try:
            seen = matching(self.table, self._filter.value)
        except ValueError as error:
            seen, fault = self.table, str(error)
        self._grid.show(seen, self._columns.chosen(run_columns(self.table)), self._chosen)
        self._fault.value = html.escape(fault)
        self._count_runs()

    def _count_runs(self) -> None:
        self._count.value = f"{len(self._grid.names)} of {len(self.table)} runs, {len(self._grid.chosen)} chosen"


def _button(name: str, icon: str, tooltip: str, action: Callable[[], object]) -> widgets.Button:
    button = widgets.Button(description=name, icon=icon, tooltip=tooltip, layout={"width": "auto" if name else "40px"})
    button.on_click(lambda _: action())
    return button
