"""How far training is: as a bar, and in words."""

import math
import time
from collections import deque

import ipywidgets as widgets

from elastic_pinn.workbench.words import duration_text

PACE_WINDOW_S = 15.0


class Progress(widgets.HBox):
    """Steps done of those to do, steps a second, time left."""

    def __init__(self, steps: int) -> None:
        self._bar = widgets.IntProgress(tooltip="steps done", layout={"width": "auto", "flex": "1 1 120px"})
        self._text = widgets.Label(layout={"flex": "none"})
        super().__init__([self._bar, self._text], layout={"flex": "1 1 320px", "align_items": "center"})
        self.begin(steps)

    def begin(self, steps: int, step: int = 0) -> None:
        """Training begins, or goes on, at a step."""
        self._bar.max, self._pace = steps, Pace()
        self.show(step)

    def show(self, step: int) -> None:
        """Training has come to a step."""
        self._bar.value = step
        self._text.value = progress_text(step, self._bar.max, self._pace.mark(step))

    def end(self, step: int) -> None:
        """Training rests at a step."""
        self._bar.value = step
        self._text.value = progress_text(step, self._bar.max, math.nan)


class Pace:
    """Steps a second, over the last moments."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, float]] = deque()

    def mark(self, step: float) -> float:
        """Say where training is now; returns steps a second, NaN while it is not known."""
        now = time.monotonic()
        self._marks.append((now, step))
        while now - self._marks[0][0] > PACE_WINDOW_S:
            self._marks.popleft()
        then, before = self._marks[0]
        elapsed = now - then
        return (step - before) / elapsed if elapsed > 0 and step > before else math.nan


def progress_text(step: float, steps: int, pace: float) -> str:
    """Where training is, for people."""
    done = f"step {step:,.0f} of {steps:,}"
    if not math.isfinite(pace):
        return done
    return f"{done} · {pace:.3g} steps/s · {duration_text((steps - step) / pace)} left"
