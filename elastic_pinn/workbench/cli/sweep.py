"""elastic-pinn sweep and status: many runs of one notebook."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elastic_pinn.workbench.cli.app import BAD, INTERRUPTED, app
from elastic_pinn.workbench.cli.places import written_out
from elastic_pinn.workbench.cli.signals import stopped_by_signals
from elastic_pinn.workbench.cli.text import number, say, say_table
from elastic_pinn.workbench.words import clipped, duration_text

if TYPE_CHECKING:
    import pandas as pd

    from elastic_pinn.workbench.batch import Plan, Sweep
    from elastic_pinn.workbench.batch.engine import Progress

SHOWN = 20  # lines of a table, unless all are asked for
REASON = 160  # characters in a table
LINE_EVERY_S = 30.0
FAILURES = 5  # told with their whole reasons


@app.command()
def sweep(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", callback=written_out, help="A sweep file, YAML: see elastic_pinn/workbench/batch/README.md."
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would run, and about how long.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Go on with runs that failed, too.")] = False,
    scheduler: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Of a running Dask scheduler, such as tcp://host:8786.")
    ] = "",
) -> None:
    """Run a notebook over a grid, a list or random draws of parameters, and seeds.

    The same command again goes on: completed runs stay as they are, those that were cut short go on from their last
    checkpoint. Ctrl-C stops what runs, with checkpoints. Exit status 1: some runs failed, or were cut short.

    elastic-pinn sweep sweep.yaml --dry-run
    """
    from elastic_pinn.workbench.batch import Plan, Sweep

    asked = Sweep.read(file)
    if scheduler:
        cluster = {"scheduler": scheduler, "directory": asked.cluster.directory}
        asked = Sweep(**{**asked.model_dump(by_alias=True), "cluster": cluster})
    plan = Plan.of(asked)
    if dry_run:
        _preview(plan)
        return
    from elastic_pinn.workbench.batch.engine import run_sweep  # takes seconds, which a fault need not
    from elastic_pinn.workbench.batch.results import table_of, write_results

    _say_others(plan)
    stop, words = threading.Event(), "each run ends with a checkpoint, and draws what it has"
    with stopped_by_signals(stop.set, words), _bar() as watch:
        progress = run_sweep(plan, retry_failed, watch, stop)
    table = table_of(plan, progress.rows)
    paths = write_results(plan, table)
    _say_results(asked, table)
    _say_failed(table)
    for path in paths:
        say(f"written: {path}")
    if stop.is_set():
        say("stopped: the same command goes on")
        raise typer.Exit(INTERRUPTED)
    left = progress.total - progress.done - progress.failed
    if left:
        say(f"{left} of {progress.total} runs were cut short: the same command goes on with them")
    if progress.failed:
        say(f"{progress.failed} of {progress.total} runs failed: --retry-failed goes on with them")
    if left or progress.failed:
        raise typer.Exit(BAD)


@app.command()
def status(
    folder: Annotated[
        Path, typer.Argument(metavar="DIRECTORY", callback=written_out, help="Of a sweep: its folder of runs.")
    ],
    every: Annotated[bool, typer.Option("--all", help="List every run.")] = False,
) -> None:
    """Say how a sweep stands, also while it runs, from anywhere that sees its folder."""
    from elastic_pinn.storage import is_locked
    from elastic_pinn.workbench.batch import Plan, Sweep
    from elastic_pinn.workbench.batch.results import table_of
    from elastic_pinn.workbench.batch.standing import FAILED, RUNNING, STATUSES, SWEEP_FILE, UNFINISHED, rows_of

    path = folder / SWEEP_FILE
    if not path.exists():
        raise typer.BadParameter(f"{folder} is no folder of a sweep: there is no {SWEEP_FILE} in it")
    there = {"directory": str(folder.resolve())}  # wherever it was moved or mounted
    asked = Sweep(**{**Sweep.read(path).model_dump(by_alias=True), **there})
    plan = Plan.as_begun(asked)
    table = table_of(plan, rows_of(plan))
    counts = table["status"].value_counts()
    if is_locked(folder):
        say("a sweep is at work on them")
    say(f"{len(table)} runs: " + ", ".join(f"{counts[name]} {name}" for name in STATUSES if name in counts))
    _say_others(plan)
    _say_runs(asked, table if every else table[table["status"].isin([RUNNING, FAILED, UNFINISHED])], every)
    _say_results(asked, table)


def _preview(plan: Plan) -> None:
    from elastic_pinn.workbench.batch.cluster import threads_of, workers_of
    from elastic_pinn.workbench.batch.estimate import seconds_left
    from elastic_pinn.workbench.batch.results import table_of
    from elastic_pinn.workbench.batch.standing import COMPLETED, FAILED, rows_of

    asked, rows = plan.sweep, rows_of(plan)
    if asked.cluster.is_local:
        plan.require_possible(run for run in plan.runs if rows[run.name]["status"] not in (COMPLETED, FAILED))
    table = table_of(plan, rows)
    _say_others(plan)
    _say_runs(asked, table, every=False)
    left = seconds_left(plan, rows)
    done = int((table["status"] == COMPLETED).sum())
    say(f"{len(rows)} runs of {asked.notebook}, {done} of them completed, {workers_of(asked)} at a time, "
        f"{threads_of(asked)} CPU threads each, into {asked.folder}")  # fmt: skip
    if left is not None:
        say(f"about {duration_text(left)} to go; nothing was started")


def _say_others(plan: Plan) -> None:
    """Which runs in the folder do not count, so that nobody takes them for what is asked for."""
    if others := plan.others:
        named = f"{clipped(others[0], REASON)}{', ...' if len(others) > 1 else ''}"
        say(f"in {plan.sweep.folder} lies what does not count here, of other values or from before a change of the "
            f"notebook or of a file that it reads: {len(others)} runs ({named})")  # fmt: skip


def _say_runs(asked: Sweep, table: pd.DataFrame, every: bool) -> None:
    """The runs, a line each; a first part of many."""
    if not len(table):
        return
    shown = table if every else table.head(SHOWN)
    values = [name for name in asked.varied if name in table]
    rows = [("run", "status", "step", "reason")]
    for run in shown.itertuples():
        step = getattr(run, "step", float("nan"))
        rows.append(
            (str(run.Index), run.status, number(float(step)), clipped(_text(getattr(run, "reason", "")), REASON))
        )
    say_table(rows, right=[2])
    if len(table) > len(shown):
        say(f"  and {len(table) - len(shown)} more, over {', '.join(values)}")


def _say_results(asked: Sweep, table: pd.DataFrame) -> None:
    """Medians and ranges over seeds, the best first, and the best run."""
    from elastic_pinn.workbench.batch.results import best_of, metric_fault, metric_of, over_seeds

    if fault := metric_fault(asked, table):
        say(fault)
    metric = metric_of(asked, table)
    best = best_of(table, metric)
    if not best:
        return
    found = over_seeds(asked, table, metric)
    head = [
        *(str(name) for name in found.index.names if name),
        "runs",
        f"median {metric}",
        "least",
        "greatest",
        "s a run",
    ]
    rows = [head]
    for values, line in list(zip(found.index, found.itertuples(index=False), strict=True))[:SHOWN]:
        cells = values if isinstance(values, tuple) else (values,)
        numbers = map(number, (line.median, line.least, line.greatest, line.seconds))
        rows.append([*(cells if found.index.names[0] else ()), str(line.runs), *numbers])
    say_table(rows, right=range(len(head) - 5, len(head)))
    say(f"best by {metric}: {best}, {number(table.loc[best, metric])}")


def _say_failed(table: pd.DataFrame) -> None:
    """Which runs failed, and why; a first part of many."""
    from elastic_pinn.workbench.batch.standing import FAILED

    failed = table[table["status"] == FAILED]
    for name, reason in failed["reason"].head(FAILURES).items():
        say(f"failed: {name}: {reason}")
    if len(failed) > FAILURES:
        say(f"failed: {len(failed) - FAILURES} more, of which sweep.csv tells")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """A progress bar on standard error: runs done, failed, and time left; in a file, a line now and then."""
    from tqdm import tqdm

    every, due = (0.0 if sys.stderr.isatty() else LINE_EVERY_S), [0.0]

    with ExitStack() as stack:
        bars: list[tqdm] = []

        def watch(progress: Progress) -> None:
            if not bars:
                bar = tqdm(total=progress.total, initial=progress.before, unit="run", dynamic_ncols=True, smoothing=0.1)
                bars.append(stack.enter_context(bar))
            words = {"failed": progress.failed} | ({"PAUSED": progress.paused} if progress.paused else {})
            bars[0].set_postfix(words, refresh=False)
            bars[0].n = progress.done + progress.failed
            if time.monotonic() >= due[0] or bars[0].n == progress.total:
                bars[0].refresh()
                due[0] = time.monotonic() + every

        yield watch
