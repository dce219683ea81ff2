"""The live data of a training run for its panel: written by the training thread, read by the kernel's thread.

Memory is bounded for any number of steps.
"""

import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from elastic_pinn.config import Config
from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem
from elastic_pinn.run import Checkpoint
from elastic_pinn.training import preview_of
from elastic_pinn.training.lifecycle.control import Weights
from elastic_pinn.workbench.figures.learning.losses import PREFIX, at_weights
from elastic_pinn.workbench.figures.learning.weights_and_points import DRAWS, WEIGHTS, Curve, Curves, redraws_in

CAPACITY = 2000  # points of a curve; even
MATERIAL = "material/"
CURVES = PREFIX, MATERIAL, *WEIGHTS
SHOWN = {"loss": "loss/total", "error": "error/displacement"}  # shown during training


class LiveRecord:
    """The record of one call of train(): its arguments, the newest row of the history, loss terms, their weights and
    the material parameters as curves, and the newest weights of the network.

    A figure uses one record only, so that weights are never combined with the config or the problem of another.
    `add_row` and `set_weights` are Control's on_step and on_weights.

    Parameters
    ----------
    run_dir, config, problem
        The arguments of train().

    Attributes
    ----------
    resolved
        The config that train() begins with, with what a tolerance leaves to the library.
    row
        The newest row; empty before the first.
    known
        The newest value of each column that was measured.
    """

    def __init__(self, run_dir: Path, config: Config, problem: Problem) -> None:
        self.run_dir, self.config, self.problem = run_dir, config, problem
        self.resolved = preview_of(config, problem).config if config.tolerance else config
        self._lock, self._lending = threading.Lock(), threading.Lock()
        self._series: dict[str, ThinnedSeries] = {}
        self._redraws = ThinnedSeries()
        self._newest: tuple[int, Config, Weights] | None = None
        self._made: tuple[object, Model] | None = None  # of which weights, and the model
        self.row: Mapping[str, float] = {}
        self.known: dict[str, float] = {}

    def add_history(self, history: pd.DataFrame) -> None:
        """Add the history before a resume; each curve is thinned by itself, since not every column has a value at every
        step."""
        for name in [name for name in history if name.startswith(CURVES)]:
            values = history.set_axis(at_weights(history, name))[name].dropna()
            thinned = pd.concat([values.iloc[:: 1 + len(values) // CAPACITY], values.iloc[-1:]])
            with self._lock:
                for step, value in thinned.items():  # empty if it was never measured
                    self._series.setdefault(name, ThinnedSeries()).append(step, value)
        with self._lock:
            for step, count in zip(*redraws_in(history), strict=True):
                self._redraws.append(step, count)
        if len(history):
            self.row, self.known = history.iloc[-1].to_dict(), history.ffill().iloc[-1].dropna().to_dict()

    def add_row(self, row: Mapping[str, float]) -> None:
        """Add a row of the history."""
        with self._lock:
            if row.get(DRAWS, 0.0) > self.row.get(DRAWS, row.get(DRAWS, 0.0)):
                self._redraws.append(row["step"], 1 + (self._redraws.points[-1][1] if self._redraws.points else 0))
            self.row = row
            self.known = self.known | {name: value for name, value in row.items() if math.isfinite(value)}
            for name, value in row.items():
                if name.startswith(CURVES) and math.isfinite(value):
                    self._series.setdefault(name, ThinnedSeries()).append(row["step"], value)

    def set_weights(self, step: int, weights: Weights) -> None:
        """Set the newest weights, of the config's network after a step; with a tolerance, which refines the network,
        only checkpoints are known to have the right one."""
        if not self.config.tolerance:
            self._newest = step, self.config, weights

    def set_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Set the newest weights from a checkpoint, which has its own config."""
        self._newest = checkpoint.step, checkpoint.config, checkpoint.snapshot.weights

    @contextmanager
    def newest(self) -> Iterator[tuple[int, Model] | None]:
        """Lend step and model of the newest weights, the same one until there are newer ones; None before the first.

        One view at a time has it: figures are drawn in several threads, and a model keeps what it knows of points.
        """
        with self._lending:
            if not (newest := self._newest):
                yield None
                return
            step, config, weights = newest
            if not (made := self._made) or made[0] is not newest:
                self._made = made = newest, Model.from_state(config, weights)
            yield step, made[1]

    @property
    def step(self) -> int:
        """The last step."""
        return int(self.row.get("step", 0))

    def status_text(self) -> str:
        """Return stage, loss and error of the newest row as text."""
        known, stages = self.known, self.resolved.stages
        texts: list[str] = [stages[min(int(known.get("stage", 0)), len(stages) - 1)]]
        texts += [f"{title} {known[name]:.2e}" for title, name in SHOWN.items() if name in known]
        return " · ".join(texts)

    def losses(self) -> Curves:
        """Return loss term -> (steps, values)."""
        return {name.removeprefix(PREFIX): curve for name, curve in self._curves(PREFIX).items()}

    def weights(self) -> Curves:
        """Return column of a weight -> (steps, weights)."""
        return self._curves(*WEIGHTS)

    def redraws(self) -> Curve:
        """Return the steps before which points moved, and how often they had by then."""
        with self._lock:
            return _as_curve(self._redraws)

    def material(self) -> Curves:
        """Return material parameter -> (steps, values in SI units)."""
        return {name.removeprefix(MATERIAL): curve for name, curve in self._curves(MATERIAL).items()}

    def _curves(self, *prefixes: str) -> Curves:
        """Return the curves of the columns with a prefix."""
        with self._lock:
            return {name: _as_curve(series) for name, series in self._series.items() if name.startswith(prefixes)}


class ThinnedSeries:
    """Points (x, y) with growing x; if there are too many, every second one is dropped, but never the newest."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, float]] = []
        self._newest: list[tuple[float, float]] = []  # if it is not among the kept ones
        self._stride, self._seen = 1, 0

    @property
    def points(self) -> list[tuple[float, float]]:
        """The points of the curve, including the newest."""
        return self._kept + self._newest

    def append(self, x: float, y: float) -> None:
        """Add a point. Points at or beyond x are dropped first, for a run that was resumed from an earlier step."""
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


def _as_curve(series: ThinnedSeries) -> Curve:
    points = np.array(series.points).reshape(-1, 2)
    return points[:, 0], points[:, 1]
