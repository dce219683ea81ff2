"""Define a sweep, preview its runs, start it, and follow its table."""

from __future__ import annotations

import asyncio
import html
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import islice

import ipywidgets as widgets
import pandas as pd

from elastic_pinn.config import ConfigError
from elastic_pinn.readable import about
from elastic_pinn.workbench.batch import Sweep
from elastic_pinn.workbench.batch.cluster import threads_of, workers_of
from elastic_pinn.workbench.batch.engine import SweepProgress, run_sweep
from elastic_pinn.workbench.batch.estimate import seconds_left
from elastic_pinn.workbench.batch.results import (
    best_of,
    metric_fault,
    metric_of,
    over_seeds,
    table_of,
    write_results,
)
from elastic_pinn.workbench.batch.status import (
    COMPLETED,
    FAILED,
    StatusRow,
    status_row,
    status_rows,
    with_running_notebook,
)
from elastic_pinn.workbench.figures.learning.sweep import sweep_results
from elastic_pinn.workbench.figures.style.picture import Picture
from elastic_pinn.workbench.panels.sweeps.form import SweepForm
from elastic_pinn.workbench.panels.widgets.background import on_interrupt, run_in_thread
from elastic_pinn.workbench.panels.widgets.dark_theme import dark_theme
from elastic_pinn.workbench.panels.widgets.rows import row
from elastic_pinn.workbench.panels.widgets.status_line import StatusLine
from elastic_pinn.workbench.panels.widgets.tooltips import tooltips
from elastic_pinn.workbench.panels.widgets.view import View

POLL_S = 2.0
PREVIEW_DELAY_S = 0.3  # after the last change of a field, before the preview
SHOWN = 100  # runs in the table
ICONS = {
    "Start": ("play", "run what is not completed; interrupted runs are resumed"),
    "Stop": ("stop", "stop running notebooks, each with a checkpoint; Start continues"),
    "Retry failed": ("refresh", "resume the failed runs too"),
}
TABLE_STYLE = """<style>.sweep-table table {font-size: 12px; white-space: nowrap}
.sweep-table td, .sweep-table th {text-align: left; padding: 1px 8px}</style>"""


