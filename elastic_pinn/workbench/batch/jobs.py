"""What a worker does: one run of a sweep, from wherever it stands to its end."""

from __future__ import annotations

import errno
import gc
import shutil
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from elastic_pinn.config import ConfigError
from elastic_pinn.paths import expanded
from elastic_pinn.storage import owner_of
from elastic_pinn.workbench.batch.inputs import require_unchanged
from elastic_pinn.workbench.batch.notebook import Notebook
from elastic_pinn.workbench.batch.plan import Planned
from elastic_pinn.workbench.batch.status import COMPLETED, FAILED, StatusRow, status_row
from elastic_pinn.workbench.batch.summary import read_summary, send_to_mirror
from elastic_pinn.workbench.batch.supervisor import Supervisor

NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
NEEDED_BYTES = 200e6  # some checkpoints, figures and the notebook
POLL_S = 0.5
# Of a run that makes no progress because its kernel dies, or because an orphan of a killed worker uses its folder.
MAX_TRIES = 4
STOPPED = "asked to stop"

_running: dict[tuple[str, str], Supervisor] = {}  # by sweep and run
_running_lock = threading.Lock()


class NoSpaceError(OSError):
    """There is no room for a run; the text says where."""


@dataclass(frozen=True)
class Job:
    """One run, as it is sent to a worker.

    Arguments:
        sweep: what tells the sweep that sent it from others on the same workers.
        run: which one.
        folder: where its run directory is to lie; variables of the worker's environment in it are its own, as in
            "$SCRATCH/sweep".
        time_limit: seconds; 0: none.
        threads: CPU threads.
    """

    sweep: str
    run: Planned
    folder: str
    time_limit: float
    threads: int

    @property
    def run_dir(self) -> Path:
        """The run directory, as it is on this worker. Raises ConfigError for a variable that is not set here."""
        try:
            return Path(expanded(self.folder)) / self.run.name
        except ConfigError as error:
            raise ConfigError(f"{error} of the worker on {socket.gethostname()}") from None


def execute(notebook: Notebook, job: Job) -> StatusRow:
    """Run a notebook, or go on with it where it stands, and tell how it ended: a failure is no exception.

    Raises NoSpaceError, with everything as it was, where the disk is too full to begin or was so in the end.
    """
    supervisor = Supervisor(job.time_limit, job.threads)
    with _running_lock:
        _running[job.sweep, job.run.name] = supervisor
    try:
        _require_space(job.run_dir)
        refusal = _run_until_done(notebook, job, supervisor)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in NO_SPACE:
            raise NoSpaceError(f"{job.run_dir} on {socket.gethostname()}: {error.strerror}") from error
        _require_space(job.run_dir)  # whatever failed, failed for that
        raise
    finally:
        with _running_lock:
            del _running[job.sweep, job.run.name]
        gc.collect()  # Jupyter's clients hold each other, and with them sockets and event loops
    fault = _mirror_fault(job.run_dir)
    row = status_row(job.run_dir, job.run.mirror)
    if refusal:
        row |= {"status": FAILED, "reason": f"its notebook failed {refusal}"}
    if row["status"] != COMPLETED:
        _require_space(job.run_dir)
    return {**row, "reason": f"{row.get('reason', '')}; {fault}"} if fault else row


def stop_all(sweep: str) -> list[str]:
    """End what this worker runs for a sweep, each with a checkpoint, and return at once: the names of these runs."""
    with _running_lock:
        found = {name: supervisor for (whose, name), supervisor in _running.items() if whose == sweep}
        for supervisor in found.values():
            supervisor.stop(STOPPED)
        return list(found)


def _mirror_fault(run_dir: Path) -> str:
    """Send a run's notebook and figures to its mirror, if it has one: why that failed, which is no fault of the run."""
    try:
        send_to_mirror(run_dir)
    except Exception as error:
        return f"its notebook was not copied to the mirror ({type(error).__name__}: {error})"
    return ""


def _run_until_done(notebook: Notebook, job: Job, supervisor: Supervisor) -> str:
    """Run it, and go on with it where its kernel was killed, or where an orphan was still at it: why it was refused,
    which its folder does not tell; or ""."""
    from elastic_pinn.training import RunDirectoryError  # who only sends jobs runs none
    from elastic_pinn.workbench.batch.headless import NotebookError, run_notebook

    threads = {"threads": job.threads} if notebook.takes("threads") else {}
    parameters = {**threads, **job.run.parameters, "resume": "auto"}
    require_unchanged(notebook.config(parameters), job.run.inputs)
    reached, tries, refusal = read_summary(job.run_dir)["step"], 0, ""
    while tries < MAX_TRIES:
        while owner_of(job.run_dir) and not supervisor.reason:  # who trains just this, such as a worker cut off
            time.sleep(POLL_S)
        if supervisor.reason:
            return ""
        try:
            run_notebook(notebook, job.run_dir, parameters, supervisor, echo_output=False)
        except RunDirectoryError:  # it was taken just now
            was_cut_short, refusal = True, ""
        except NotebookError as error:
            was_taken = error.name == "RunDirectoryError" and " is in use by " in error.fault
            was_cut_short, refusal = error.is_dead_kernel or was_taken, error.fault if error.is_refusal else ""
        else:
            return ""
        if not was_cut_short:
            return refusal
        step = read_summary(job.run_dir)["step"]
        reached, tries = max(reached, step), 0 if step > reached else tries + 1
        time.sleep(POLL_S)
    return refusal


def _require_space(run_dir: Path) -> None:
    folder = next(path for path in (run_dir, *run_dir.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise NoSpaceError(
            f"{folder} on {socket.gethostname()} has {free / 1e6:,.0f} MB left; a run is started with "
            f"{NEEDED_BYTES / 1e6:,.0f} MB at least"
        )
