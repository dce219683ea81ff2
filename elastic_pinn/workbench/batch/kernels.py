"""The kernel of a headless notebook: started one at a time on a machine, stopped from another thread."""

from __future__ import annotations

import fcntl
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

ENGINE = "elastic_pinn"  # how papermill knows the one below
GRACE_S = 20.0  # a checkpoint, and the figures after it
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


class Leash:
    """What ends a notebook from outside: a time limit, or another thread that calls `stop`.

    The kernel is interrupted first, upon which training stops with a checkpoint, and killed `GRACE_S` later.

    Arguments:
        time_limit: seconds from the kernel's start; 0: none.
        threads: CPU threads that the kernel's libraries may use; 0: their own choice.

    Attributes:
        reason: why it was stopped; "" if it was not.
        is_out_of_time: whether that was its time limit.
    """

    def __init__(self, time_limit: float = 0.0, threads: int = 0) -> None:
        self._time_limit, self._threads = time_limit, threads
        self._timers: list[threading.Timer] = []
        self._kernel = 0  # its process id
        self._lock = threading.Lock()
        self.reason, self.is_out_of_time = "", False

    @property
    def environment(self) -> dict[str, str]:
        """The environment that the kernel starts in."""
        return {**os.environ, **(dict.fromkeys(THREADS, str(self._threads)) if self._threads else {})}

    def stop(self, reason: str) -> None:
        """End the notebook, now or as soon as there is one."""
        with self._lock:
            self.reason = self.reason or reason
            if self._kernel:
                self._signal(signal.SIGINT)
                self._after(GRACE_S, lambda: self._signal(signal.SIGKILL))

    @contextmanager
    def holding(self, kernel: int) -> Iterator[None]:
        """While a kernel, by its process id, runs the notebook."""
        with self._lock:
            self._kernel = kernel
            if self._time_limit:
                self._after(self._time_limit, self._end_its_time)
        if self.reason:
            self.stop(self.reason)
        try:
            yield
        finally:
            with self._lock:
                self._kernel = 0
                for timer in self._timers:
                    timer.cancel()

    def _end_its_time(self) -> None:
        self.is_out_of_time = not self.reason
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


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Among all processes of this user on this machine: kernels that start together can take each other's ports."""
    path = Path(tempfile.gettempdir()) / f"elastic_pinn-kernel-start-{os.getuid()}"
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # freed by the kernel of the system, too, when its owner dies
        yield


class _Client(PapermillNotebookClient):
    """As papermill's own, with a leash on its kernel."""

    def __init__(self, nb_man: NotebookExecutionManager, leash: Leash, **options: Any) -> None:
        super().__init__(nb_man, **options)
        self._leash = leash

    @contextmanager
    def setup_kernel(self, **options: Any) -> Iterator[None]:
        """Start a kernel, once more if it does not answer, and shut it down at the end."""
        with one_at_a_time():
            try:
                self._start()
            except RuntimeError:  # it died, or did not answer in time
                self._start()
        with super().setup_kernel(cleanup_kc=True, **options), self._leash.holding(self.km.provisioner.pid):
            yield

    def _start(self) -> None:
        self.km, self.kc = self.create_kernel_manager(), None
        self.extra_arguments = ["--log-level=CRITICAL"]  # or each tells of its start, and of the interrupt that ends it
        self.start_new_kernel(env=self._leash.environment)
        self.start_new_kernel_client()


class _Engine(NBClientEngine):
    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, leash: Leash, start_timeout: int = 60, **options: Any
    ) -> Any:
        """As papermill's own engine, by a client with a leash."""
        kept = {name: options.get(name) for name in ("stdout_file", "stderr_file")}
        return _Client(
            nb_man, leash, kernel_name=kernel_name, startup_timeout=start_timeout, timeout=None, **kept
        ).execute()


papermill_engines.register(ENGINE, _Engine)
