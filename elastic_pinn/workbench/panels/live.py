"""What a panel shows of a training run while it runs: filled by the training thread, read by the kernel's.

Memory is bounded, however many steps there are.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Mapping

import numpy as np

from elastic_pinn.workbench.figures.losses import PREFIX, Curves, draw_terms
from elastic_pinn.workbench.figures.picture import Picture

CAPACITY = 2000  # points of a curve; even
PACE_WINDOW_S = 15.0


class LiveRecord:
    """The newest row of the history, and each loss term as a curve of at most CAPACITY points.

    Called with each row, as Control's on_step.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[str, ThinnedSeries] = {}
        self.row: Mapping[str, float] = {}

    def __call__(self, row: Mapping[str, float]) -> None:
        """Take in a row."""
        with self._lock:
            self.row = row
            for name, value in row.items():
                if name.startswith(PREFIX) and math.isfinite(value):
                    term = name.removeprefix(PREFIX)
                    self._series.setdefault(term, ThinnedSeries()).append(row["step"], value)

    def curves(self) -> Curves:
        """Term -> (steps, values)."""
        with self._lock:
            points = {term: np.array(series.points) for term, series in self._series.items()}
        return {term: (array[:, 0], array[:, 1]) for term, array in points.items()}

    def png(self) -> bytes:
        """The loss curves as a PNG file's bytes."""
        figure = Picture(3.4)
        draw_terms(figure.subplots(), self.curves())
        return figure.png()


class ThinnedSeries:
    """Points (x, y) with growing x; when there are too many, every second one is let go."""

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []
        self._stride, self._seen = 1, 0

    def append(self, x: float, y: float) -> None:
        """Take in a point. Points at or beyond x are let go first: a run that was resumed earlier than it ended."""
        while self.points and self.points[-1][0] >= x:
            self.points.pop()
        if self._seen % self._stride == 0:
            self.points.append((x, y))
        self._seen += 1
        if len(self.points) == CAPACITY:
            self.points = self.points[::2]
            self._stride *= 2


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


def duration_text(seconds: float) -> str:
    """A time span as 0:42, 12:05 or 3:00:00."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
