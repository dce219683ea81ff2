"""Ctrl-C and SIGTERM, for commands that run notebooks."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


@contextmanager
def stopped_by_signals(stop: Callable[[], None], words: str) -> Iterator[threading.Event]:
    """Have the first signal to end this process stop its work in order, saying so; the second Ctrl-C is obeyed at once.

    Gives an event that tells whether one came.
    """
    asked = threading.Event()

    def ask(*_: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        typer.echo(f"stopping: {words}; Ctrl-C again ends it at once", err=True)
        stop()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
