"""Work that takes seconds, begun by a click."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class Background:
    """One piece of work after another, in a thread of its own, while the kernel heeds other clicks.

    say: takes a status and a text, from that thread too.
    """

    def __init__(self, say: Callable[[str, str], None]) -> None:
        self._say, self._thread = say, ThreadPoolExecutor(max_workers=1)

    def do(self, doing: str, work: Callable[[], object], done: str) -> None:
        """Do the work when what was asked before is done; say what is done, and how it ended."""
        self._thread.submit(self._do, doing, work, done)

    def _do(self, doing: str, work: Callable[[], object], done: str) -> None:
        self._say("", f"{doing} ...")
        try:
            work()
            self._say("done", done)
        except Exception as error:  # nobody awaits it: the status line is all that can tell
            self._say("failed", f"{error}")
