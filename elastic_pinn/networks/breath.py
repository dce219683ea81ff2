"""A way out of work that takes long: whoever starts it says what is called now and then, and may raise there.

It is per thread, as torch's grad mode is, so that nothing between the two has to pass it on.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_called: ContextVar[Callable[[], None]] = ContextVar("called", default=lambda: None)


@contextmanager
def breathing(call: Callable[[], None]) -> Iterator[None]:
    """Let `call` be called now and then by what works inside, between changes that must all be made or none."""
    token = _called.set(call)
    try:
        yield
    finally:
        _called.reset(token)


def breathe() -> None:
    """Call what was asked for, in work of which the next part takes a noticeable time."""
    _called.get()()
