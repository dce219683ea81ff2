"""The kernel of a headless notebook: started one at a time on a machine, and supervised."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines

from elastic_pinn.workbench.batch.supervisor import Supervisor

ENGINE = "elastic_pinn"  # the name of papermill's engine below
# Imported modules stay to the end. Garbage collection of them, repeated and once more at the kernel's end, takes a
# second of a short run: they are frozen after the cell that imports torch.
FREEZE = """
def freeze_imports(events):
    import gc, sys
    def freeze(result):
        if "torch" in sys.modules:
            gc.freeze()
            events.unregister("post_run_cell", freeze)
    events.register("post_run_cell", freeze)
freeze_imports(get_ipython().events)
del freeze_imports
"""
ARGUMENTS = [
    "--log-level=CRITICAL",  # otherwise each kernel logs its start and its interrupt
    f"--IPKernelApp.exec_lines={[FREEZE]}",
]


@contextmanager
def one_start_at_a_time() -> Iterator[None]:
    """Start kernels one at a time among all processes of this user, since simultaneous starts can use the same
    ports."""
    path = Path(tempfile.gettempdir()) / f"elastic_pinn-kernel-start-{os.getuid()}"
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:  # owned by another user; a failed start is repeated anyway
        yield
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX)  # the operating system releases it when its owner ends
        yield
    finally:
        os.close(file)


class _Client(PapermillNotebookClient):
    """Papermill's client, with a supervised kernel."""

    def __init__(self, nb_man: NotebookExecutionManager, supervisor: Supervisor, **options: Any) -> None:
        super().__init__(nb_man, **options)
        self._supervisor = supervisor

    @contextmanager
    def setup_kernel(self, **options: Any) -> Iterator[None]:
        """Start a kernel, with a second try if it does not answer, and shut it down at the end."""
        with one_start_at_a_time():
            try:
                self._start()
            except RuntimeError:  # it ended, or did not answer in time
                try:
                    self._start()
                except RuntimeError as error:
                    raise DeadKernelError(f"it did not start ({error})") from error
        with super().setup_kernel(cleanup_kc=True, **options), self._supervisor.supervising(self.km.provisioner.pid):
            yield

    def _start(self) -> None:
        self.km, self.kc = self.create_kernel_manager(), None
        self.extra_arguments = ARGUMENTS
        self.start_new_kernel(env=self._supervisor.environment)
        self.start_new_kernel_client()


class _Engine(NBClientEngine):
    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        supervisor: Supervisor,
        current_path: Callable[[], Path],
        start_timeout: int = 60,
        **options: Any,
    ) -> Any:
        """Execute as papermill's own engine, supervised. current_path: gives where the executed copy belongs now."""
        save = nb_man.save

        def save_at_current_path(**others: Any) -> None:
            nb_man.output_path = str(current_path())
            save(**others)

        nb_man.save = save_at_current_path
        kept = {name: options.get(name) for name in ("stdout_file", "stderr_file")}
        return _Client(
            nb_man, supervisor, kernel_name=kernel_name, startup_timeout=start_timeout, timeout=None, **kept
        ).execute()


papermill_engines.register(ENGINE, _Engine)
