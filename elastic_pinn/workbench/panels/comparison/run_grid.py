"""A table of runs that is sorted by a click on a head, and in which a click on a row chooses its run."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import traitlets

from elastic_pinn.workbench.figures.style.labels import fit_labels, without_hashes
from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge
from elastic_pinn.workbench.run_columns import MISSING, RUN, RunColumn, ranks, texts

try:
    from itables import JavascriptFunction, widget
    from itables.widget import ITable
except (ImportError, FileNotFoundError) as error:  # the latter of one that was built without its part in JavaScript
    raise ImportError(
        f"the table of runs needs all of itables, and here {error}: python -m pip install --force-reinstall itables. "
        "Without it, runs_table of elastic_pinn.workbench.run_table is the table, and ep.figures.compare draws curves"
    ) from error

logger = logging.getLogger(__name__)

SCRIPT = Path(widget.__file__).parent / "static/widget.js"
LISTS = 16  # of runs, that are kept for clicks on their way
NAME_LENGTH = 44  # characters of a run's name that are shown
TEXT_LENGTH = 30  # of any other cell
HEIGHT = "312px"  # of some 12 rows, below the heads
# A row has a box, which is ticked where its run is chosen. Colours are those of JupyterLab's theme.
CSS = """
.run-grid {--dt-html-background: var(--jp-layout-color0)}
.run-grid [class*=dtfc-fixed] {background-color: var(--jp-layout-color0) !important}
.run-grid thead th {white-space: normal !important; max-width: 8em; vertical-align: bottom !important}
.run-grid tbody tr {cursor: pointer}
.run-grid tbody td:first-child:not(.dt-empty)::before {content: "☐"; margin-right: 6px}
.run-grid tbody tr.selected td:first-child::before {content: "☑"}
.run-grid tbody tr.selected > td {color: inherit !important;
  box-shadow: inset 0 0 0 9999px color-mix(in srgb, var(--jp-brand-color1) 25%, transparent) !important}
