"""Handle Ctrl-C and SIGTERM in commands that run notebooks."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


@contextmanager
def stop_on_signals(stop: Callable[[], None], message: str) -> Iterator[threading.Event]:
    """Stop the work in order at the first SIGINT or SIGTERM, with a message; a second Ctrl-C ends it at once.

    Gives an event that is set by the first signal.
    """
    stop_requested = threading.Event()

    def on_signal(number: int, _: object) -> None:
        stop_requested.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        by = "" if number == signal.SIGINT else f", as {signal.Signals(number).name} asks"
        typer.echo(f"stopping{by}: {message}; Ctrl-C again ends it at once", err=True)
        stop()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop_requested
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
