"""Cooperative cancellation: long computations check now and then whether their caller still needs them.

The check belongs to the current context, as torch's grad mode does, so that no function in between has to pass it on.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_check: ContextVar[Callable[[], None]] = ContextVar("check", default=lambda: None)


@contextmanager
def cancellable(check: Callable[[], None]) -> Iterator[None]:
    """Run the block with a cancellation check.

    Parameters
    ----------
    check
        Called by `check_cancelled` inside the block. To cancel, it raises an exception, which leaves the block.
    """
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


def check_cancelled() -> None:
    """Call the current check, before a part of the work that takes a noticeable time.

    Call it only where the caller's data are consistent: between changes that must all be made or none.
    """
    _check.get()()
