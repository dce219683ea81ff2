"""The progress of training: a bar and a text."""

import math
import time
from collections import deque

import ipywidgets as widgets

from elastic_pinn.readable import about
from elastic_pinn.training.lifecycle.control import Work

PACE_WINDOW_S = 15.0
WRAPPED = "<style>.ep-progress {white-space: normal; line-height: 1.4}</style>"
LONG_S = 1.0  # work within a step that takes longer is shown


class ProgressBar(widgets.HBox):
    """Done and total steps, stage, loss and error; and steps per second and the time left, or the present long work."""

    def __init__(self, steps: int) -> None:
        self._bar = widgets.IntProgress(layout={"width": "auto", "flex": "1 1 120px"})
        self._text = widgets.Label(layout={"flex": "0 1 auto", "max_width": "100%", "height": "auto"})
        self._text.add_class("ep-progress")
        layout = {"flex": "1 1 480px", "align_items": "center", "flex_flow": "row wrap"}
        super().__init__([widgets.HTML(WRAPPED, layout={"display": "none"}), self._bar, self._text], layout=layout)
        self.begin(steps)

    def begin(self, steps: int, step: int = 0, is_limit: bool = False) -> None:
        """Start, or continue, at a step. is_limit: fewer steps may do."""
        self._bar.max, self._pace, self._is_limit = steps, Pace(), is_limit
        self.show(step)

    def show(self, step: int, status_text: str = "", work: Work | None = None) -> None:
        """Show the step, a status, and the present long work, if any. Refinements may add steps."""
        self._bar.max = max(self._bar.max, step)
        self._bar.value = step
        now = time.monotonic()
        is_long = work is not None and now - work.began > LONG_S
        pace = pace_text(step, self._bar.max, self._pace.mark(step), self._is_limit)
        doing = work.text(now) if work and is_long else pace
        self._show_text(step, status_text, doing)

    def end(self, step: int, status_text: str = "") -> None:
        """Show the step and a status at the end or in a pause."""
        self._bar.max = max(self._bar.max, step)
        self._bar.value = step
        self._show_text(step, status_text, "")

    def _show_text(self, step: int, *others: str) -> None:
        texts = [f"step {step:,} of {self._bar.max:,}", *others]
        self._text.value = " · ".join(text for text in texts if text)


class Pace:
    """Steps per second, over the last seconds."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, float]] = deque()

    def mark(self, step: float) -> float:
        """Add the present step; return steps per second, NaN while unknown."""
        now = time.monotonic()
        self._marks.append((now, step))
        while now - self._marks[0][0] > PACE_WINDOW_S:
            self._marks.popleft()
        then, before = self._marks[0]
        elapsed = now - then
        return (step - before) / elapsed if elapsed > 0 and step > before else math.nan


def pace_text(step: float, steps: int, pace: float, is_limit: bool = False) -> str:
    """Return steps per second and the time left, at most where the steps are a limit, as text; "" while unknown."""
    if not math.isfinite(pace):
        return ""
    return f"{pace:.3g} steps/s · {'at most ' * is_limit}{about((steps - step) / pace)} left"
