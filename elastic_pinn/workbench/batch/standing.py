"""How the runs of a sweep stand, as their run directories tell, or the copies of these on a remote store."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from elastic_pinn.run import Run
from elastic_pinn.storage import CheckpointError, is_locked
from elastic_pinn.workbench.batch.notebook import EXECUTED_FILE
from elastic_pinn.workbench.batch.plan import Plan, Planned
from elastic_pinn.workbench.batch.summary import EXECUTED, read_summary
from elastic_pinn.workbench.fits import fit_columns

Row = dict[str, Any]

SWEEP_FILE = "sweep.yaml"  # in the folder of the runs: what the sweep is, for who looks at it later; new at each start

QUEUED, RUNNING, UNFINISHED, COMPLETED, FAILED = STATUSES = ("queued", "running", "unfinished", "completed", "failed")
"""queued: not begun. unfinished: begun and cut short, goes on where it was. failed: by itself, by its time limit or as
its workers were lost; stays so until it is to be tried again."""


def row_of(run_dir: Path, mirror: str = "") -> Row:
    """What is known of a run: `run` (the name of its folder), `status`, `reason`, `step`, `seconds` of training, its
    last metrics (columns of the history), the material as material/lambda and so on, that of unknowns with
    material/lambda ±, `fit` (the verdict on ±) and `chi2`, and `history`, the path or URL of its history.

    mirror: the URL of the folder of copies, looked at where there is no run here.
    """
    name = run_dir.name
    try:
        run = _found(run_dir, mirror)
        if run is None:
            return {"run": name, **_before_training(run_dir)}
        summary = run.summary
        status, reason = _status(run, summary)
        return {
            "run": name,
            "status": status,
            "reason": reason,
            "step": summary["step"],
            "seconds": summary["wall_s"],
            **summary.get("metrics", {}),
            **{f"material/{key}": value for key, value in summary.get("material", {}).items()},
            **fit_columns(run, "material/", missing=math.nan),
            "history": f"{run.path}/history.h5" if isinstance(run.path, Path) else str(run.path),
        }
    except (CheckpointError, KeyError, ValueError) as error:  # what a run does not write, or half of it
        return {"run": name, "status": UNFINISHED, "reason": " ".join(str(error).split())}


def rows_of(plan: Plan) -> dict[str, Row]:
    """The row of each run of a sweep by its name, in the order of the sweep."""
    folder, since = plan.sweep.folder, _at_work_since(plan.sweep.folder)
    return {run.name: in_work(as_it_stands(folder, run), folder / run.name, since) for run in plan.runs}


def as_it_stands(folder: Path, run: Planned) -> Row:
    """The row of a run of a sweep. folder: of the runs."""
    return row_of(folder / run.name, run.mirror)


def in_work(row: Row, run_dir: Path, since: float) -> Row:
    """The row of a run, which is running also before and after its training, while its notebook is.

    since: when the sweep began that is at work on it: what was executed earlier was cut short.
    """
    executed = run_dir / EXECUTED_FILE
    if row["status"] in (QUEUED, UNFINISHED) and executed.exists() and executed.stat().st_mtime >= since:
        return {**row, "status": RUNNING, "reason": ""}
    return row


def _at_work_since(folder: Path) -> float:
    """When the sweep began that is at work in a folder; infinite where none is."""
    file = folder / SWEEP_FILE
    return file.stat().st_mtime if file.exists() and is_locked(folder) else math.inf


def _before_training(run_dir: Path) -> Row:
    """The standing of what is no run yet: it may have failed in its first cell."""
    summary = read_summary(run_dir)
    if "status" not in summary:
        return {"status": QUEUED}
    return {"status": FAILED if summary["status"] == "failed" else UNFINISHED, "reason": summary["reason"]}


def _found(run_dir: Path, mirror: str) -> Run | None:
    places: list[Path | str] = [run_dir, f"{mirror.rstrip('/')}/{run_dir.name}"] if mirror else [run_dir]
    for place in places:
        try:
            return Run(place)
        except FileNotFoundError:
            continue
    return None


def _status(run: Run, summary: dict[str, Any]) -> tuple[str, str]:
    """How a sweep sees it, and why."""
    status, reason = summary["status"], summary["reason"]
    if status == "completed":
        notebook = summary.get("notebook", "")
        ended = {EXECUTED: (COMPLETED, reason), "": (UNFINISHED, "its notebook was cut short")}
        return ended.get(notebook, (FAILED, f"its notebook {notebook}"))
    if status == "running" and run.status == "running" and isinstance(run.path, Path):
        return RUNNING, ""
    return (FAILED if status == "failed" else UNFINISHED), run.reason
