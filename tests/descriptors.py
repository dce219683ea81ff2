"""What this process has open, and that some work leaves nothing open."""

import os
import time
from contextlib import suppress


def open_descriptors() -> set[str]:
    """What this process has open: number and path of each descriptor.

    Servers of earlier tests in this process open and close theirs at any time, between two calls here too.
    """
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):
            found.add(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")
    return found


def require_no_leak(before: set[str]) -> None:
    """Fail if a descriptor is open that was not before, and stays open.

    One that is gone, or that goes within a second, belongs to somebody else.
    """
    until = time.monotonic() + 1
    while (leaked := open_descriptors() - before) and time.monotonic() < until:
        time.sleep(0.01)
    assert not leaked, f"leaked: {sorted(leaked)}"
