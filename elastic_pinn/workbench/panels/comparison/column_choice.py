"""The choice of a table's columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ipywidgets as widgets

from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge
from elastic_pinn.workbench.panels.widgets.tooltips import tooltips
from elastic_pinn.workbench.run_columns import RunColumn


class ColumnChoice(widgets.Box):
    """A box to tick for each column, folded at first.

    on_choice: called after each tick.

    Attributes:
        button: unfolds and folds the boxes.
    """

    def __init__(self, on_choice: Callable[[], None]) -> None:
        super().__init__(layout={"flex_flow": "row wrap", "display": "none"})
        self._on_choice = on_choice
        self._ticked: dict[str, bool] = {}  # what was chosen, of columns that are gone too
        self._boxes: dict[str, widgets.Checkbox] = {}
        self._columns: Mapping[str, RunColumn] = {}
        self.button = widgets.ToggleButton(
            description="Columns", icon="columns", tooltip="choose the columns", layout={"width": "auto"}
        )
        self.button.observe(lambda _: self._fold(), "value")
        acknowledge(self.button)

    def chosen(self, columns: Mapping[str, RunColumn]) -> dict[str, RunColumn]:
        """Offer columns, and return those that are chosen: as ticked, or those to be shown at first."""
        if columns != self._columns:
            self._columns = columns
            self._offer()
        return {name: column for name, column in columns.items() if self._boxes[name].value}

    def _offer(self) -> None:
        """Make a box for each column."""
        self._boxes = {}
        for name, column in self._columns.items():
            box = widgets.Checkbox(
                self._ticked.get(name, column.is_first), description=column.head, indent=False,
                tooltip=column.meaning, layout={"width": "auto", "margin": "2px 12px 2px 2px"},
            )  # fmt: skip
            box.observe(lambda change, name=name: self._tick(name, change.new), "value")
            self._boxes[name] = box
        acknowledge(*self._boxes.values())
        explained = [box for box in self._boxes.values() if box.tooltip]
        self.children = [*self._boxes.values(), tooltips(*explained)]

    def _tick(self, name: str, is_ticked: bool) -> None:
        self._ticked[name] = is_ticked
        self._on_choice()

    def _fold(self) -> None:
        self.layout.display = "flex" if self.button.value else "none"
