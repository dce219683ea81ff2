"""Checkpoints written in the background, while training goes on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from elastic_pinn.storage import CheckpointError, Policy, Snapshot, Store, pin

if TYPE_CHECKING:
    from elastic_pinn.storage.remote.mirror import Mirror

logger = logging.getLogger(__name__)

TOO_MANY_FAILURES = 3  # in a row: the disk is not going to recover by itself
SLOW_S = 1.0


class Saver:
    """Saves snapshots on a thread of its own, at most one in flight, and then lets go of old checkpoints.

    A save that fails is warned of at once and counted, and training goes on until there are too many in a row.

    Attributes:
        newest: the last checkpoint that was acknowledged, of this process.
        failures, failures_in_row: saves that failed.
        error: of the last save, None if it succeeded.
        last_failure: what was wrong with the newest save that failed, or "".
        cpu_s: CPU seconds that saving took in the background.
    """

    def __init__(self, store: Store, policy: Policy, mirror: Mirror | None = None) -> None:
        self._store, self._policy, self._mirror = store, policy, mirror
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._saving: Future[None] | None = None
        self.newest: Path | None = None
        self.failures = self.failures_in_row = 0
        self.error: CheckpointError | None = None
        self.last_failure = ""
        self.cpu_s = 0.0

    def save(self, snapshot: Snapshot, then: Callable[[], None], why_pinned: str = "") -> None:
        """Start to write a snapshot, which nobody may change any more; returns once the one before it is done.

        then: called in the background afterwards, saved or not. why_pinned: not "" for a checkpoint that is to stay.
        """
        started = time.monotonic()
        self.wait()
        if (waited := time.monotonic() - started) > SLOW_S:
            logger.warning("training waited %.1f s for the checkpoint before: saving is slower than training", waited)
        self._saving = self._thread.submit(self._save, snapshot, then, why_pinned)

    def wait(self) -> None:
        """Let the save in flight end. Raises what only a fault of the program raises there."""
        saving, self._saving = self._saving, None
        if saving:
            saving.result()

    def close(self) -> None:
        """Let the save in flight end, and the thread."""
        self._thread.shutdown()

    @property
    def failing(self) -> bool:
        """Whether too many saves in a row failed for training to go on."""
        return self.failures_in_row >= TOO_MANY_FAILURES

    def _save(self, snapshot: Snapshot, then: Callable[[], None], why_pinned: str) -> None:
        started, cpu = time.monotonic(), time.thread_time()
        try:
            self.newest = path = self._store.publish(snapshot)
        except CheckpointError as error:
            self.error, self.last_failure = error, str(error)
            self.failures, self.failures_in_row = self.failures + 1, self.failures_in_row + 1
            logger.warning("this checkpoint failed, %d in a row: %s", self.failures_in_row, error)
        else:
            self.error, self.failures_in_row = None, 0
            logger.info(
                "step %d: checkpoint %s in %.0f ms", snapshot.step, path.name, 1e3 * (time.monotonic() - started)
            )
            self._tidy(path, why_pinned)
        then()
        self.cpu_s += time.thread_time() - cpu

    def _tidy(self, path: Path, why_pinned: str) -> None:
        """What follows a save, and is no reason to call it failed."""
        try:
            if why_pinned:
                pin(path, why_pinned)
            if self._mirror:
                self._mirror.put(path)
            self._store.retain(self._policy, hold=self._mirror.pending if self._mirror else ())
            self._store.link()
        except (CheckpointError, OSError) as error:
            logger.warning("%s is safe, but old checkpoints could not be let go: %s", path.name, error)
