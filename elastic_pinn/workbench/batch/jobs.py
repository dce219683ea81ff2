"""What a worker does: one run of a sweep, from wherever it stands to its end."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from elastic_pinn.storage import is_locked
from elastic_pinn.workbench.batch.leash import Leash
from elastic_pinn.workbench.batch.notebook import Notebook, Value
from elastic_pinn.workbench.batch.standing import COMPLETED, Row, row_of
from elastic_pinn.workbench.batch.summary import send_to_mirror

NEEDED_BYTES = 200e6  # some checkpoints, figures and the notebook
LOOK_EVERY_S = 0.5
TRIES = 4  # at a run whose kernel dies, or whose folder an orphan of a killed worker is about to leave
STOPPED = "asked to stop"

_running: dict[str, Leash] = {}
_running_lock = threading.Lock()


class NoSpaceError(OSError):
    """There is no room for a run; the text says where."""


@dataclass(frozen=True)
class Job:
    """One run, as it is sent to a worker.

    Arguments:
        name: of the run directory.
        folder: where that is to lie; variables of the worker's environment in it are its own, as in "$SCRATCH/sweep".
        parameters: that the notebook gets.
        time_limit: seconds; 0: none.
        threads: CPU threads.
    """

    name: str
    folder: str
    parameters: dict[str, Value]
    time_limit: float
    threads: int

    @property
    def run_dir(self) -> Path:
        """The run directory, as it is on this worker."""
        return Path(os.path.expandvars(self.folder)) / self.name


def execute(notebook: Notebook, job: Job) -> Row:
    """Run a notebook, or go on with it where it stands, and tell how it ended: a failure is no exception.

    Raises NoSpaceError, with everything as it was, where the disk is too full to begin or was so in the end.
    """
    leash = Leash(job.time_limit, job.threads)
    with _running_lock:
        _running[job.name] = leash
    try:
        _require_space(job.run_dir)
        _run(notebook, job, leash)
    finally:
        with _running_lock:
            del _running[job.name]
        gc.collect()  # Jupyter's clients hold each other, and with them sockets and event loops
    send_to_mirror(job.run_dir)
    row = row_of(job.name, job.run_dir, str(job.parameters.get("mirror", "")))
    if row["status"] != COMPLETED:
        _require_space(job.run_dir)
    return row


def stop_all() -> list[str]:
    """End what this worker runs, each with a checkpoint, and return at once: the names of these runs."""
    with _running_lock:
        for leash in _running.values():
            leash.stop(STOPPED)
        return list(_running)


def _run(notebook: Notebook, job: Job, leash: Leash) -> None:
    """Run it, and go on with it where its kernel was killed, or where an orphan was still at it."""
    from elastic_pinn.workbench.batch.headless import NotebookError, run_notebook  # who only sends jobs runs none

    parameters = {"threads": job.threads, **job.parameters, "resume": "auto"}
    for _ in range(TRIES):
        while is_locked(job.run_dir) and not leash.reason:  # by who trains just this, such as a worker cut off
            time.sleep(LOOK_EVERY_S)
        if leash.reason:
            return
        try:
            run_notebook(notebook, job.run_dir, parameters, leash, aloud=False)
        except NotebookError as error:
            was_taken = error.name == "RunDirectoryError" and " is in use by " in error.fault
            if error.is_dead_kernel or was_taken:
                time.sleep(LOOK_EVERY_S)
                continue
        return


def _require_space(run_dir: Path) -> None:
    folder = next(path for path in (run_dir, *run_dir.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise NoSpaceError(
            f"{folder} on {socket.gethostname()} has {free / 1e6:,.0f} MB left; a run is started with "
            f"{NEEDED_BYTES / 1e6:,.0f} MB at least"
        )
