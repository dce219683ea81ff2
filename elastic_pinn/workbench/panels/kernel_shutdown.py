"""What becomes of training when its kernel is restarted, shut down or terminated: a last checkpoint, and a summary that
says why.

Jupyter interrupts a kernel, asks it to shut down, sends SIGTERM 2.5 s later and SIGKILL after as long again.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from typing import Any

from IPython import get_ipython

from elastic_pinn.workbench.panels.training import Training

LONGEST_S = 60.0  # that a kernel waits for a last checkpoint; whoever ends it is less patient, as a rule
INTERRUPT_S = 0.3  # after an interrupt, in which the request to shut down arrives that it may belong to


def stop_training_at_shutdown() -> None:
    """From now on, end all training in order when this kernel ends. Only a kernel's main thread can see to it."""
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
    """The kernel is about to end, by a message that its control thread has read. Its main thread waits for training:
    once the interpreter goes, no thread can be given work any more, and a last checkpoint is such work."""
    message = kernel.get_parent("control")
    is_restart = message.get("content", {}).get("restart", False)
    for training in Training.all_current():
        training.stop("kernel restarted" if is_restart else "kernel shut down")
    loop.call_soon_threadsafe(_wait)


def _terminate(number: int, frame: object) -> None:
    """SIGTERM: what it does to any program, but after the last checkpoint."""
    for training in Training.all_current():
        if not training.is_ending:
            training.stop("kernel terminated")
    _wait()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def _wait() -> None:
    for training in Training.all_current():
        training.wait(LONGEST_S)
