"""Stop training in order when its kernel is restarted, shut down or terminated: with a checkpoint, and a summary that
names the reason.

Jupyter interrupts a kernel, asks it to shut down, sends SIGTERM 2.5 s later and SIGKILL after as long again.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from typing import Any

from IPython import get_ipython

from elastic_pinn.workbench.panels.training.thread import Training

LONGEST_S = 60.0  # that a kernel waits for a last checkpoint; it is usually killed earlier
INTERRUPT_S = 0.3  # after an interrupt, in which a request to shut down that belongs to it may arrive


def stop_training_at_shutdown() -> None:
    """Stop all training in order when this kernel ends; has an effect only in a kernel's main thread."""
    shell = get_ipython()
    if not hasattr(shell, "kernel") or threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    if not getattr(shell, "_ends_training", False):
        shell._ends_training = True
        shell.observe(lambda change: _shut_down(shell.kernel, loop) if change.new else None, "exit_now")
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)


def _shut_down(kernel: Any, loop: asyncio.AbstractEventLoop) -> None:
    """Stop training before the kernel ends by a message to its control thread. The main thread waits for training,
    since no thread can get work once the interpreter ends, and a last checkpoint is such work."""
    message = kernel.get_parent("control")
    is_restart = message.get("content", {}).get("restart", False)
    for training in Training.all_current():
        training.stop("kernel restarted" if is_restart else "kernel shut down")
    loop.call_soon_threadsafe(_wait)


def _terminate(number: int, frame: object) -> None:
    """End the process by SIGTERM, after a last checkpoint."""
    for training in Training.all_current():
        if not training.is_ending:
            training.stop("kernel terminated")
    _wait()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def _wait() -> None:
    for training in Training.all_current():
        training.wait(LONGEST_S)
