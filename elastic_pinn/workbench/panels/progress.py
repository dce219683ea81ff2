"""How far training is: as a bar, and in words."""

import math
import time
from collections import deque

import ipywidgets as widgets

from elastic_pinn.training.control import Work
from elastic_pinn.workbench.text import format_duration

PACE_WINDOW_S = 15.0
WRAPPED = "<style>.ep-progress {white-space: normal; line-height: 1.4}</style>"
LONG_S = 1.0  # of work within a step that is worth a word


class ProgressBar(widgets.HBox):
    """Steps done of those to do, stage, loss and error; and steps a second and the time left, or what takes long just
    now."""

    def __init__(self, steps: int) -> None:
        self._bar = widgets.IntProgress(layout={"width": "auto", "flex": "1 1 120px"})
        self._text = widgets.Label(layout={"flex": "0 1 auto", "max_width": "100%", "height": "auto"})
        self._text.add_class("ep-progress")
        layout = {"flex": "1 1 320px", "align_items": "center", "flex_flow": "row wrap"}
        super().__init__([widgets.HTML(WRAPPED, layout={"display": "none"}), self._bar, self._text], layout=layout)
        self.begin(steps)

    def begin(self, steps: int, step: int = 0) -> None:
        """Training begins, or goes on, at a step."""
        self._bar.max, self._pace = steps, Pace()
        self.show(step)

    def show(self, step: int, status_text: str = "", work: Work | None = None) -> None:
        """Training has come to a step, stands so, and does some work that takes long, if any."""
        self._bar.value = step
        now = time.monotonic()
        is_long = work is not None and now - work.began > LONG_S
        doing = work.text(now) if work and is_long else pace_text(step, self._bar.max, self._pace.mark(step))
        self._show_text(step, status_text, doing)

    def end(self, step: int, status_text: str = "") -> None:
        """Training rests at a step."""
        self._bar.value = step
        self._show_text(step, status_text, "")

    def _show_text(self, step: int, *others: str) -> None:
        texts = [f"step {step:,} of {self._bar.max:,}", *others]
        self._text.value = " · ".join(text for text in texts if text)


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


def pace_text(step: float, steps: int, pace: float) -> str:
    """Steps a second and the time left, for people; "" while they are not known."""
    return f"{pace:.3g} steps/s · {format_duration((steps - step) / pace)} left" if math.isfinite(pace) else ""
