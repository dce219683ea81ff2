"""The work of a worker: execute or resume one run of a sweep."""

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
from elastic_pinn.storage import RemoteFolder, owner_of
from elastic_pinn.summary import SUMMARY, Summary
from elastic_pinn.workbench.batch.inputs import require_unchanged
from elastic_pinn.workbench.batch.notebook import EXECUTED_FILE, Notebook
from elastic_pinn.workbench.batch.plan import Planned
from elastic_pinn.workbench.batch.status import COMPLETED, FAILED, StatusRow, status_row
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
    """There is not enough disk space for a run; the text names the folder."""


@dataclass(frozen=True)
class Job:
    """One run, to be sent to a worker.

    Arguments:
        sweep: the id of the sweep, unique on its workers.
        run: the planned run.
        folder: the parent of the run directory; variables in it, as in "$SCRATCH/sweep", are those of the worker's
            environment.
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
        """The run directory on this worker. Raises ConfigError for a variable that is not set."""
        try:
            return Path(expanded(self.folder)) / self.run.name
        except ConfigError as error:
            raise ConfigError(f"{error} of the worker on {socket.gethostname()}") from None


def execute(notebook: Notebook, job: Job) -> StatusRow:
    """Execute or resume a notebook and return how it ended; a failed run raises no exception.

    Raises NoSpaceError, without a change, if the disk is too full at the start or at the end.
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
        _require_space(job.run_dir)  # a full disk explains any failure
        raise
    finally:
        with _running_lock:
            del _running[job.sweep, job.run.name]
        gc.collect()  # Jupyter's clients form cycles that keep sockets and event loops open
    fault = _mirror_fault(job.run_dir)
    row = status_row(job.run_dir, job.run.mirror)
    if refusal:
        row |= {"status": FAILED, "reason": f"its notebook failed {refusal}"}
    if row["status"] != COMPLETED:
        _require_space(job.run_dir)
    return {**row, "reason": f"{row.get('reason', '')}; {fault}"} if fault else row


def stop_all(sweep: str) -> list[str]:
    """Stop this worker's runs of a sweep, each with a checkpoint; return their names at once."""
    with _running_lock:
        found = {name: supervisor for (whose, name), supervisor in _running.items() if whose == sweep}
        for supervisor in found.values():
            supervisor.stop(STOPPED)
        return list(found)


def _mirror_fault(run_dir: Path) -> str:
    """Copy a run's notebook and figures to its mirror, if it has one; return why that failed, or ""."""
    try:
        send_to_mirror(run_dir)
    except Exception as error:
        return f"its notebook was not copied to the mirror ({type(error).__name__}: {error})"
    return ""


def _run_until_done(notebook: Notebook, job: Job, supervisor: Supervisor) -> str:
    """Execute a run, and resume it if its kernel was killed or an orphaned process still used its folder. Return why it
    was refused, which its folder does not record; or ""."""
    from elastic_pinn.training import RunDirectoryError  # needed only to run notebooks
    from elastic_pinn.workbench.batch.headless import NotebookError, run_notebook

    threads = {"threads": job.threads} if notebook.takes("threads") else {}
    parameters = {**threads, **job.run.parameters, "resume": "auto"}
    require_unchanged(notebook.config(parameters), job.run.inputs)
    reached, tries, refusal = Summary.of(job.run_dir).step, 0, ""
    while tries < MAX_TRIES:
        while owner_of(job.run_dir) and not supervisor.reason:  # such as an orphan of a lost worker
            time.sleep(POLL_S)
        if supervisor.reason:
            return ""
        try:
            run_notebook(notebook, job.run_dir, parameters, supervisor, echo_output=False)
        except RunDirectoryError:  # another process has just locked it
            was_cut_short, refusal = True, ""
        except NotebookError as error:
            was_taken = error.name == "RunDirectoryError" and " is in use by " in error.fault
            was_cut_short, refusal = error.is_dead_kernel or was_taken, error.fault if error.is_refusal else ""
        else:
            return ""
        if not was_cut_short:
            return refusal
        step = Summary.of(job.run_dir).step
        reached, tries = max(reached, step), 0 if step > reached else tries + 1
        time.sleep(POLL_S)
    return refusal


def send_to_mirror(run_dir: Path) -> None:
    """Copy a run's summary, notebook and figures to its mirror, if it has one."""
    mirror = Summary.of(run_dir).mirror
    if not mirror:
        return
    folder = RemoteFolder(mirror)
    for path in (run_dir / SUMMARY, run_dir / EXECUTED_FILE, *(run_dir / "figures").glob("*")):
        folder.replace(str(path.relative_to(run_dir)), path.read_bytes())


def _require_space(run_dir: Path) -> None:
    folder = next(path for path in (run_dir, *run_dir.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise NoSpaceError(
            f"{folder} on {socket.gethostname()} has {free / 1e6:,.0f} MB left; a run is started with "
            f"{NEEDED_BYTES / 1e6:,.0f} MB at least"
        )
