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

from elastic_pinn.readable import about, duration
from elastic_pinn.workbench.cli.app import FAILURE, INTERRUPTED, app
from elastic_pinn.workbench.cli.arguments import expand_path
from elastic_pinn.workbench.cli.console import format_number, print_line, print_table
from elastic_pinn.workbench.cli.signals import stop_on_signals
from elastic_pinn.workbench.text import is_missing, status_text, truncate

if TYPE_CHECKING:
    import pandas as pd

    from elastic_pinn.workbench.batch import Plan, Sweep
    from elastic_pinn.workbench.batch.engine import SweepProgress

SHOWN = 20  # lines of a table, unless all are requested
BAR = "{l_bar}{bar}| {n_fmt} of {total_fmt} runs{postfix}"  # of tqdm, whose own times tell no unit
REASON = 160  # characters in a table
LINE_EVERY_S = 30.0
FAILURES = 5  # printed with their complete reasons


@app.command()
def sweep(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", callback=expand_path, help="A sweep file, YAML: see elastic_pinn/workbench/batch/README.md."
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would run, and about how long.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Resume failed runs too.")] = False,
    scheduler: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Of a running Dask scheduler, such as tcp://host:8786.")
    ] = "",
) -> None:
    """Run a notebook over a grid, a list or random draws of parameters, and seeds.

    The same command again continues the sweep: completed runs are skipped, interrupted ones resume from their last
    checkpoint. Ctrl-C stops running notebooks, with checkpoints. Exit status 1: some runs failed, or were interrupted.

    elastic-pinn sweep sweep.yaml --dry-run
    """
    from elastic_pinn.workbench.batch import Plan, Sweep

    spec = Sweep.read(file)
    if scheduler:
        cluster = {"scheduler": scheduler, "directory": spec.cluster.directory}
        spec = Sweep(**{**spec.model_dump(by_alias=True), "cluster": cluster})
    plan = Plan.of(spec)
    if dry_run:
        _preview(plan)
        return
    from elastic_pinn.workbench.batch.engine import run_sweep  # slow to import: faults are reported before
    from elastic_pinn.workbench.batch.results import table_of, write_results

    _print_others(plan)
    stop, message = threading.Event(), "each run ends with a checkpoint, and draws what it has"
    with stop_on_signals(stop.set, message), _progress_bar() as on_progress:
        progress = run_sweep(plan, retry_failed, on_progress, stop)
    table = table_of(plan, progress.rows)
    paths = write_results(plan, table)
    _print_results(spec, table)
    _print_failed(table)
    for path in paths:
        print_line(f"written: {path}")
    if stop.is_set():
        print_line("stopped: the same command continues")
        raise typer.Exit(INTERRUPTED)
    left = progress.total - progress.done - progress.failed
    if left:
        print_line(f"{left} of {progress.total} runs were interrupted: the same command continues them")
    if progress.failed:
        print_line(f"{progress.failed} of {progress.total} runs failed: --retry-failed continues them")
    if left or progress.failed:
        raise typer.Exit(FAILURE)


@app.command()
def status(
    folder: Annotated[
        Path, typer.Argument(metavar="DIRECTORY", callback=expand_path, help="Of a sweep: its folder of runs.")
    ],
    every: Annotated[bool, typer.Option("--all", help="List every run.")] = False,
) -> None:
    """Show the status of a sweep, also while it runs, from any machine that has its folder."""
    from elastic_pinn.storage import is_locked
    from elastic_pinn.workbench.batch import Plan, Sweep
    from elastic_pinn.workbench.batch.results import table_of
    from elastic_pinn.workbench.batch.status import FAILED, RUNNING, STATUSES, SWEEP_FILE, UNFINISHED, status_rows

    path = folder / SWEEP_FILE
    if not path.exists():
        raise typer.BadParameter(f"{folder} is no folder of a sweep: there is no {SWEEP_FILE} in it")
    there = {"directory": str(folder.resolve())}  # its present path
    spec = Sweep(**{**Sweep.read(path).model_dump(by_alias=True), **there})
    plan = Plan.as_begun(spec)
    table = table_of(plan, status_rows(plan))
    counts = table["status"].value_counts()
    if is_locked(folder):
        print_line("a sweep is at work on them")
    print_line(f"{len(table)} runs: " + ", ".join(f"{counts[name]} {name}" for name in STATUSES if name in counts))
    _print_others(plan)
    _print_runs(spec, table if every else table[table["status"].isin([RUNNING, FAILED, UNFINISHED])], every)
    _print_results(spec, table)


