"""Requests of other threads to a training run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from torch import Tensor

from elastic_pinn.readable import about, duration

Record = Mapping[str, float]
"""One row of the history: column -> plain float."""

Weights = Mapping[str, Tensor]
"""A model's state_dict."""

LEAST_PART = 0.02  # of work that must be done before its total time is estimated


class Work(NamedTuple):
    """Long work within a step: its name, its start (of time.monotonic), the part of it that is done."""

    what: str
    began: float
    part: float

    def text(self, now: float) -> str:
        """Describe the work, the time left and the whole time of it; the time so far until these can be estimated."""
        elapsed = now - self.began
        if self.part < LEAST_PART:
            return f"{self.what}: {duration(round(elapsed))} so far"
        total = elapsed / self.part
        return f"{self.what}: about {about(total - elapsed)} left of the {about(total)} that this part takes"


class Control:
    """Requests of any thread to a training run: stop, write a checkpoint, show the weights; polled after every step.

    Parameters
    ----------
    on_step
        Called in the training thread with each new row of the history, column -> plain float.
    on_weights
        Called there with step and weights, a copy on the CPU, after each call of `look`.
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
        self.work: Work | None = None  # long work within the present step

    def report(self, what: str, part: float) -> None:
        """Record the progress of long work, in the training thread or one that works for it, as while code is compiled.

        Parameters
        ----------
        what
            The name of the work; "" at its end.
        part
            The part of it that is done, 0 to 1, dimensionless.
        """
        if not what:
            self.work = None
        elif self.work and self.work.what == what:
            self.work = self.work._replace(part=part)
        else:
            self.work = Work(what, time.monotonic(), part)

    def stop(self, reason: str = "asked to stop") -> None:
        """Request the end after the present step, with a checkpoint; a step of seconds is cancelled, if possible.

        Parameters
        ----------
        reason
            For the run's summary; the last one that is given before it is written.
        """
        self.stop_reason = reason
        self._stop.set()

    def checkpoint(self) -> None:
        """Request a checkpoint after the present step."""
        self._checkpoint.set()

    def look(self) -> None:
        """Request a call of on_weights after the present step."""
        self._look.set()

    @property
    def stop_asked(self) -> bool:
        """Whether the end was requested."""
        return self._stop.is_set()

    def take_checkpoint_request(self) -> bool:
        """Return whether a checkpoint was requested since the last call.

        Returns
        -------
        bool
            True once for one or several requests.
        """
        return _take(self._checkpoint)

    def take_look_request(self) -> bool:
        """Return whether the weights were requested since the last call.

        Returns
        -------
        bool
            True once for one or several requests.
        """
        return _take(self._look)


def _take(request: threading.Event) -> bool:
    is_requested = request.is_set()
    if is_requested:  # cleared only then: a request that arrives in between is served after the next step
        request.clear()
    return is_requested
