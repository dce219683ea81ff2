"""What another thread may ask of a training run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from torch import Tensor

Record = Mapping[str, float]
"""One row of the history: column -> plain float."""

Weights = Mapping[str, Tensor]
"""A model's state_dict."""


class Control:
    """Stop, write a checkpoint now, or show the weights; polled after every step. Safe to call from any thread.

    on_step: called in the training thread with each new row of the history, as plain floats. on_weights: called there
    with step and weights, a copy on the CPU, each time that somebody asked to look.
    """

    def __init__(
        self,
        on_step: Callable[[Record], None] | None = None,
        on_weights: Callable[[int, Weights], None] | None = None,
    ) -> None:
        self.on_step = on_step or (lambda record: None)
        self.on_weights = on_weights or (lambda step, weights: None)
        self._stop, self._checkpoint, self._look = threading.Event(), threading.Event(), threading.Event()
        self.stop_reason = ""

    def stop(self, reason: str = "asked to stop") -> None:
        """End after the present step, with a checkpoint; a step of seconds is given up, where its optimizer can.

        reason: what the run's summary says; the last one that is given before it is written.
        """
        self.stop_reason = reason
        self._stop.set()

    def checkpoint(self) -> None:
        """Write a checkpoint after the present step, and go on."""
        self._checkpoint.set()

    def look(self) -> None:
        """Have on_weights called after the present step."""
        self._look.set()

    @property
    def stop_asked(self) -> bool:
        """Whether somebody asked for the end."""
        return self._stop.is_set()

    def take_checkpoint_request(self) -> bool:
        """Whether somebody asked for a checkpoint since this was last called."""
        return _take(self._checkpoint)

    def take_look_request(self) -> bool:
        """Whether somebody asked for the weights since this was last called."""
        return _take(self._look)


def _take(request: threading.Event) -> bool:
    asked = request.is_set()
    if asked:  # cleared only if seen: a request that arrives in between waits for the next step
        request.clear()
    return asked
