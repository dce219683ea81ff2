"""One checkpoint file, and its config as this version reads it. Nothing here writes."""

from __future__ import annotations

import logging
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.error_estimate import ErrorEstimate, kept_estimate
from elastic_pinn.networks import Model
from elastic_pinn.networks.config import HELD_AT_ZERO
from elastic_pinn.paths import expanded
from elastic_pinn.physics import Problem, ProblemError, problem_from
from elastic_pinn.physics.data import ReceiverFileError
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.physics.shots import names_of_shots, number_of_shot, with_gains_of_shot, without_exact
from elastic_pinn.run.shot import Shot, WavefieldByElements, wavefield_of
from elastic_pinn.storage import (
    LOSSES_OF_START_UNTIL,
    UNVERIFIED,
    CheckpointError,
    History,
    Snapshot,
    read_isolated,
    read_snapshot,
)

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

WRITER = "Install the elastic_pinn that wrote it"
WHICH_WAS = ", which was "  # in the note of a run that continues from a checkpoint that is not verified


class Checkpoint:
    """One verified checkpoint file, wherever it lies: the whole experiment as it was at one step.

    `load_checkpoint`, `Run.latest` and `Run.best` make it.

    Parameters
    ----------
    path
        Its file: a Path of this machine, or a URL.
    snapshot
        Its whole content.

    Attributes
    ----------
    config : Config
        The config as it was.
    step : int
        The optimizer steps done.
    metrics : dict
        The newest losses and validation metrics, by their columns.

    Raises
    ------
    CheckpointError
        For a config that this version does not know.
    """

    def __init__(self, path: Path | str, snapshot: Snapshot) -> None:
        self.path, self.snapshot = path, snapshot
        self.config = known_config(path, snapshot)
        self.step = snapshot.step
        self.metrics = dict(snapshot.metrics)
        self._by_elements: dict[int, WavefieldByElements] = {}
        warn_if_unverified(path, snapshot)

    def __repr__(self) -> str:
        return f"Checkpoint({str(self.path)!r}, step {self.step})"

    def history(self) -> pd.DataFrame:
        """Return every column at every step up to this one, one row a step, as `Run.history`.

        Returns
        -------
        DataFrame
            Losses are dimensionless, material columns in SI units, times in s.
        """
        return frame(self.snapshot.history)

    def events(self) -> list[tuple[int, str]]:
        """Return the events up to this step, such as changes on resuming.

        Returns
        -------
        list of tuple
            Step and text of each.
        """
        return list(self.snapshot.history.events)

    def model(self, of_one_pulse: bool = False) -> Model:
        """Return the model, on the CPU.

        Parameters
        ----------
        of_one_pulse
            Of a source whose wavelet was unknown: the waves of the first of its pulses, with a coefficient of 1, which
            the network has, in place of those of the wavelet that was found.

        Returns
        -------
        Model
            Network and unknowns, with the weights of this step.

        Raises
        ------
        CheckpointError
            For weights that do not fit the config.
        """
        if of_one_pulse or self.wavelet is None:
            return self._model
        return self._model.driven_by(*torch.from_numpy(self.wavelet))

    def material(self) -> dict[str, float | np.ndarray]:
        """Return the material, found or given.

        Returns
        -------
        dict
            "lambda" and "mu" in Pa, "rho" in kg/m3. Those that vary from place to place are arrays (G, G) at nodes
            over the window, x along the first axis, G being 65, 129 or 257.
        """
        return self._model.material.fields()

    def problem(self, own: Problem | ProblemMaker | None = None) -> Problem:
        """Return the problem that was solved: the config's, or one of the user's own.

        Parameters
        ----------
        own
            The user's problem, or the function that makes it; required if the run has one.

        Returns
        -------
        Problem
            The problem.

        Raises
        ------
        ReceiverFileError
            If the receiver file is no longer the one that was trained on.
        ProblemError
            If another problem is given (its exact solution may have come since).
        ConfigError
            As `problem_from` does.
        """
        problem, identity = problem_from(self.config, own), self.snapshot.state.get("problem", {})
        trained_on, now = identity.get("data_sha256", ""), problem.data_sha256
        if trained_on and now and trained_on != now:
            file = problem.receivers.path if problem.receivers else self.config.data
            raise ReceiverFileError(
                f"{file} is not the file that {self.path} was trained on: its SHA-256 begins {now[:12]}, that one's "
                f"{trained_on[:12]}. Bring back the file as it was, or train a new run on this one"
            )
        if (
            own is not None
            and "fingerprint" in identity
            and not any(each.is_like(identity) for each in (problem, without_exact(problem)))
        ):
            raise ProblemError(
                f"the problem given is not the one that {self.path} was trained on (its material, domain, conditions "
                "or receivers differ): give that one"
            )
        return problem

    def predict(
        self,
        x: Any,
        y: Any,
        t: Any,
        quantity: str = "displacement",
        shot: str | int = "",
        problem: Problem | ProblemMaker | None = None,
    ) -> np.ndarray:
        """Predict a quantity of the wavefield.

        Finite elements solve for the waves of several shots, and of a network that a ridge holds at zero, in the
        material of this step, as they did in training, which takes about as long as one solution did there; of the
        receivers' places they do it once. All else is predicted by the network.

        Parameters
        ----------
        x, y, t
            Positions in m and times in s, of shapes (...,) that broadcast.
        quantity
            "displacement" (m), "velocity" (m/s) or "acceleration" (m/s2), of x and y; "strain" (1), "strain_rate"
            (1/s) or "stress" (Pa), of xx, yy and xy.
        shot
            The name of one of several shots, as in `shots`; not given: the first.
        problem
            The user's problem, or the function that makes it; required where elements solve, if the run has one.

        Returns
        -------
        ndarray
            The quantity, (..., 2) of a vector and (..., 3) of a tensor.

        Raises
        ------
        ValueError
            Outside the window of training, for another quantity, and for a shot that there is none of.
        """
        return wavefield_of(self, shot, problem).predict(x, y, t, quantity)

    def shots(self, problem: Problem | ProblemMaker | None = None) -> tuple[str, ...]:
        """Return the names of the shots, those of `Fit.shots`; one that is empty where there are not several.

        Parameters
        ----------
        problem
            The user's problem, or the function that makes it; required if the run has one.

        Returns
        -------
        tuple of str
            The first one's is the first.
        """
        solved = self.problem(problem)
        return names_of_shots(solved) if solved.other_shots else ("",)

    def shot(self, name: str | int = "", problem: Problem | ProblemMaker | None = None) -> Shot:
        """Return one of the shots: what acts in it, what was recorded, and its wavefield.

        Parameters
        ----------
        name
            One of `shots`; not given: the first.
        problem
            The user's problem, or the function that makes it; required if the run has one.

        Returns
        -------
        Shot
            With `problem`, `receivers`, corrected by the gains that were unknown and are found, and `predict`.

        Raises
        ------
        ProblemError
            For a shot that there is none of, and for one whose source was unknown at a step at which it still was.
        """
        solved = self.problem(problem)
        number, gains = number_of_shot(solved, name), self._beside_unknowns("gains")
        found = {} if gains is None else {int(channel): float(gain) for channel, gain in gains.T}
        receivers, own = with_gains_of_shot(solved, number, found), solved.shots[number]
        each = self.shots(solved)[number]
        if number == 0 and not (self.is_by_elements or (solved.other_shots and self.fits_waveforms)):
            return Shot(each, own, receivers, self.model())
        if number not in self._by_elements:
            every = self._beside_unknowns("other_sources")  # (3, K)
            wavelet = None if every is None else every[1:, every[0] == number]
            if number == 0:
                wavelet = self.wavelet
            if own.unknown_pulses and (wavelet is None or not wavelet.size):
                raise ProblemError(
                    f"shot = {each!r}: {self.path} has nothing of its source, which was unknown; later steps have, of "
                    "runs of this version"
                )
            self._by_elements[number] = WavefieldByElements(own, self._model, wavelet)
        return Shot(each, own, receivers, self._by_elements[number])

    @property
    def fits_waveforms(self) -> bool:
        """Whether the last step moved the material to where waveforms are nearest to the records."""
        return self.config.stages[self.snapshot.stage] == "full_waveform"

    @property
    def is_by_elements(self) -> bool:
        """Whether the network takes no part in the wavefield, which finite elements solve for."""
        return self.fits_waveforms and self.config.ridge >= HELD_AT_ZERO

    @property
    def wavelet(self) -> np.ndarray | None:
        """Of a source that was unknown in part, the delays (s) and coefficients of the pulses that make it up, (2, K).

        None where it was known.
        """
        return self._beside_unknowns("source")

    def _beside_unknowns(self, name: str) -> np.ndarray | None:
        """What the optimizer keeps of a name beside the unknowns; None if there is nothing."""
        found = self.snapshot.state.get("optimizer", {}).get(name, [])
        return next((each.double().numpy() for each in found if each is not None), None)

    def estimate_error(self, problem: Problem | ProblemMaker | None = None) -> ErrorEstimate:
        """Estimate how far the wavefield is off the exact one, which need not be known.

        Coarse finite elements solve for the error itself, as the motion that the wavefield's misfits cause. What this
        process has estimated of the same weights, as at the end of training, is not estimated again.

        Parameters
        ----------
        problem
            The user's problem, or the function that makes it; required if the run has one.

        Returns
        -------
        ErrorEstimate
            The relative errors of displacement and stress, and the displacement's error over place and time; its arrays
            cannot be written to.

        Raises
        ------
        ErrorEstimateError
            Where the problem does not determine a wavefield: with unknowns, open sides, or no start.
        """
        return kept_estimate(self.config, self._model, self.problem(problem))

    @cached_property
    def _model(self) -> Model:
        try:
            return Model.from_state(self.config, self.snapshot.weights)
        except (LookupError, RuntimeError, TypeError, ValueError) as error:
            fault = f"holds weights that do not fit its config ({one_line(error)})"
            raise CheckpointError(self.path, fault, WRITER) from error


