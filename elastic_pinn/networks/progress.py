"""Progress of long computations: named where the work is done, reported to whoever called for it.

The report belongs to the current context, as the cancellation check does (cancellation.py), so that no function in
between has to pass it on.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from elastic_pinn.networks.cancellation import check_cancelled

Report = Callable[[str, float], None]
"""Called with the name of the work and the part of it that is done, from 0 to 1; with "" when it is over."""


def _no_report(what: str, part: float) -> None:
    """Ignore the progress."""


_report: ContextVar[Report] = ContextVar("report", default=_no_report)


@contextmanager
def reported(report: Report) -> Iterator[None]:
    """Report the progress of long work inside the block."""
    token = _report.set(report)
    try:
        yield
    finally:
        _report.reset(token)


@contextmanager
def work(what: str) -> Iterator[Callable[[float], None]]:
    """Name the work of the block.

    Yields a function to be called before each noticeable piece, with the part of the work that is done, from 0 to 1;
    it checks for cancellation, too. Work of which it was never called is not reported, nor is its end. Work that began
    inside other work ends the report of that, too, until its next piece, from which its time counts anew.
    """
    report, is_begun = _report.get(), False

    def at(part: float) -> None:
        nonlocal is_begun
        is_begun = True
        check_cancelled()
        report(what, part)

    try:
        yield at
    finally:
        if is_begun:
            report("", 1.0)
