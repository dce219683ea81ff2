"""The sources of figures and tables: a run, a checkpoint, or the path of either."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from elastic_pinn.paths import expanded
from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import RECORDED_QUANTITIES, RecordedQuantity
from elastic_pinn.run import Checkpoint, Run, load_checkpoint

Source = Run | Checkpoint | str | Path

Predict = Callable[..., np.ndarray]
"""Displacement (..., 2) in m at x, y (m) and t (s), arrays that broadcast, or a `quantity` by its name: `predict` of a
run, a checkpoint, a model."""


def open_source(source: Source) -> Run | Checkpoint:
    """Open a run or a checkpoint: a folder contains a run, a file is a checkpoint; `~` and `$NAME` are expanded as in a
    shell.

    Raises FileNotFoundError for a folder without a run, CheckpointError for any other path without a good checkpoint.
    """
    if isinstance(source, Run | Checkpoint):
        return source
    return Run(source) if Path(expanded(source)).is_dir() else load_checkpoint(source)


def checkpoint_of(source: Source) -> Checkpoint:
    """Return a checkpoint, or the newest one of a run."""
    opened = open_source(source)
    return opened.latest() if isinstance(opened, Run) else opened


def shown_quantity(problem: Problem | None) -> RecordedQuantity:
    """Return what a wavefield is drawn by: what receivers recorded where they alone are known of it, else displacement.

    Records do not determine a quantity of which they are a derivative: a displacement that lasts is in no velocity.
    """
    if problem is None or problem.receivers is None or problem.exact:
        return RECORDED_QUANTITIES["displacement"]
    return problem.receivers.quantity
