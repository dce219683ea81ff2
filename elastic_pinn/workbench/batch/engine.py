"""Execute a sweep: send the remaining runs to workers, and keep what is done whatever happens to them."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from distributed import Client, Future, KilledWorker, as_completed

from elastic_pinn.storage import InUseError, locked, replace_file
from elastic_pinn.training.lifecycle.record import amend_summary
from elastic_pinn.workbench.batch.cluster import connect, threads_of, workers_of
from elastic_pinn.workbench.batch.jobs import Job, NoSpaceError, execute, stop_all
from elastic_pinn.workbench.batch.notebook import Notebook
from elastic_pinn.workbench.batch.plan import RECORD_FILE, Plan, Planned
from elastic_pinn.workbench.batch.results import keep_earlier_results
from elastic_pinn.workbench.batch.status import COMPLETED, FAILED, SWEEP_FILE, UNFINISHED, StatusRow, planned_status_row
from elastic_pinn.workbench.batch.supervisor import GRACE_S
from elastic_pinn.workbench.batch.sweep_config import Sweep, SweepError

MIN_SENT = 500  # runs sent to the scheduler at a time, unless there are more workers
POLL_S = 0.2
PAUSE_S = 5.0
COUNT_EVERY_S = 5.0
NO_WORKERS = "there are no workers: a sweep on a cluster waits for them"


@dataclass
class SweepProgress:
    """The progress of a sweep.

    Attributes:
        rows: the status row of each run, by name.
        before: runs that were done or failed when this call began.
        paused: why no run is started at present; "".
        counts: how many runs have each status.
    """

    rows: dict[str, StatusRow]
    before: int = 0
    paused: str = ""
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.counts.update(row["status"] for row in self.rows.values())
        self.before = self.done + self.failed

    @property
    def total(self) -> int:
        """The number of runs."""
        return len(self.rows)

    @property
    def done(self) -> int:
        """The number of completed runs."""
        return self.counts[COMPLETED]

    @property
    def failed(self) -> int:
        """The number of failed runs."""
        return self.counts[FAILED]

    def seconds_left(self, elapsed: float) -> float | None:
        """Estimate how long the remaining runs take, s, by those that ended in this call; None before one has.

        elapsed: since the call, s.
        """
        ended = self.done + self.failed
        here = ended - self.before
        return elapsed / here * (self.total - ended) if here else None

    def update(self, row: StatusRow) -> None:
        """Replace the row of a run."""
        self.counts[self.rows[row["run"]]["status"]] -= 1
        self.rows[row["run"]] = row
        self.counts[row["status"]] += 1


def run_sweep(
    plan: Plan,
    retry_failed: bool = False,
    on_progress: Callable[[SweepProgress], None] = lambda progress: None,
    stop: threading.Event | None = None,
) -> SweepProgress:
    """Execute all runs of a sweep, each in its own process, and return how they ended.

    Completed runs are skipped; interrupted ones resume from their last checkpoint, with the same bits as an
    uninterrupted run. A failed run does not stop the others.

    Args:
        plan: what to run.
        retry_failed: whether failed runs are resumed too.
        on_progress: called several times a second.
        stop: ends the sweep when set: running notebooks stop with a checkpoint.

    Raises SweepError before work starts if another sweep uses the folder, if the cluster cannot be reached, and, for
    workers of this machine, for a run that `training.require_possible` refuses. Also raises it if the scheduler is
    lost; the same call then continues the sweep.
    """
    sweep, stop = plan.sweep, stop or threading.Event()
    with _exclusive(sweep):
        rows = {run.name: planned_status_row(sweep.folder, run) for run in plan.runs}
        progress = SweepProgress({name: _as_unfinished(row) if retry_failed else row for name, row in rows.items()})
        waiting = deque(run for run in plan.runs if progress.rows[run.name]["status"] not in (COMPLETED, FAILED))
        if sweep.cluster.is_local:
            plan.require_possible(itertools.takewhile(lambda _: not stop.is_set(), waiting))
        on_progress(progress)
        if not waiting or stop.is_set():
            _write_sweep_files(plan)
        else:
            with connect(sweep, len(waiting)) as client:
                _write_sweep_files(plan)
                _Dispatch(plan, client, waiting, progress).run_all(on_progress, stop)
    return progress


def _write_sweep_files(plan: Plan) -> None:
    """Write the sweep's files; only after all checks, since a refused sweep must change nothing."""
    keep_earlier_results(plan)
    replace_file(plan.sweep.folder / RECORD_FILE, plan.record)
    replace_file(plan.sweep.folder / SWEEP_FILE, plan.from_anywhere.to_yaml().encode())


def _as_unfinished(row: StatusRow) -> StatusRow:
    """Return the row of a run, with a failed one as unfinished."""
    return {**row, "status": UNFINISHED} if row["status"] == FAILED else row


@contextmanager
def _exclusive(sweep: Sweep) -> Iterator[None]:
    """Lock the sweep's folder."""
    try:
        with locked(sweep.folder):
            yield
    except InUseError as error:
        raise SweepError(f"{error}".replace("run_dir", "directory")) from None


