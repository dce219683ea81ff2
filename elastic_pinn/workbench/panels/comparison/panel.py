"""Choose runs from a table and compare their curves; those of running runs are updated."""

from __future__ import annotations

import asyncio
import html
import logging
from contextlib import suppress

import ipywidgets as widgets
import pandas as pd

from elastic_pinn.paths import from_root
from elastic_pinn.run import Run
from elastic_pinn.storage import CheckpointError, replace_file
from elastic_pinn.workbench.figures.learning.comparison import AXES, compare, drawable
from elastic_pinn.workbench.figures.style.labels import short_names
from elastic_pinn.workbench.figures.style.picture import Picture, as_file
from elastic_pinn.workbench.panels.comparison.run_list import RunList
from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge
from elastic_pinn.workbench.panels.widgets.dark_theme import dark_theme
from elastic_pinn.workbench.panels.widgets.tooltips import tooltips
from elastic_pinn.workbench.panels.widgets.view import View
from elastic_pinn.workbench.run_folders import RUNS
from elastic_pinn.workbench.run_table import config_differences
from elastic_pinn.workbench.text import format_value

logger = logging.getLogger(__name__)

POLL_S = 2.0
MOST_DIFFERENCES = 6  # runs whose configs are compared
VALIDATION, TOTAL = "loss/validation", "loss/total"  # the latter is in every history
NAME = "comparison"  # of exported files
NARROW = "<style>.differences th {max-width: 14em; overflow-wrap: anywhere}</style>"  # names are long


class ComparePanel(widgets.VBox):
    """A table of runs to choose from, their curves, and the differences of their configs.

    run_dir: the folder of runs, from the project's root; "" for runs/. column: the column of the history that is drawn
    first. Make the panel in a notebook's cell: it uses the kernel's event loop to poll running runs.
    """

    def __init__(self, run_dir: str = "", column: str = VALIDATION) -> None:
        self.folder = from_root(run_dir or RUNS)
        self._column = widgets.Combobox(
            value=column, description="Column", ensure_option=False, continuous_update=False,
            tooltip="of the history: 'loss/pde', 'error/displacement', ...",
        )  # fmt: skip
        self._over = widgets.Dropdown(options=[(label, name) for name, label in AXES.items()], description="over")
        self._smooth = widgets.BoundedIntText(
            1, min=1, max=10_000, description="smoothed over",
            style={"description_width": "initial"}, layout={"width": "180px"},
            tooltip="running median over so many rows of the history, of those that have the column; 1: raw",
        )  # fmt: skip
        self._by_seed = widgets.Checkbox(False, description="median and range over seeds", indent=False)
        choices = [self._column, self._over, self._smooth, self._by_seed]
        acknowledge(*choices)
        self._message, self._differences = widgets.HTML(), widgets.HTML()
        self._differences.add_class("differences")
        self.runs = RunList(self.folder, self._draw)
        if column == VALIDATION and column not in self._columns():
            self._column.value = TOTAL
        self._view = View(self._picture)
        for choice in choices:
            choice.observe(lambda _: self._draw(), "value")
        row = widgets.HBox(
            [self._column, self._over, self._smooth, widgets.Label("rows"), self._by_seed],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        exports = self._exports()
        tooltip_styles = tooltips(self._column, self._smooth, *exports.children)
        shown = [self.runs, row, self._view, self._message, exports, self._differences]
        super().__init__([*shown, tooltip_styles, dark_theme()])
        self._draw()
        self._polling = asyncio.get_running_loop().create_task(self._poll())

    def figure(self) -> Picture:
        """Return the present curves of the chosen runs. Raises ValueError if none is chosen or none has the column."""
        if not self.runs.chosen:
            raise ValueError(f"choose runs above; {self.folder} holds {len(self.runs.table)}")
        return compare(self.runs.chosen, self._column.value, self._over.value, self._smooth.value, self._by_seed.value)

    async def _poll(self) -> None:
        """Poll running runs while the kernel runs."""
        while True:
            await asyncio.sleep(POLL_S)
            try:
                if self.runs.refresh_running():
                    self._draw()
            except Exception:  # an incomplete file may be complete at the next poll
                logger.exception("the running runs could not be looked at")

    def _draw(self) -> None:
        self._show_message("")
        self._column.options = self._columns()
        self._view.draw()
        self._differences.value = self._differences_text()

    def _picture(self) -> Picture | None:
        """Return the curves; if there are none, show the reason instead."""
        try:
            return self.figure()
        except (ValueError, FileNotFoundError, CheckpointError) as error:
            self._show_message(str(error))
            return None

    def _columns(self) -> list[str]:
        """Return the columns that can be drawn of the first chosen run that has any."""
        for run in self.runs.chosen:
            with suppress(FileNotFoundError, CheckpointError):
                return drawable(run)
        return []

    def _differences_text(self) -> str:
        """Return the fields in which the chosen runs differ, as HTML."""
        locations = self.runs.chosen[:MOST_DIFFERENCES]
        if len(locations) < 2:
            return ""
        try:
            table = config_differences([Run(location) for location in locations])
        except (FileNotFoundError, CheckpointError) as error:
            return html.escape(str(error))
        table.columns = pd.Index(short_names([str(location) for location in locations]))
        return (
            f"{NARROW}<b>In what the configs differ</b>{table.map(format_value).to_html(border=0)}"
            if len(table)
            else "equal configs"
        )

    def _exports(self) -> widgets.HBox:
        def button(kind: str, tooltip: str) -> widgets.Button:
            made = widgets.Button(description=kind, icon="download", tooltip=tooltip, layout={"width": "auto"})
            made.on_click(lambda _: self._export(kind))
            return made

        tooltips = {
            "PDF": "the curves as lines", "SVG": "the curves as lines", "PNG": "the curves as pixels, 300 an inch",
            "CSV": "the table of all runs",
        }  # fmt: skip
        return widgets.HBox([button(kind, f"{tip}, into the folder of runs") for kind, tip in tooltips.items()])

    def _export(self, kind: str) -> None:
        path = self.folder / f"{NAME}.{kind.lower()}"
        try:
            content = self.runs.table.to_csv().encode() if kind == "CSV" else as_file(self.figure(), kind.lower())
            replace_file(path, content)
            self._show_message(f"written: {path}")
        except (ValueError, OSError, CheckpointError) as error:
            self._show_message(f"not written: {error}")

    def _show_message(self, text: str) -> None:
        self._message.value = html.escape(text)
