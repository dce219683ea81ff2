"""The status of a sweep's runs, from their run directories or the copies of these on a remote store."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from elastic_pinn.run import Run
from elastic_pinn.storage import CheckpointError, is_locked
from elastic_pinn.summary import Summary
from elastic_pinn.workbench.batch.notebook import EXECUTED, EXECUTED_FILE
from elastic_pinn.workbench.batch.plan import Plan, Planned
from elastic_pinn.workbench.fit_columns import fit_columns

StatusRow = dict[str, Any]

SWEEP_FILE = "sweep.yaml"  # in the folder of the runs: the specification, written at each start

QUEUED, RUNNING, UNFINISHED, COMPLETED, FAILED = STATUSES = ("queued", "running", "unfinished", "completed", "failed")
"""queued: not started. unfinished: interrupted, and resumed by the next call. failed: by itself, by its time limit or
because its workers were lost; it remains so until it is retried."""


def status_row(run_dir: Path, mirror: str = "") -> StatusRow:
    """Return the status of a run: `run` (the name of its folder), `status`, `reason`, the number of `warnings`, `step`,
    `seconds` of training, its last metrics (columns of the history), the material as material/lambda and so on, with
    material/lambda ± for unknowns, `fit` (the verdict on ±), `chi2` and `condition` (given numbers that ± is for), and
    `history`, the path or URL of its history.

    mirror: the URL of the folder of copies, which is read if there is no local run.
    """
    name = run_dir.name
    try:
        run = _open_run(run_dir, mirror)
        if run is None:
            return {"run": name, **_status_before_training(run_dir)}
        summary = run.summary
        status, reason = _status_in_sweep(run, summary)
        return {
            "run": name,
            "status": status,
            "reason": reason,
            "warnings": len(summary.warnings),
            "step": summary.step,
            "seconds": summary.wall_s,
            **summary.metrics,
            **{f"material/{key}": value for key, value in summary.material.items()},
            **fit_columns(run, summary, "material/", missing=math.nan),
            "history": f"{run.path}/history.h5" if isinstance(run.path, Path) else str(run.path),
        }
    except (CheckpointError, KeyError, ValueError) as error:  # malformed or incomplete files
        return {"run": name, "status": UNFINISHED, "reason": " ".join(str(error).split())}


def status_rows(plan: Plan) -> dict[str, StatusRow]:
    """Return the status row of each run of a sweep by its name, in the order of the sweep."""
    folder, since = plan.sweep.folder, _sweep_start(plan.sweep.folder)
    return {
        run.name: with_running_notebook(planned_status_row(folder, run), folder / run.name, since) for run in plan.runs
    }


def planned_status_row(folder: Path, run: Planned) -> StatusRow:
    """Return the status row of a planned run. folder: of the runs."""
    return status_row(folder / run.name, run.mirror)


def with_running_notebook(row: StatusRow, run_dir: Path, since: float) -> StatusRow:
    """Return the row of a run, with status running also before and after its training, while its notebook runs.

    since: when the running sweep started; a notebook that was last executed earlier was interrupted.
    """
    executed = run_dir / EXECUTED_FILE
    if row["status"] in (QUEUED, UNFINISHED) and executed.exists() and executed.stat().st_mtime >= since:
        return {**row, "status": RUNNING, "reason": ""}
    return row


def _sweep_start(folder: Path) -> float:
    """Return when the sweep that is running in a folder started; infinite if there is none."""
    file = folder / SWEEP_FILE
    return file.stat().st_mtime if file.exists() and is_locked(folder) else math.inf


def _status_before_training(run_dir: Path) -> StatusRow:
    """Return the status of a run without a config yet; its notebook may have failed in its first cell."""
    summary = Summary.of(run_dir)
    if not summary.status:
        return {"status": QUEUED}
    return {"status": FAILED if summary.status == "failed" else UNFINISHED, "reason": summary.reason}


def _open_run(run_dir: Path, mirror: str) -> Run | None:
    locations: list[Path | str] = [run_dir, f"{mirror.rstrip('/')}/{run_dir.name}"] if mirror else [run_dir]
    for location in locations:
        try:
            return Run(location)
        except FileNotFoundError:
            continue
    return None


def _status_in_sweep(run: Run, summary: Summary) -> tuple[str, str]:
    """Return a run's status in the sweep, and the reason."""
    status, reason = summary.status, summary.reason
    if status == "completed":
        ended = {EXECUTED: (COMPLETED, reason), "": (UNFINISHED, "its notebook was cut short")}
        return ended.get(summary.notebook, (FAILED, f"its notebook {summary.notebook}"))
    if status == "running" and run.status == "running" and isinstance(run.path, Path):
        return RUNNING, ""
    return (FAILED if status == "failed" else UNFINISHED), run.reason
