"""Estimate how long a sweep takes, from its completed runs or from a short training of its first run."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.training import Control, train
from elastic_pinn.workbench.batch.cluster import workers_of
from elastic_pinn.workbench.batch.notebook import Notebook
from elastic_pinn.workbench.batch.plan import Plan, Planned
from elastic_pinn.workbench.batch.status import COMPLETED, FAILED, StatusRow

NOTEBOOK_S, WORKERS_S = 10.0, 5.0  # a kernel's start, imports, figures; and the workers' start
TRIAL_S = 6.0


def seconds_left(plan: Plan, rows: Mapping[str, StatusRow], may_train: bool = True) -> float | None:
    """Estimate how long the remaining runs take, in seconds on the sweep's workers; None if that is unknown.

    The estimate uses the seconds per step of completed runs or, if `may_train`, of the first run, which is trained for
    at most `TRIAL_S` in a temporary folder. It respects the time limit.
    """
    left = [run for run in plan.runs if rows[run.name]["status"] not in (COMPLETED, FAILED)]
    done = [row for row in rows.values() if row["status"] == COMPLETED and row["step"]]
    if not left:
        return 0.0
    if done:
        pace = median(row["seconds"] / row["step"] for row in done)
    elif may_train:
        pace = _measured_pace(plan.notebook, left[0])
    else:
        pace = None
    if pace is None:
        return None
    limit = plan.sweep.time_limit or float("inf")
    each = [min(limit, NOTEBOOK_S + pace * plan.notebook.config(run.parameters).steps) for run in left]
    return WORKERS_S + max(sum(each) / workers_of(plan.sweep), max(each))


def _measured_pace(notebook: Notebook, run: Planned) -> float | None:
    """Train a run for a short time; return its seconds per step, None if it fails."""
    control = Control()
    timer = threading.Timer(TRIAL_S, control.stop)
    config = notebook.config(run.parameters).model_copy(update={"mirror": "", "log_level": "error"})
    with tempfile.TemporaryDirectory() as folder:
        timer.start()
        try:
            summary = train(config, Path(folder) / "look", control=control).summary
        except (ElasticPinnError, OSError):  # the sweep will report the failure
            return None
        finally:
            timer.cancel()
    return max(summary.wall_s, TRIAL_S * (not summary.step)) / max(summary.step, 1)