def _preview(plan: Plan) -> None:
    from elastic_pinn.workbench.batch.cluster import threads_of, workers_of
    from elastic_pinn.workbench.batch.estimate import seconds_left
    from elastic_pinn.workbench.batch.results import table_of
    from elastic_pinn.workbench.batch.status import COMPLETED, FAILED, status_rows

    spec, rows = plan.sweep, status_rows(plan)
    if spec.cluster.is_local:
        plan.require_possible(run for run in plan.runs if rows[run.name]["status"] not in (COMPLETED, FAILED))
    table = table_of(plan, rows)
    _print_others(plan)
    _print_runs(spec, table, every=False)
    left = seconds_left(plan, rows)
    done = int((table["status"] == COMPLETED).sum())
    print_line(
        f"{len(rows)} runs of {spec.notebook}, {done} of them completed, {workers_of(spec)} at a time, "
        f"{threads_of(spec)} CPU threads each, into {spec.folder}"
    )
    if left is not None:
        print_line(f"{f'about {about(left)} to go' if left else 'nothing is left to run'}; nothing was started")


def _print_others(plan: Plan) -> None:
    """Print which runs in the folder do not belong to the sweep."""
    if others := plan.others:
        named = f"{truncate(others[0], REASON)}{', ...' if len(others) > 1 else ''}"
        print_line(
            f"in {plan.sweep.folder} lies what does not count here, of other values or from before a change of the "
            f"notebook or of a file that it reads: {len(others)} runs ({named})"
        )


def _print_runs(spec: Sweep, table: pd.DataFrame, every: bool) -> None:
    """Print the runs, a line each; only the first of many."""
    if not len(table):
        return
    shown = table if every else table.head(SHOWN)
    values = [name for name in spec.varied if name in table]
    rows = [("run", "status", "step", "reason")]
    for run in shown.itertuples():
        step, warnings = getattr(run, "step", float("nan")), getattr(run, "warnings", 0)
        rows.append(
            (
                str(run.Index),
                status_text(run.status, 0 if is_missing(warnings) else int(warnings)),
                format_number(float(step)),
                truncate(_text(getattr(run, "reason", "")), REASON),
            )
        )
    print_table(rows, right=[2])
    if len(table) > len(shown):
        print_line(f"  and {len(table) - len(shown)} more, over {', '.join(values)}")


def _print_results(spec: Sweep, table: pd.DataFrame) -> None:
    """Print medians and ranges over seeds, the best first, and the best run."""
    from elastic_pinn.workbench.batch.results import best_of, metric_fault, metric_of, over_seeds

    if fault := metric_fault(spec, table):
        print_line(fault)
    metric = metric_of(spec, table)
    best = best_of(table, metric)
    if not best:
        return
    found = over_seeds(spec, table, metric)
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
        numbers = map(format_number, (line.median, line.least, line.greatest, line.seconds))
        rows.append([*(cells if found.index.names[0] else ()), str(line.runs), *numbers])
    print_table(rows, right=range(len(head) - 5, len(head)))
    print_line(f"best by {metric}: {best}, {format_number(table.loc[best, metric])}")


def _print_failed(table: pd.DataFrame) -> None:
    """Print which runs failed, and why; only the first of many."""
    from elastic_pinn.workbench.batch.status import FAILED

    failed = table[table["status"] == FAILED]
    for name, reason in failed["reason"].head(FAILURES).items():
        print_line(f"failed: {name}: {reason}")
    if len(failed) > FAILURES:
        print_line(f"failed: {len(failed) - FAILURES} more, of which sweep.csv tells")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


@contextmanager
def _progress_bar() -> Iterator[Callable[[SweepProgress], None]]:
    """Show a progress bar on standard error: runs done, failed, and time left; in a file, a line at intervals."""
    from tqdm import tqdm

    every, due, began = (0.0 if sys.stderr.isatty() else LINE_EVERY_S), [0.0], time.monotonic()

    with ExitStack() as stack:
        bars: list[tqdm] = []

        def on_progress(progress: SweepProgress) -> None:
            if not bars:
                bar = tqdm(total=progress.total, initial=progress.before, dynamic_ncols=True, bar_format=BAR)
                bars.append(stack.enter_context(bar))
            bars[0].set_postfix_str(_so_far(progress, time.monotonic() - began), refresh=False)
            bars[0].n = progress.done + progress.failed
            if time.monotonic() >= due[0] or bars[0].n == progress.total:
                bars[0].refresh()
                due[0] = time.monotonic() + every

        yield on_progress


def _so_far(progress: SweepProgress, elapsed: float) -> str:
    """Return how many runs failed, the time so far and the time left, and why no run is started, if so."""
    left = progress.seconds_left(elapsed)
    texts = [f"{progress.failed} failed", f"{duration(round(elapsed))} so far"]
    texts += [f"about {about(left)} left"] if left else []
    return ", ".join([*texts, f"PAUSED: {progress.paused}"] if progress.paused else texts)
