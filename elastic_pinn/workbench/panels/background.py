"""Work in another thread, while the kernel heeds clicks, of which its interrupt is one."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

POLL_S = 0.1

Result = TypeVar("Result")


class Background:
    """Work that takes seconds, begun by a click: one piece after another, in a thread of its own.

    report: takes a status and a text, from that thread too.
    """

    def __init__(self, report: Callable[[str, str], None]) -> None:
        self._report, self._thread = report, ThreadPoolExecutor(max_workers=1)

    def submit(self, activity: str, work: Callable[[], object], done: str) -> None:
        """Do the work when what was asked before is done; say what is done, and how it ended."""
        self._thread.submit(self._run, activity, work, done)

    def _run(self, activity: str, work: Callable[[], object], done: str) -> None:
        self._report("", f"{activity} ...")
        try:
            work()
            self._report("done", done)
        except Exception as error:  # nobody awaits it: the status line is all that can tell
            self._report("failed", f"{error}")


async def run_in_thread(
    work: Callable[[], Result], interrupted: Callable[[], None], poll: Callable[[], object] = lambda: None
) -> Result:
    """What work in a thread gives, for a cell that awaits it.

    poll: called several times a second, where the cell is awaited. interrupted: called at the kernel's interrupt, and
    where a look fails: it ends the work, which is then waited for, so that none goes on unseen.
    """
    task = asyncio.create_task(asyncio.to_thread(work))
    await wait_until(task.done, interrupted, poll)
    return task.result()


async def wait_until(
    is_over: Callable[[], bool], interrupted: Callable[[], None], poll: Callable[[], object] = lambda: None
) -> None:
    """Wait for the end of work in another thread; as `run_in_thread`."""
    try:
        while not is_over():
            await sleep_or_interrupt(interrupted)
            poll()
    except BaseException:
        interrupted()
        while not is_over():
            await sleep_or_interrupt(lambda: None)
        raise


async def sleep_or_interrupt(interrupted: Callable[[], None]) -> None:
    """Give the kernel time for clicks; an interrupt that comes meanwhile ends nothing: it is `interrupted`."""
    try:
        await asyncio.sleep(POLL_S)
    except (KeyboardInterrupt, asyncio.CancelledError):
        interrupted()


@contextmanager
def on_interrupt(action: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Have the kernel's interrupt button do something, while work goes on that a click began: no cell is there to be
    interrupted.

    Gives a function that sees to it that it stays so, to be called now and then: a cell that ends meanwhile sets the
    kernel's own way back, which is to ignore interrupts.
    """

    def act(*_: object) -> None:
        action()

    def keep() -> None:
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, act)

    before = signal.signal(signal.SIGINT, act)
    try:
        yield keep
    finally:
        if signal.getsignal(signal.SIGINT) is act:
            signal.signal(signal.SIGINT, before)
