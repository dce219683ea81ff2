"""Ctrl-C and SIGTERM, for commands that run notebooks."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


@contextmanager
def stop_on_signals(stop: Callable[[], None], message: str) -> Iterator[threading.Event]:
    """Have the first signal to end this process stop its work in order, saying so; the second Ctrl-C is obeyed at once.

    Gives an event that tells whether one came.
    """
    stop_requested = threading.Event()

    def on_signal(*_: object) -> None:
        stop_requested.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        typer.echo(f"stopping: {message}; Ctrl-C again ends it at once", err=True)
        stop()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop_requested
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
