"""Work in another thread, while the kernel handles clicks and interrupts."""

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
    """A thread for work of some seconds that clicks start: one task after another.

    report: called with a status and a text, also from that thread.
    """

    def __init__(self, report: Callable[[str, str], None]) -> None:
        self._report, self._thread = report, ThreadPoolExecutor(max_workers=1)

    def submit(self, activity: str, work: Callable[[], Result], done: Callable[[Result], str]) -> None:
        """Queue a task; report its start and what `done` makes of its result."""
        self._thread.submit(self._run, activity, work, done)

    def _run(self, activity: str, work: Callable[[], Result], done: Callable[[Result], str]) -> None:
        self._report("", f"{activity} ...")
        try:
            self._report("done", done(work()))
        except Exception as error:  # not awaited: only the status line can report it
            self._report("failed", f"{error}")


async def run_in_thread(
    work: Callable[[], Result], interrupted: Callable[[], None], poll: Callable[[], object] = lambda: None
) -> Result:
    """Run work in a thread and return its result, for a cell that awaits it.

    poll: called several times a second in the event loop. interrupted: called at the kernel's interrupt, and if `poll`
    fails: it stops the work, which is then awaited, so that none continues unnoticed.
    """
    task = asyncio.create_task(asyncio.to_thread(work))
    await wait_until(task.done, interrupted, poll)
    return task.result()


async def wait_until(
    is_over: Callable[[], bool], interrupted: Callable[[], None], poll: Callable[[], object] = lambda: None
) -> None:
    """Wait for the end of work in another thread; arguments as in `run_in_thread`."""
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
    """Give the kernel time for clicks; an interrupt meanwhile calls `interrupted` and raises nothing."""
    try:
        await asyncio.sleep(POLL_S)
    except (KeyboardInterrupt, asyncio.CancelledError):
        interrupted()


@contextmanager
def on_interrupt(action: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Call a function at the kernel's interrupt, while work runs that a click started, since no cell can be
    interrupted.

    Gives a function to be called repeatedly: it restores the handler after a cell has ended, since the kernel then
    ignores interrupts.
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
