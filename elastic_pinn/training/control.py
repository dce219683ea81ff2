"""What another thread may ask of a training run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

Record = Mapping[str, float]
"""One row of the history: column -> plain float."""


class Control:
    """Stop, or write a checkpoint now; polled after every step. Safe to call from any thread.

    on_step: called in the training thread with each new row of the history, as plain floats.
    """

    def __init__(self, on_step: Callable[[Record], None] | None = None) -> None:
        self.on_step = on_step or (lambda record: None)
        self._stop, self._checkpoint = threading.Event(), threading.Event()

    def stop(self) -> None:
        """End after the present step, with a checkpoint."""
        self._stop.set()

    def checkpoint(self) -> None:
        """Write a checkpoint after the present step, and go on."""
        self._checkpoint.set()

    @property
    def stop_asked(self) -> bool:
        """Whether somebody asked for the end."""
        return self._stop.is_set()

    def take_checkpoint_request(self) -> bool:
        """Whether somebody asked for a checkpoint since this was last called."""
        asked = self._checkpoint.is_set()
        if asked:  # cleared only if seen: a request that arrives in between waits for the next step
            self._checkpoint.clear()
        return asked
