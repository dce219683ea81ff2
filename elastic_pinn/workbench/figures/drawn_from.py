"""What figures and tables are drawn from: a run, a checkpoint, or the path of either."""

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.networks import Model
from elastic_pinn.parameters import in_one_line
from elastic_pinn.paths import expanded
from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import RECORDED_QUANTITIES, VECTORS, Receivers, RecordedQuantity
from elastic_pinn.physics.data.channel_names import shown_name
from elastic_pinn.physics.shots import names_of_shots
from elastic_pinn.run import Checkpoint, Run, load_checkpoint
from elastic_pinn.run.shot import Shot

Source = Run | Checkpoint | str | Path

Predict = Callable[..., np.ndarray]
"""Displacement (..., 2) in m at x, y (m) and t (s), arrays that broadcast, or a `quantity` by its name: `predict` of a
run, a checkpoint, a model."""


class FigureError(ElasticPinnError, ValueError):
    """A problem or a run has nothing of what a figure shows; the text says why."""


def open_source(source: Source) -> Run | Checkpoint:
    """Open a run or a checkpoint: a folder contains a run, a file is a checkpoint; `~` and `$NAME` are expanded as in a
    shell.

    Raises FileNotFoundError for a folder without a run, CheckpointError for any other path without a good checkpoint,
    TypeError for what is none of these.
    """
    if isinstance(source, Run | Checkpoint):
        return source
    if not isinstance(source, str | PathLike):
        hint = "; of several, name one: runs[0]" if isinstance(source, list | tuple) else ""
        raise TypeError(f"{in_one_line(source)}: a run, a checkpoint or the path of either is needed{hint}")
    return Run(source) if Path(expanded(source)).is_dir() else load_checkpoint(source)


def network_of(checkpoint: Checkpoint) -> Model:
    """Return the network whose wavefield a figure shows. Raises FigureError where it takes no part in it."""
    if checkpoint.is_by_elements:
        raise FigureError(
            "finite elements solved for this wavefield, in which the network takes no part: snapshots, wiggles and "
            "b_scan show it"
        )
    return checkpoint.model()


def first_shot_text(problem: Problem) -> str:
    """Return what the title of a figure of the first shot alone begins with; "" where there is one."""
    names = names_of_shots(problem)
    return f"shot {shown_name(names[0])}, the first of {len(names)}, by its network: " if problem.other_shots else ""


def receivers_of(shot: Shot, figure: str) -> Receivers:
    """Return what was recorded in a shot. Raises FigureError, naming the figure, where nothing was."""
    if shot.receivers is None:
        raise FigureError(f"{figure} needs a problem with receivers, and this one has none")
    return shot.receivers


def require_several(sources: Sequence[Source], figure: str) -> None:
    """Raise ValueError, naming the figure, for what is no list of sources, as one run alone."""
    if isinstance(sources, str | PathLike | Run | Checkpoint) or not sources:
        raise ValueError(f"{figure} needs a list of runs, checkpoints or paths: {figure}([run])")


def checkpoint_of(source: Source) -> Checkpoint:
    """Return a checkpoint, or the newest one of a run."""
    opened = open_source(source)
    return opened.latest() if isinstance(opened, Run) else opened


def shown_quantity(problem: Problem | None) -> RecordedQuantity:
    """Return what a wavefield is drawn by: the vector that receivers recorded where they alone are known of it.

    Records do not determine a quantity of which they are a derivative: a displacement that lasts is in no velocity.
    Else it is the displacement, which a strain or stress leaves open by a motion as a rigid body.
    """
    if problem is None or problem.receivers is None or problem.exact:
        return RECORDED_QUANTITIES["displacement"]
    vectors = [kind for kind in problem.receivers.kinds if kind in VECTORS.values()]
    return vectors[0] if vectors else RECORDED_QUANTITIES["displacement"]
