"""A sweep on its way: what is left to do goes to workers, and whatever happens to them, what is done stays done."""

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
from elastic_pinn.workbench.batch.cluster import connect, threads_of, workers_of
from elastic_pinn.workbench.batch.jobs import Job, NoSpaceError, execute, stop_all
from elastic_pinn.workbench.batch.notebook import Notebook
from elastic_pinn.workbench.batch.plan import RECORD_FILE, Plan, Planned
from elastic_pinn.workbench.batch.results import keep_earlier_results
from elastic_pinn.workbench.batch.status import COMPLETED, FAILED, SWEEP_FILE, UNFINISHED, StatusRow, planned_status_row
from elastic_pinn.workbench.batch.summary import update_summary
from elastic_pinn.workbench.batch.supervisor import GRACE_S
from elastic_pinn.workbench.batch.sweep_config import Sweep, SweepError

MIN_SENT = 500  # runs that the scheduler knows of at a time, unless there are more workers
POLL_S = 0.2
PAUSE_S = 5.0
COUNT_EVERY_S = 5.0
NO_WORKERS = "there are no workers: a sweep on a cluster waits for them"


@dataclass
class SweepProgress:
    """How far a sweep is.

    Attributes:
        rows: what is known of each run, by name.
        before: done or failed when this call began.
        paused: why nothing is started just now; "".
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
        """Runs in all."""
        return len(self.rows)

    @property
    def done(self) -> int:
        """Runs that were completed."""
        return self.counts[COMPLETED]

    @property
    def failed(self) -> int:
        """Runs that failed."""
        return self.counts[FAILED]

    def update(self, row: StatusRow) -> None:
        """Take what is known of a run by now."""
        self.counts[self.rows[row["run"]]["status"]] -= 1
        self.rows[row["run"]] = row
        self.counts[row["status"]] += 1


def run_sweep(
    plan: Plan,
    retry_failed: bool = False,
    on_progress: Callable[[SweepProgress], None] = lambda progress: None,
    stop: threading.Event | None = None,
) -> SweepProgress:
    """Bring all runs of a sweep to their end, each in a process of its own, and tell how they ended.

    Runs that were completed before are left as they are; those cut short go on from their last checkpoint, to the last
    bit as if nothing had happened. A run that fails stops no other.

    Args:
        plan: what to run.
        retry_failed: whether runs that failed go on, too, from where they stand.
        on_progress: called several times a second.
        stop: ends the sweep when set: what runs stops with a checkpoint.

    Raises, before work: SweepError for a folder in which another sweep is at work, for a cluster that cannot be
    reached, and where the workers are of this machine for a run that `training.require_possible` refuses. Raises
    SweepError when the scheduler is gone; the same call goes on.
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
    """Say what the sweep is; not before all is well, for what was refused changes nothing."""
    keep_earlier_results(plan)
    replace_file(plan.sweep.folder / RECORD_FILE, plan.record)
    replace_file(plan.sweep.folder / SWEEP_FILE, plan.from_anywhere.to_yaml().encode())


def _as_unfinished(row: StatusRow) -> StatusRow:
    """The row of a run that is to be tried again if it failed."""
    return {**row, "status": UNFINISHED} if row["status"] == FAILED else row


@contextmanager
def _exclusive(sweep: Sweep) -> Iterator[None]:
    """Be the only sweep in its folder."""
    try:
        with locked(sweep.folder):
            yield
    except InUseError as error:
        raise SweepError(f"{error}".replace("run_dir", "directory")) from None


class _Dispatch:
    """Runs that wait, those that were sent to the scheduler, and what became of them."""

    def __init__(self, plan: Plan, client: Client, waiting: deque[Planned], progress: SweepProgress) -> None:
        self._sweep, self._client, self._waiting, self._progress = plan.sweep, client, waiting, progress
        self._id = uuid.uuid4().hex  # by which workers tell this sweep from others
        self._threads, self._folder = threads_of(self._sweep), self._sweep.cluster.directory or str(self._sweep.folder)
        # A task: what a worker takes with it when it dies, the scheduler has made again.
        self._notebook = client.submit(Notebook, plan.notebook.name, plan.notebook.text, pure=False)
        self._sent: dict[Future, Planned] = {}
        self._reached: dict[str, int] = {}  # steps of runs whose workers died
        self._ended = as_completed(loop=client.loop)
        self._max_sent = max(MIN_SENT, 2 * workers_of(self._sweep))
        self._paused_until = 0.0  # 0: there was room for the last run that ended
        self._next_count = 0.0

    def run_all(self, on_progress: Callable[[SweepProgress], None], stop: threading.Event) -> None:
        """Send what waits, take what ended, until nothing is left or somebody asks to stop."""
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
        # After a pause, one run more than are under way tries whether there is room.
        limit = len(self._sent) + 1 if self._paused_until else self._max_sent
        while self._waiting and len(self._sent) < min(limit, self._max_sent):
            run = self._waiting.popleft()
            job = Job(self._id, run, self._folder, self._sweep.time_limit, self._threads)
            key = f"run-{uuid.uuid4().hex}"  # never the same: a scheduler may still know what an earlier call sent
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
        """Whether a run whose workers died is further than when that was last asked: such as a batch system's, whose
        jobs end before it does."""
        reached = self._reached.get(run.name, self._progress.rows[run.name].get("step", 0))
        self._reached[run.name] = step = planned_status_row(self._sweep.folder, run).get("step", 0)
        return step > reached

    def _lost_row(self, run: Planned, error: BaseException) -> StatusRow:
        """A run whose workers died one after another, which its summary is told; or of which nobody knows why."""
        folder, row = self._sweep.folder / run.name, planned_status_row(self._sweep.folder, run)
        if row["status"] == COMPLETED:
            return row
        fault = "its workers were lost, one after another" if isinstance(error, KilledWorker) else ""
        reason = fault or f"{type(error).__name__}: {error}"
        with suppress(Exception):  # its row says it, and the sweep goes on
            if folder.exists():
                update_summary(folder, {"status": FAILED, "reason": reason})
        return {**row, "status": FAILED, "reason": reason}

    def _require_scheduler(self) -> None:
        if self._client.status not in ("running", "newly-created"):
            raise SweepError("the scheduler is gone; what is done stays done: the same command goes on")

    def _count_workers(self) -> None:
        """Say so while there are none, which may be for ever."""
        if time.monotonic() < self._next_count:
            return
        self._next_count = time.monotonic() + COUNT_EVERY_S
        with suppress(OSError):  # the scheduler is going, which the next look at it says
            if not self._client.nthreads():
                self._progress.paused = NO_WORKERS
            elif self._progress.paused == NO_WORKERS:
                self._progress.paused = ""

    def _stop_runs(self, on_progress: Callable[[SweepProgress], None]) -> None:
        """Let what runs stop with a checkpoint, and forget the rest."""
        self._waiting.clear()
        if not self._sent or self._client.status != "running":
            return
        stopped = self._stop_workers()
        self._client.cancel([future for future, run in self._sent.items() if run.name not in stopped])
        stopped |= self._stop_workers()  # and what was begun meanwhile
        until = time.monotonic() + GRACE_S
        while time.monotonic() < until and any(run.name in stopped for run in self._sent.values()):
            self._collect()
            on_progress(self._progress)
            time.sleep(POLL_S)

    def _stop_workers(self) -> set[str]:
        names = self._client.run(stop_all, self._id, on_error="ignore").values()
        return {name for each in names for name in each or ()}
