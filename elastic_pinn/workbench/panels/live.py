"""What a panel shows of a training run while it runs: filled by the training thread, read by the kernel's.

Memory is bounded, however many steps there are.
"""

import math
import threading
from collections.abc import Mapping

import numpy as np
import pandas as pd

from elastic_pinn.training.control import Weights
from elastic_pinn.workbench.figures.losses import PREFIX, Curves

CAPACITY = 2000  # points of a curve; even
MATERIAL = "material/"


class LiveRecord:
    """The newest row of the history, each loss term and material parameter as a curve, and the newest weights.

    `take_row` and `take_weights` are Control's on_step and on_weights.

    Attributes:
        row: the newest row; empty before the first.
        weights: step and weights of the newest look; None before the first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._series: dict[str, ThinnedSeries] = {}
        self.row: Mapping[str, float] = {}
        self.weights: tuple[int, Weights] | None = None

    def take_earlier(self, history: pd.DataFrame) -> None:
        """Take in the history up to where training goes on: a part of each curve by itself, since not every column is
        measured at every step."""
        by_step = history.set_index("step")
        for name in [name for name in by_step if name.startswith((PREFIX, MATERIAL))]:
            values = by_step[name].dropna()
            series = self._series.setdefault(name, ThinnedSeries())
            for step, value in values.iloc[:: 1 + len(values) // CAPACITY].items():
                series.append(step, value)
        if len(history):
            self.take_row(history.iloc[-1].to_dict())

    def take_row(self, row: Mapping[str, float]) -> None:
        """Take in a row of the history."""
        with self._lock:
            self.row = row
            for name, value in row.items():
                if name.startswith((PREFIX, MATERIAL)) and math.isfinite(value):
                    self._series.setdefault(name, ThinnedSeries()).append(row["step"], value)

    def take_weights(self, step: int, weights: Weights) -> None:
        """Take in the weights as they are after a step."""
        self.weights = step, weights

    def losses(self) -> Curves:
        """Loss term -> (steps, values)."""
        return self._curves(PREFIX)

    def material(self) -> Curves:
        """Material parameter -> (steps, values in SI units)."""
        return self._curves(MATERIAL)

    def _curves(self, prefix: str) -> Curves:
        """The columns that begin so, by the rest of their names."""
        with self._lock:
            points = {
                name.removeprefix(prefix): np.array(series.points)
                for name, series in self._series.items()
                if name.startswith(prefix)
            }
        return {name: (array[:, 0], array[:, 1]) for name, array in points.items()}


class ThinnedSeries:
    """Points (x, y) with growing x; when there are too many, every second one is let go, but never the newest."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, float]] = []
        self._newest: list[tuple[float, float]] = []  # as long as it is not kept
        self._stride, self._seen = 1, 0

    @property
    def points(self) -> list[tuple[float, float]]:
        """What is known of the curve, to its end."""
        return self._kept + self._newest

    def append(self, x: float, y: float) -> None:
        """Take in a point. Points at or beyond x are let go first: a run that was resumed earlier than it ended."""
        while self._kept and self._kept[-1][0] >= x:
            self._kept.pop()
        is_kept = self._seen % self._stride == 0
        if is_kept:
            self._kept.append((x, y))
        self._newest = [] if is_kept else [(x, y)]
        self._seen += 1
        if len(self._kept) == CAPACITY:
            self._newest = [] if len(self._kept) % 2 else self._kept[-1:]
            self._kept = self._kept[::2]
            self._stride *= 2