class SweepPanel(widgets.VBox):
    """A sweep's form, its buttons, a table with a line for each run, and its metric over the varied field.

    sweep: the initial values of the form. Make the panel in a notebook's cell, since it uses the kernel's event loop.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop: threading.Event | None = None  # of the running sweep
        self._clicked: asyncio.Task[None] | None = None
        self._pending_preview: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._rows: dict[str, StatusRow] = {}
        self._buttons = {name: widgets.Button(description=name, icon=icon, tooltip=tip, layout={"width": "auto"})
                         for name, (icon, tip) in ICONS.items()}  # fmt: skip
        self._bar = widgets.IntProgress(layout={"flex": "1 1 120px"}, tooltip="runs done")
        self._count, self._status, self._lines = widgets.Label(), StatusLine(), widgets.HTML()
        self._lines.add_class("sweep-table")
        self._view = View(self._picture)
        self._form = SweepForm(sweep, lambda: self._call_in_loop(self._preview_soon))
        self._buttons["Start"].on_click(lambda _: self._call_in_loop(self._start, False))
        self._buttons["Retry failed"].on_click(lambda _: self._call_in_loop(self._start, True))
        self._buttons["Stop"].on_click(lambda _: self._call_in_loop(self._request_stop))
        in_row = row([*self._buttons.values(), self._bar, self._count])
        scrolled = widgets.Box([self._lines], layout={"max_height": "320px", "overflow": "auto", "display": "block"})
        styles = widgets.HTML(TABLE_STYLE), tooltips(*self._buttons.values()), dark_theme()
        super().__init__([self._form, in_row, self._status, scrolled, self._view, *styles])
        self._preview()

    @property
    def sweep(self) -> Sweep:
        """The sweep of the form."""
        return self._form.plan.sweep

    @property
    def table(self) -> pd.DataFrame:
        """The present table of the runs, see `results.table_of`."""
        return table_of(self._plan, self._rows)

    @property
    def seeds_table(self) -> pd.DataFrame:
        """Medians and ranges over seeds, the best first; empty while no run is completed."""
        table, sweep = self.table, self._plan.sweep
        metric = metric_of(sweep, table)
        return over_seeds(sweep, table, metric) if metric else pd.DataFrame()

    def figure(self) -> Picture:
        """Draw the metric over the varied field. Raises ValueError, with the reason, while no completed run has it."""
        table, sweep = self.table, self._plan.sweep
        if fault := metric_fault(sweep, table):
            raise ValueError(fault)
        return sweep_results(table, metric_of(sweep, table), sweep.varied)

    async def run(self, retry_failed: bool = False) -> pd.DataFrame:
        """Run what is not completed, without blocking the kernel; an interrupt means Stop. Return the table.

        Writes sweep.h5 and sweep.csv into the folder of the runs. Raises SweepError, which the panel also shows,
        ConfigError for illegal fields, and RuntimeError while this panel's sweep is running.
        """
        if self._stop:
            raise RuntimeError("this panel's sweep runs already: press Stop, or wait for its end")
        if self._form.fault:
            raise ConfigError(self._form.fault)
        self._preview()
        self._stop = stop = threading.Event()
        self._enable()
        self._set_status("starting workers")
        started, began = time.monotonic(), time.time()
        on_progress = partial(self._on_progress, started=started, began=began)
        try:
            progress = await run_in_thread(
                partial(run_sweep, self._plan, retry_failed, on_progress, stop), self._request_stop
            )
            self._rows = progress.rows
            results, _ = write_results(self._plan, self.table)
            self._set_status(f"{_end(progress, stop.is_set())}; results: {results}")
        except Exception as error:
            self._set_status(f"{error}")
            raise
        finally:
            self._stop = None
            self._show()
            self._enable()
        return self.table

    def _call_in_loop(self, action: Callable[..., None], *arguments: bool) -> None:
        """Call a function in the event loop, since clicks and interrupts may arrive on other threads."""
        self._loop.call_soon_threadsafe(action, *arguments)

    def _start(self, retry_failed: bool) -> None:
        self._clicked = self._loop.create_task(self._run_task(retry_failed))

    async def _run_task(self, retry_failed: bool) -> None:
        stop = partial(self._call_in_loop, self._request_stop)
        with on_interrupt(stop), suppress(Exception):  # the status line reports it
            await self.run(retry_failed)

    def _request_stop(self) -> None:
        if self._stop:
            self._stop.set()
            self._set_status("stopping: each run ends with a checkpoint")

    def _preview_soon(self) -> None:
        """Preview after a change of a field, unless another change follows."""
        self._enable()
        if self._pending_preview:
            self._pending_preview.cancel()
        self._pending_preview = self._loop.call_later(PREVIEW_DELAY_S, self._preview)

    def _preview(self) -> None:
        """Show what would run, and the status of started runs."""
        if self._stop:
            return
        self._plan = plan = self._form.plan
        self._rows = status_rows(plan)
        if not self._form.fault:
            left = seconds_left(plan, self._rows, may_train=False)
            until = f"; about {about(left)} to go" if left else ""
            workers, threads = workers_of(plan.sweep), threads_of(plan.sweep)
            self._set_status(f"{len(self._rows)} runs, {workers} at a time, {threads} CPU threads each{until}")
            self._show()
        self._enable()

    def _on_progress(self, progress: SweepProgress, started: float, began: float) -> None:
        """Show the progress; called on the sweep's thread. started, began: start by the monotonic and the wall
        clock."""
        now, busy = time.monotonic(), time.thread_time()
        if now < self._due:
            return
        self._rows = dict(progress.rows)
        begun = (name for name, row in progress.rows.items() if row["status"] not in (COMPLETED, FAILED))
        for name in islice(begun, SHOWN):
            run_dir = self._plan.sweep.folder / name
            self._rows[name] = with_running_notebook(status_row(run_dir), run_dir, began)
        left = progress.seconds_left(now - started)
        until = "" if left is None else f", about {about(left)} left"
        stopping = self._stop is not None and self._stop.is_set()
        if progress.paused or not stopping:
            self._set_status(f"paused: {progress.paused}" if progress.paused else f"running{until}")
        self._show()
        self._due = time.monotonic() + max(POLL_S, 20 * (time.thread_time() - busy))

    def _show(self) -> None:
        """Update the bar, the table and the figure."""
        table = self.table
        counts = table["status"].value_counts()
        self._bar.max, self._bar.value = len(table), int(counts.get(COMPLETED, 0) + counts.get(FAILED, 0))
        self._count.value = ", ".join(f"{count} {name}" for name, count in counts.items())
        self._lines.value = _as_html(self._plan.sweep, table)
        self._view.draw()

    def _picture(self) -> Picture | None:
        try:
            return self.figure()
        except ValueError:
            return None

    def _enable(self) -> None:
        is_running = self._stop is not None
        has_failed = any(row["status"] == FAILED for row in self._rows.values())
        enabled = {"Start": not is_running, "Stop": is_running, "Retry failed": not is_running and has_failed}
        for name, button in self._buttons.items():
            button.disabled = not enabled[name] or bool(self._form.fault)
        self._form.enable(not is_running)

    def _set_status(self, text: str) -> None:
        self._status.show("", text)


def _end(progress: SweepProgress, is_stopped: bool) -> str:
    """Return how a sweep ended."""
    if is_stopped:
        return "stopped: Start continues"
    if progress.done + progress.failed < progress.total:
        return "some runs were interrupted: Start continues them"
    failed = f"{progress.failed} of {progress.total} runs failed: Retry failed continues them"
    return failed if progress.failed else "done"


def _as_html(sweep: Sweep, table: pd.DataFrame) -> str:
    """Return the first runs as HTML, a line each, the best in bold."""
    metric = metric_of(sweep, table)
    best = best_of(table, metric)
    fault = html.escape(metric_fault(sweep, table))
    columns = [
        name for name in ("status", "warnings", *sweep.varied, "step", metric, "seconds", "reason") if name in table
    ]
    shown = table[columns].head(SHOWN).astype(object)
    forms = {name: "{:.2e}".format for name in [metric] if name} | {"seconds": "{:.1f}".format}
    forms |= dict.fromkeys(("step", "warnings"), "{:.0f}".format)
    for name in columns:
        form = forms.get(name, str)
        shown[name] = [html.escape("" if value is None or value != value else form(value)) for value in shown[name]]
        if best in shown.index:
            shown.loc[best, name] = f"<b>{shown.loc[best, name]}</b>"
    more = f"<p>and {len(table) - SHOWN} more</p>" if len(table) > SHOWN else ""
    lines = shown.to_html(border=0, index=False, escape=False, justify="left")
    return f"{f'<p>{fault}</p>' * bool(fault)}{lines}{more}"
