"""Stop a notebook from outside."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

GRACE_S = 90.0  # for a checkpoint, and the figures after it, which take 15 s on a slow machine
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


class Supervisor:
    """Stops a notebook from outside, by a time limit or by a call of `stop` from another thread.

    The kernel is interrupted first, so that training stops with a checkpoint, and killed `GRACE_S` later.

    Arguments:
        time_limit: seconds from the kernel's start; 0: none.
        threads: CPU threads that the kernel's libraries may use; 0: their default.

    Attributes:
        reason: why the notebook was stopped; "" if it was not.
        has_timed_out: whether the time limit stopped it.
        kernel: the process id of the last supervised kernel, which may have ended; 0 before the first.
    """

    def __init__(self, time_limit: float = 0.0, threads: int = 0) -> None:
        self._time_limit, self._threads = time_limit, threads
        self._timers: list[threading.Timer] = []
        self._kernel = self.kernel = 0
        self._lock, self._was_interrupted = threading.RLock(), False  # reentrant: a signal handler may call `stop`
        self.reason, self.has_timed_out = "", False

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of the kernel."""
        return {**os.environ, **(dict.fromkeys(THREADS, str(self._threads)) if self._threads else {})}

    def stop(self, reason: str) -> None:
        """Stop the notebook, now or as soon as it is started."""
        with self._lock:
            self.reason = self.reason or reason
            if self._kernel and not self._was_interrupted:  # a second interrupt could break the first one's checkpoint
                self._was_interrupted = True
                self._signal(signal.SIGINT)
                self._after(GRACE_S, lambda: self._signal(signal.SIGKILL))

    @contextmanager
    def supervising(self, kernel: int) -> Iterator[None]:
        """Supervise a kernel, given its process id, while it runs the notebook."""
        with self._lock:
            self._kernel = self.kernel = kernel
            if self._time_limit:
                self._after(self._time_limit, self._on_time_limit)
        if self.reason:
            self._signal(signal.SIGKILL)  # no cell has run, so there is nothing to save
        try:
            yield
        finally:
            with self._lock:
                self._kernel = 0
                for timer in self._timers:
                    timer.cancel()

    def _on_time_limit(self) -> None:
        self.has_timed_out = not self.reason
        self.stop(f"time_limit of {self._time_limit:g} s")

    def _after(self, seconds: float, act: Any) -> None:
        timer = threading.Timer(seconds, act)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

    def _signal(self, number: signal.Signals) -> None:
        if self._kernel:
            with suppress(ProcessLookupError):
                os.kill(self._kernel, number)
