"""A run directory. Nothing here writes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.error_estimate import ErrorEstimate
from elastic_pinn.fit import Fit
from elastic_pinn.paths import expanded, near_file
from elastic_pinn.physics import Problem
from elastic_pinn.physics.media.material import UNITS
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.run.checkpoint import WRITER, Checkpoint, frame, one_line
from elastic_pinn.storage import (
    CHECKPOINTS,
    CheckpointError,
    Checkpoints,
    Entry,
    Found,
    History,
    folder_at,
    is_locked,
    read_live_history,
)
from elastic_pinn.summary import SUMMARY, Status, Summary

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)


class Run:
    """A run directory, also of a running run, or its copy on a remote store: each call reads its present state.

    Parameters
    ----------
    run_dir
        A path, or a URL such as "s3://bucket/prefix/name".

    Raises
    ------
    FileNotFoundError
        For a folder that contains no run.
    """

    def __init__(self, run_dir: str | Path) -> None:
        self.path = run_dir if "://" in str(run_dir) else Path(expanded(run_dir))
        self._folder = folder_at(self.path)
        self._checkpoints = Checkpoints(self._folder.inside(CHECKPOINTS))
        if "config.json" not in self._folder.names():
            near = "" if isinstance(self.path, str) else near_file(run_dir, self.path.absolute(), Path.is_dir)
            raise FileNotFoundError(f"{self.path} holds no run: there is no config.json in it{near}")

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @property
    def config(self) -> Config:
        """The run's newest config."""
        return self._parsed("config.json", Config.from_json)

    @property
    def summary(self) -> Summary:
        """The state of the run: status, reason, step, material, newest checkpoint, process and host."""
        return self._parsed(SUMMARY, Summary.model_validate_json)

    @property
    def status(self) -> Status:
        """The status of the run: "running", "completed", "stopped" or "failed"; `reason` has the reason.

        A run that was killed counts as stopped; that of a run on a remote store cannot be known.
        """
        status = self.summary.status
        if status != "running" or isinstance(self.path, str) or is_locked(self.path):
            return status
        status = self.summary.status  # read again: it may have ended between the two looks
        return "stopped" if status == "running" else status

    @property
    def reason(self) -> str:
        """The reason of its status."""
        summary = self.summary
        if summary.status == "running" and self.status == "stopped":
            return "its process ended without a word, as after a kill"
        return summary.reason

    @property
    def fit(self) -> Fit | None:
        """Whether the data are explained at the end, and the ± of the unknowns.

        None where that was not assessed: for a problem without unknowns, a run that has not ended or has failed, a run
        of an older version. Raises CheckpointError for a fit that this version does not know.
        """
        return self.fit_in(self.summary)

    def fit_in(self, summary: Summary) -> Fit | None:
        """Return the `fit` in a summary of the run that has been read already, in the same state of the run.

        Parameters
        ----------
        summary
            As `Run.summary` returned it.

        Returns
        -------
        Fit or None
            As `Run.fit`.

        Raises
        ------
        CheckpointError
            For a fit that this version does not know.
        """
        try:
            return None if summary.fit is None else Fit.from_json(summary.fit, {*UNITS, *summary.material})
        except ValueError as error:
            fault = f"holds a fit that this version does not know ({one_line(error)})"
            raise CheckpointError(self._folder.path(SUMMARY), fault, WRITER) from error

    def history(self) -> pd.DataFrame:
        """Return every column at every step, one row a step, continuous across resumes.

        The history of a running run ends about a second ago.

        A row has the losses, the gradient's norm, the material and the validation at the weights after its step.
        In rows of steps up to `.attrs["losses_of_start_until"]`, which is 0 but in runs that an earlier version began,
        the losses and the norm are those at the weights before the step.

        Returns
        -------
        DataFrame
            Columns loss/X are unweighted and dimensionless, loss/total is the weighted sum, by the columns weight/X
            where weights are adapted, and points/draws counts how often points were drawn or moved; material columns
            are in SI units, wall_s in s.

        Raises
        ------
        CheckpointError
            If neither the history nor a checkpoint can be read.
        """
        return frame(self._history())

    def events(self) -> list[tuple[int, str]]:
        """Return the events, such as changes on resuming.

        Returns
        -------
        list of tuple
            Step and text of each.
        """
        return list(self._history().events)

    def checkpoints(self) -> list[Entry]:
        """List all checkpoints by generation and step.

        Returns
        -------
        list of Entry
            Each with its `path` and its sealed `header` (step, metric, ...).
        """
        return self._checkpoints.entries()

    def pins(self) -> dict[str, str]:
        """Return the checkpoints that retention keeps regardless of its rules: see `pin`.

        Returns
        -------
        dict
            The reason of each, by the checkpoint's name.
        """
        return self._checkpoints.pins()

    def latest(self, isolated: bool = False) -> Checkpoint:
        """Load the newest checkpoint that verifies.

        Parameters
        ----------
        isolated
            As in `load_checkpoint`.

        Returns
        -------
        Checkpoint
            The checkpoint.

        Raises
        ------
        CheckpointError
            If there is none.
        """
        return self._load(self._checkpoints.latest(isolated))

    def best(self, isolated: bool = False) -> Checkpoint:
        """Load the checkpoint with the lowest monitored metric that verifies.

        Parameters
        ----------
        isolated
            As in `load_checkpoint`.

        Returns
        -------
        Checkpoint
            The checkpoint.

        Raises
        ------
        CheckpointError
            If there is none.
        """
        return self._load(self._checkpoints.best(isolated))

    def material(self) -> dict[str, float | np.ndarray]:
        """Return the material of the newest checkpoint: see `Checkpoint.material`.

        Returns
        -------
        dict
            "lambda" and "mu" in Pa, "rho" in kg/m3.
        """
        return self.latest().material()

    def problem(self, own: Problem | ProblemMaker | None = None) -> Problem:
        """Return the problem that was solved: see `Checkpoint.problem`.

        Parameters
        ----------
        own
            The user's problem, or the function that makes it; required if the run has one.

        Returns
        -------
        Problem
            The problem.
        """
        return self.latest().problem(own)

    def predict(
        self,
        x: Any,
        y: Any,
        t: Any,
        quantity: str = "displacement",
        shot: str | int = "",
        problem: Problem | ProblemMaker | None = None,
    ) -> np.ndarray:
        """Predict a quantity of the wavefield by the newest checkpoint: see `Checkpoint.predict`.

        Parameters
        ----------
        x, y, t
            Positions in m and times in s, of shapes (...,) that broadcast.
        quantity
            "displacement" (m), "velocity" (m/s), "acceleration" (m/s2), "strain" (xx, yy, xy) or "stress" (xx, yy,
            xy; Pa).
        shot
            The name of one of several shots; not given: the first.
        problem
            The user's problem, or the function that makes it; required with a shot if the run has one.

        Returns
        -------
        ndarray
            Displacement, velocity or acceleration (..., 2), strain or stress (..., 3).
        """
        return self.latest().predict(x, y, t, quantity, shot, problem)

    def estimate_error(self, problem: Problem | ProblemMaker | None = None) -> ErrorEstimate:
        """Estimate how far the wavefield of the newest checkpoint is off: see `Checkpoint.estimate_error`.

        Parameters
        ----------
        problem
            The user's problem, or the function that makes it; required if the run has one.

        Returns
        -------
        ErrorEstimate
            The errors.
        """
        return self.latest().estimate_error(problem)

    def _history(self) -> History:
        """The live history; that of the newest checkpoint if it is missing or damaged."""
        live = self._folder.path("history.h5")
        try:
            history = read_live_history(live)
        except CheckpointError as error:
            newest = self._checkpoints.latest()
            if newest is None:
                raise
            if isinstance(live, Path) and live.exists():
                logger.warning("%s In its place: the history in %s", error, newest.path)
            return newest.snapshot.history
        return self._longer(history)

    def _longer(self, live: History) -> History:
        """The live history, or the newest checkpoint's if that is longer, as after a kill."""
        headers = [entry.header for entry in self._checkpoints.entries()[-1:]]
        if all(header.step <= live.last.get("step", 0) for header in headers):
            return live
        newest = self._checkpoints.latest()
        return newest.snapshot.history if newest and newest.snapshot.step > live.last.get("step", 0) else live

    def _parsed(self, name: str, parse: Callable[[str], Any]) -> Any:
        """The content of a JSON file of the run. Raises CheckpointError, naming it, for what a run does not write."""
        try:
            return parse(self._folder.read(name).decode())
        except ConfigError as error:
            fault = f"holds a config that this version does not know ({one_line(error)})"
            raise CheckpointError(self._folder.path(name), fault, WRITER) from error
        except (ValueError, TypeError, RecursionError) as error:
            fault = f"is not what a run writes ({type(error).__name__}: {one_line(error)})"
            raise CheckpointError(
                self._folder.path(name), fault, "The checkpoints may be good: try `verify`"
            ) from error

    def _load(self, found: Found | None) -> Checkpoint:
        if found is None:
            advice = "Wait for the first one, or look at the run's summary.json"
            raise CheckpointError(self._folder.path(CHECKPOINTS), "holds no good checkpoint yet", advice)
        return Checkpoint(found.path, found.snapshot)