def load_checkpoint(path: str | Path, isolated: bool = False) -> Checkpoint:
    """Read one checkpoint file, verified to the last byte before any of it is used; no code that it names is run.

    Parameters
    ----------
    path
        Of this machine, or a URL of a remote store.
    isolated
        Read it in a process of its own, with limits on memory and time, which takes seconds: for files from untrusted
        sources.

    Returns
    -------
    Checkpoint
        The whole experiment as it was at one step.

    Raises
    ------
    CheckpointError
        Naming file, fault and what to do, for a missing, foreign, truncated, damaged or newer file.
    """
    place = path if "://" in str(path) else Path(expanded(path))
    return Checkpoint(place, (read_isolated if isolated else read_snapshot)(place))


def warn_if_unverified(path: Path | str, snapshot: Snapshot) -> None:
    """Warn of a checkpoint that was repaired without all of it being verified."""
    if note := snapshot.attributes.get(UNVERIFIED):
        logger.warning("%s was %s", path, note)


def unverified_past(snapshot: Snapshot, how: str) -> str:
    """Describe what is not verified in a run that continues from a checkpoint; "" if all is.

    how: it continues. Of several such checkpoints after each other, the first is named.
    """
    note = str(snapshot.attributes.get(UNVERIFIED, ""))
    return note if not note or WHICH_WAS in note else f"{how}{WHICH_WAS}{note}"


def known_config(path: Path | str, snapshot: Snapshot) -> Config:
    """Read the config in a checkpoint; one of an older version gets the defaults of newer fields.

    Raises CheckpointError for one that this version does not know; `path` is for errors only.
    """
    try:
        return Config.from_json(snapshot.config)
    except (ConfigError, TypeError, ValueError, RecursionError) as error:
        fault = f"holds a config that this version does not know ({one_line(error)})"
        raise CheckpointError(path, fault, WRITER) from error


def one_line(error: Exception) -> str:
    """Return the text of an error in one line."""
    return " ".join(str(error).split())


def frame(history: History) -> pd.DataFrame:
    """Return a history as a table, `step` first."""
    import pandas as pd  # slow to import, and not needed to train

    columns = history.columns()
    table = pd.DataFrame({name: columns[name].copy() for name in ["step", *sorted(columns.keys() - {"step"})]})
    table.attrs[LOSSES_OF_START_UNTIL] = history.losses_of_start_until
    return table
