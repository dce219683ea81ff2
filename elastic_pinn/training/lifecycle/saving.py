"""Checkpoints written in the background, during training."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent import futures
from pathlib import Path

from elastic_pinn.storage import CheckpointError, Mirror, Policy, Snapshot, Store, pin

logger = logging.getLogger(__name__)

TOO_MANY_FAILURES = 3  # in a row: the disk will not recover by itself
SLOW_S = 1.0


class Saver:
    """Save snapshots on a thread of its own, at most one in flight, and then delete old checkpoints.

    A failed save is logged at once and counted; training continues until there are too many in a row.

    Attributes:
        newest: the last checkpoint that was acknowledged, of this process.
        failures, failures_in_row: saves that failed.
        error: of the last save, None if it succeeded.
        last_failure: what was wrong with the newest save that failed, or "".
        cpu_s: CPU seconds that saving took in the background.
    """

    def __init__(self, store: Store, policy: Policy, mirror: Mirror | None = None) -> None:
        self._store, self._policy, self._mirror = store, policy, mirror
        self._thread = futures.ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._saving: futures.Future[None] | None = None
        self.newest: Path | None = None
        self.failures = self.failures_in_row = 0
        self.error: CheckpointError | None = None
        self.last_failure = ""
        self.cpu_s = 0.0

    def save(self, snapshot: Snapshot, then: Callable[[], None], why_pinned: str = "") -> None:
        """Start to write a snapshot, which must not change any more; return when the one before it is done.

        Does nothing after too many failures in a row.

        then: called in the background afterwards, saved or not. why_pinned: not "" for a checkpoint that is to be kept.
        """
        self.wait()
        if self.failing:
            return
        self._saving = self._thread.submit(self._save, snapshot, then, why_pinned)

    def wait(self) -> None:
        """Wait for the save in flight; log if that takes long. Raises only what is a bug."""
        if not self._saving:
            return
        if not futures.wait([self._saving], SLOW_S).done:
            logger.warning("training waits for the checkpoint that is being written: saving is slower than training")
            futures.wait([self._saving])
        saving, self._saving = self._saving, None  # not before: after an interrupt above it can still be waited for
        saving.result()

    def close(self) -> None:
        """Wait for the save in flight, and end the thread."""
        self._thread.shutdown()

    @property
    def failing(self) -> bool:
        """Whether too many saves in a row failed for training to continue."""
        return self.failures_in_row >= TOO_MANY_FAILURES

    def _save(self, snapshot: Snapshot, then: Callable[[], None], why_pinned: str) -> None:
        started, cpu = time.monotonic(), time.thread_time()
        try:
            self.newest = path = self._store.publish(snapshot)
        except (CheckpointError, MemoryError) as error:
            self._count_failure(error)
        except Exception:
            logger.exception("the checkpoint of step %d could not be made", snapshot.step)
            raise
        else:
            self.error, self.failures_in_row = None, 0
            logger.info(
                "step %d: checkpoint %s in %.0f ms", snapshot.step, path.name, 1e3 * (time.monotonic() - started)
            )
            self._tidy(path, why_pinned)
        _try_to("the summary could not be written", then)
        self.cpu_s += time.thread_time() - cpu

    def _count_failure(self, error: CheckpointError | MemoryError) -> None:
        if isinstance(error, MemoryError):
            error = CheckpointError(
                self._store.folder, "takes no checkpoint: there is no memory to build it", "Free some"
            )
        self.error, self.last_failure = error, str(error)
        self.failures, self.failures_in_row = self.failures + 1, self.failures_in_row + 1
        logger.warning("this checkpoint failed, %d in a row: %s", self.failures_in_row, error)

    def _tidy(self, path: Path, why_pinned: str) -> None:
        """Do what follows a save and does not count as its failure."""
        if self._mirror:
            self._mirror.put(path)
        if why_pinned:
            _try_to(f"{path.name} is safe, but could not be pinned", lambda: pin(path, why_pinned))
        hold = self._mirror.pending if self._mirror else frozenset()
        _try_to("old checkpoints could not be let go", lambda: self._store.retain(self._policy, hold))
        _try_to("latest.h5 and best.h5 could not be set", self._store.copy_out)


def _try_to(fault: str, act: Callable[[], object]) -> None:
    """Do something that training does not depend on; log a failure."""
    try:
        act()
    except (CheckpointError, OSError) as error:
        logger.warning("%s: %s", fault, error)
