"""What long work is, and how far it has come: named where it is done, reported to whoever watches.

It is per thread, as the way out of such work is (breath.py), so that nothing between the two has to pass it on.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from elastic_pinn.networks.breath import breathe

Report = Callable[[str, float], None]
"""Called with what is done, and the part of it that is done, from 0 to 1; with "" when it is over."""


def _unwatched(what: str, part: float) -> None:
    """Nobody watches."""


_report: ContextVar[Report] = ContextVar("report", default=_unwatched)


@contextmanager
def reported(report: Report) -> Iterator[None]:
    """Have long work inside reported."""
    token = _report.set(report)
    try:
        yield
    finally:
        _report.reset(token)


@contextmanager
def work(what: str) -> Iterator[Callable[[float], None]]:
    """Name what is done inside. Gives a function to be called before each noticeable piece, with the part of the work
    that is done, from 0 to 1; it breathes, too."""
    report = _report.get()

    def at(part: float) -> None:
        breathe()
        report(what, part)

    try:
        yield at
    finally:
        report("", 1.0)