"""
# The order by which rows are sorted, and where the table is scrolled to, stay with the table's element in the page when
# the table is drawn anew, as each poll of a running run does. What is missing comes last, whichever way one sorts.
# The choice is Python's: were it kept there too, it would be sent while the table is being made, which is an error.
SAVE = JavascriptFunction("""function (settings, state) {
    const {select, ...kept} = state;
    settings.nTable.runGridState = kept;
}""")
LOAD = JavascriptFunction(f"""function (settings) {{
    const last = (a, b) => (a === {MISSING}) - (b === {MISSING});
    const order = {{asc: (a, b) => last(a, b) || a - b, desc: (a, b) => last(a, b) || b - a}};
    this.dataTable.type("run-rank", "order", order);
    return settings.nTable.runGridState || null;
}}""")
# A click is sent with the number of the list that it was into: that may have been replaced by the time it arrives.
WITH_NUMBER = """
export default {
    render({model, el}) {
        const set = (name, value) => {
            model.set(name, value);
            if (name === "selected_rows") model.set("_clicked", [model.get("_number"), ...value]);
        };
        const bound = (name) => typeof model[name] === "function" ? model[name].bind(model) : model[name];
        const seen = new Proxy(model, {get: (_, name) => name === "set" ? set : bound(name)});
        return itables.render({model: seen, el});
    },
};
"""
OPTIONS: dict[str, Any] = {
    "classes": "display nowrap compact",
    "style": "width:100%;margin:0",
    "layout": dict.fromkeys(["topStart", "topEnd", "bottomStart", "bottomEnd"]),
    "css": CSS,
    "maxBytes": 0,
    "maxColumns": 0,
    "allow_html": True,  # for tooltips; all texts are escaped here
    "text_in_header_can_be_selected": False,  # otherwise only a click on its arrow sorts
    "warn_on_undocumented_option": False,  # the two callbacks are DataTables' own options
    "scrollX": True,
    "scrollY": HEIGHT,
    "scrollCollapse": True,
    "scroller": True,  # only rows that are seen are in the page
    "fixedColumns": {"start": 1},
    "select": {"style": "multi+shift"},
    "language": {"emptyTable": "no run"},
    "stateSave": True,
    "stateSaveCallback": SAVE,
    "stateLoadCallback": LOAD,
}


def with_numbers(text: str) -> str:
    """Return the browser's part of the table, itables' own, with clicks that have a number; as it is where it exports
    its widget in another way than by default."""
    own, count = re.subn(r"export\s*\{\s*(\w+) as default\s*\};?", r"const itables = \1;", text)
    if count != 1:
        logger.warning(
            "a click into a table of runs that is renewed in the same moment may choose another run: only with itables "
            "2.9.1 it is told which table it was into"
        )
    return own + WITH_NUMBER if count == 1 else text


class RunGrid(ITable):
    """The rows of some runs.

    on_choice: called after each change of the choice in the browser.

    Attributes:
        names: the runs that are listed, from the top of the unsorted table.
    """

    _esm = with_numbers(SCRIPT.read_text(encoding="utf-8"))  # type: ignore[assignment]
    _number = traitlets.Int().tag(sync=True)  # of the list of runs that is shown
    _clicked = traitlets.List(traitlets.Int()).tag(sync=True)  # that number, and the rows; nothing since Python chose

    def __init__(self, on_choice: Callable[[], None]) -> None:
        self.names: Sequence[str] = ()
        self._lists: dict[int, Sequence[str]] = {0: ()}  # the last ones, by their numbers
        self._on_choice, self._is_showing, self._before = on_choice, False, set[str]()
        super().__init__(pd.DataFrame({RUN: []}), **OPTIONS)
        self.add_class("run-grid")
        self.observe(lambda _: self._choice_changed(), ["selected_rows", "_clicked"])
        acknowledge(self)

    @property
    def chosen(self) -> set[str]:
        """The runs that are listed and chosen."""
        return _at(self.selected_rows, self.names)

    def choose(self, names: Collection[str]) -> None:
        """Choose some of the runs that are listed, and no other."""
        with self.hold_trait_notifications():
            self._clicked = []
            self.selected_rows = [row for row, name in enumerate(self.names) if name in names]

    def show(self, table: pd.DataFrame, columns: Mapping[str, RunColumn], chosen: Collection[str]) -> None:
        """List the runs of a `runs_table` with some of its columns, and choose those among them that are chosen."""
        self._is_showing = True
        if list(table.index) != self.names:
            self.names = list(table.index)
            self._lists[1 + max(self._lists)] = self.names
            self._lists = dict([*self._lists.items()][-LISTS:])
        rows = [row for row, name in enumerate(self.names) if name in chosen]
        try:
            with self.hold_sync():  # otherwise the browser would for a moment choose the old rows in the new table
                cells, definitions = _cells(table, columns), _definitions(table, columns)
                self._number, self._clicked = max(self._lists), []
                self.update(cells, selected_rows=rows, columnDefs=definitions, **OPTIONS)
        finally:
            self._is_showing = False
        self._before = self.chosen

    def _choice_changed(self) -> None:
        if self._is_showing:
            return
        if self._clicked and self._clicked[0] != self._number:  # a click into a list that has since been replaced
            number, *rows = self._clicked
            listed = self._lists.get(number, ())
            self.choose(self._before.difference(listed) | _at(rows, listed))  # which calls this again
        elif max(self.selected_rows, default=-1) >= len(self.names):
            self.choose(self.chosen)  # likewise
        elif self._before != self.chosen:
            self._before = self.chosen
            self._on_choice()


def _at(rows: Sequence[int], names: Sequence[str]) -> set[str]:
    """The names in some rows, as far as there are such rows."""
    return {names[row] for row in rows if row < len(names)}


def _cells(table: pd.DataFrame, columns: Mapping[str, RunColumn]) -> pd.DataFrame:
    """The heads and cells of a table, as HTML, and behind them a column of ranks for each, by which rows are sorted."""
    names = [str(name) for name in table.index]
    shown = fit_labels(without_hashes(names), NAME_LENGTH)
    cells = {_head(RUN, "the run's directory, from the folder of runs"): _with_tooltips(shown, names)}
    for name, column in columns.items():
        written = texts(table[name])
        cells[_head(column.head, column.meaning)] = _with_tooltips(fit_labels(written, TEXT_LENGTH), written)
    ordered = {RUN: names, **{name: list(table[name]) for name in columns}}
    places = {f"rank of {name}": ranks(values) for name, values in ordered.items()}
    return pd.concat([pd.DataFrame(cells, dtype=object), pd.DataFrame(places, dtype=int)], axis=1)


def _definitions(table: pd.DataFrame, columns: Mapping[str, RunColumn]) -> list[dict[str, Any]]:
    """What DataTables has to know of each column of `_cells`."""
    names = [RUN, *columns]
    cells = [
        {
            "targets": at, "name": name,
            "orderData": [at + len(names), at],  # itself too: otherwise its head would not show that it is sorted
            "className": "dt-right" if name in table and pd.api.types.is_numeric_dtype(table[name]) else "dt-left",
        }
        for at, name in enumerate(names)
    ]  # fmt: skip
    ordered = [
        {"targets": at, "name": f"rank of {name}", "visible": False, "type": "run-rank"}
        for at, name in enumerate(names, len(names))
    ]
    return [*cells, *ordered]


def _head(text: str, meaning: str) -> str:
    """A head, which may be broken after an underscore, with its meaning as tooltip."""
    broken = html.escape(text).replace("_", "_<wbr>")
    return f'<span title="{html.escape(meaning)}">{broken}</span>'


def _with_tooltips(shown: Sequence[str], whole: Sequence[str]) -> list[str]:
    """Cells with the whole text as tooltip where not all of it is shown."""
    return [
        html.escape(cell) if cell == text else f'<span title="{html.escape(text)}">{html.escape(cell)}</span>'
        for cell, text in zip(shown, whole, strict=True)
    ]
