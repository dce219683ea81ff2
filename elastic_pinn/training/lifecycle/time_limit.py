"""The time_limit of a call of train()."""

from __future__ import annotations

import time

SHORT_S = 2.0  # a step that is ended, and not given up


class TimeLimit:
    """How long a call of train() may take, from when this is made.

    seconds: 0: as long as it needs.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self._began = seconds, time.monotonic()
        self._step_began = self._began

    def __str__(self) -> str:
        return f"time_limit of {self._seconds:g} s"

    @property
    def elapsed(self) -> float:
        """Seconds since the call."""
        return time.monotonic() - self._began

    @property
    def is_over(self) -> bool:
        """Whether the call has taken longer."""
        return not self.leaves(0.0)

    def begin_step(self) -> None:
        """Note that a step begins."""
        self._step_began = time.monotonic()

    @property
    def ends_step(self) -> bool:
        """Whether a step is to be given up: one that is longer than the limit, whenever it is tried; no short one."""
        return self.is_over and time.monotonic() - self._step_began > SHORT_S

    def leaves(self, seconds: float) -> bool:
        """Return whether work of so many seconds would end in time; nan, which nobody knows, may."""
        return not (self._seconds and self.elapsed + seconds > self._seconds)