class _Dispatch:
    """Sends waiting runs to the scheduler, and collects the results."""

    def __init__(self, plan: Plan, client: Client, waiting: deque[Planned], progress: SweepProgress) -> None:
        self._sweep, self._client, self._waiting, self._progress = plan.sweep, client, waiting, progress
        self._id = uuid.uuid4().hex  # identifies this sweep on the workers
        self._threads, self._folder = threads_of(self._sweep), self._sweep.cluster.directory or str(self._sweep.folder)
        # The notebook is a task, so that the scheduler makes it again if a worker that holds it is lost.
        self._notebook = client.submit(Notebook, plan.notebook.name, plan.notebook.text, pure=False)
        self._sent: dict[Future, Planned] = {}
        self._reached: dict[str, int] = {}  # steps of runs whose workers were lost
        self._ended = as_completed(loop=client.loop)
        self._max_sent = max(MIN_SENT, 2 * workers_of(self._sweep))
        self._paused_until = 0.0  # 0: the last run that ended had enough disk space
        self._next_count = 0.0

    def run_all(self, on_progress: Callable[[SweepProgress], None], stop: threading.Event) -> None:
        """Send waiting runs and collect ended ones until none is left or `stop` is set."""
        try:
            while (self._waiting or self._sent) and not stop.is_set():
                self._send()
                self._collect()
                self._require_scheduler()
                self._count_workers()
                on_progress(self._progress)
                stop.wait(POLL_S)
        finally:
            self._stop_runs(on_progress)

    def _send(self) -> None:
        if time.monotonic() < self._paused_until:
            return
        if self._paused_until:
            self._progress.paused = ""
        # After a pause, one additional run tests whether there is disk space.
        limit = len(self._sent) + 1 if self._paused_until else self._max_sent
        while self._waiting and len(self._sent) < min(limit, self._max_sent):
            run = self._waiting.popleft()
            job = Job(self._id, run, self._folder, self._sweep.time_limit, self._threads)
            key = f"run-{uuid.uuid4().hex}"  # unique: a scheduler may still have the tasks of an earlier call
            future = self._client.submit(execute, self._notebook, job, key=key, pure=False)
            self._sent[future] = run
            self._ended.add(future)

    def _collect(self) -> None:
        for future in self._ended.next_batch(block=False):
            run = self._sent.pop(future)
            if future.cancelled():
                self._waiting.appendleft(run)
                continue
            error = future.exception()
            if isinstance(error, NoSpaceError):
                self._waiting.appendleft(run)
                self._progress.paused, self._paused_until = str(error), time.monotonic() + PAUSE_S
                continue
            if isinstance(error, KilledWorker) and self._has_progressed(run):
                self._waiting.appendleft(run)
                continue
            self._paused_until = 0.0
            self._progress.update(self._lost_row(run, error) if error else future.result())

    def _has_progressed(self, run: Planned) -> bool:
        """Return whether a run has made progress since its workers were last lost, such as a run that is longer than
        the jobs of a batch system."""
        reached = self._reached.get(run.name, self._progress.rows[run.name].get("step", 0))
        self._reached[run.name] = step = planned_status_row(self._sweep.folder, run).get("step", 0)
        return step > reached

    def _lost_row(self, run: Planned, error: BaseException) -> StatusRow:
        """Return the row of a run whose workers were lost repeatedly, or that failed otherwise, and update its
        summary."""
        folder, row = self._sweep.folder / run.name, planned_status_row(self._sweep.folder, run)
        if row["status"] == COMPLETED:
            return row
        fault = "its workers were lost, one after another" if isinstance(error, KilledWorker) else ""
        reason = fault or f"{type(error).__name__}: {error}"
        with suppress(Exception):  # its row has the reason, and the sweep continues
            if folder.exists():
                amend_summary(folder, {"status": FAILED, "reason": reason})
        return {**row, "status": FAILED, "reason": reason}

    def _require_scheduler(self) -> None:
        if self._client.status not in ("running", "newly-created"):
            raise SweepError("the scheduler is gone; what is done stays done: the same command continues")

    def _count_workers(self) -> None:
        """Report if there are no workers."""
        if time.monotonic() < self._next_count:
            return
        self._next_count = time.monotonic() + COUNT_EVERY_S
        with suppress(OSError):  # a lost scheduler is reported by `_require_scheduler`
            if not self._client.nthreads():
                self._progress.paused = NO_WORKERS
            elif self._progress.paused == NO_WORKERS:
                self._progress.paused = ""

    def _stop_runs(self, on_progress: Callable[[SweepProgress], None]) -> None:
        """Stop running notebooks with a checkpoint, and cancel the rest."""
        self._waiting.clear()
        if not self._sent or self._client.status != "running":
            return
        stopped = self._stop_workers()
        self._client.cancel([future for future, run in self._sent.items() if run.name not in stopped])
        stopped |= self._stop_workers()  # also runs that were started meanwhile
        until = time.monotonic() + GRACE_S
        while time.monotonic() < until and any(run.name in stopped for run in self._sent.values()):
            self._collect()
            on_progress(self._progress)
            time.sleep(POLL_S)

    def _stop_workers(self) -> set[str]:
        names = self._client.run(stop_all, self._id, on_error="ignore").values()
        return {name for each in names for name in each or ()}
