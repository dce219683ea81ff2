"""A run that this kernel trains in a thread, including its pauses, whether a panel shows it or not."""

from __future__ import annotations

import contextlib
import threading
from enum import Enum
from pathlib import Path
from typing import ClassVar

import pandas as pd

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.paths import from_root
from elastic_pinn.physics import Problem
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.run import Run
from elastic_pinn.storage import CheckpointError
from elastic_pinn.training import Control, RunDirectoryError, train
from elastic_pinn.training.lifecycle.control import Work
from elastic_pinn.workbench.figures.drawn_from import checkpoint_of
from elastic_pinn.workbench.panels.training.buttons import State
from elastic_pinn.workbench.panels.training.live_record import LiveRecord

ASKED_TO_STOP = "asked to stop"


class Request(Enum):
    """A request of a click to the running or paused training."""

    NONE, PAUSE, RESUME, STOP = range(4)


class Training:
    """One run from its start to its end. Any panel, on any thread, may read it and send requests.

    Parameters
    ----------
    name
        Of the notebook; a new panel of that name shows this run. Several runs may have one name.
    run_dir, resume
        As in train().
    config, problem
        The config and the problem; `resume_with` changes them after a pause.
    own
        The user's own problem, or the function that makes it, as train() takes it; None for the config's.

    Attributes
    ----------
    record
        The record of the newest call of train(); None before the first.
    state
        RUNNING, PAUSED, or IDLE after the end.
    changes
        The number of changes of state or record.
    request
        The last request, until it is done.
    refusal
        Why the last Resume was refused; "" if it was not.
    run, error
        The run, or the error that ended it, after the end.
    """

    _current: ClassVar[list[Training]] = []  # the runs of this kernel that have not ended, the newest last

    def __init__(
        self,
        name: str,
        run_dir: Path,
        resume: str,
        config: Config,
        problem: Problem,
        own: Problem | ProblemMaker | None,
    ) -> None:
        self.name, self.run_dir, self.resume, self.own = name, run_dir, resume, own
        self.record: LiveRecord | None = None
        self.state, self.changes, self.request, self.refusal = State.RUNNING, 0, Request.NONE, ""
        self.run: Run | None = None
        self.error: BaseException | None = None
        self._given = config, problem
        self._control = Control()
        self._request_changed = threading.Condition()
        self._over = threading.Event()

    @classmethod
    def current(cls, name: str) -> list[Training]:
        """Return the running or paused runs of that name in this kernel, the newest first."""
        return [training for training in reversed(cls._current) if training.name == name]

    @classmethod
    def all_current(cls) -> list[Training]:
        """Return every running or paused run in this kernel."""
        return list(cls._current)

    def begin(self) -> None:
        """Start training."""
        self._current.append(self)
        threading.Thread(target=self._work, name="training", daemon=True).start()  # a pause must not delay the exit

    @property
    def config(self) -> Config:
        """The config that is trained."""
        return self._given[0]

    def matches(self, config: Config, problem: Problem | None, run_dir: str, resume: str) -> bool:
        """Return whether train() with these arguments, of which run_dir may be "", is this run."""
        is_here = not run_dir or from_root(run_dir) == self.run_dir
        own = self._given[1]
        is_alike = problem is None or (own.is_like(problem.identity) and own.stated_errors == problem.stated_errors)
        return is_here and is_alike and config == self.config and resume in ("never", "auto", self.resume)

    @property
    def is_ending(self) -> bool:
        """Whether a stop was requested."""
        return self.request is Request.STOP

    def is_over(self) -> bool:
        """Return whether the run has ended."""
        return self._over.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the end; return whether it came."""
        return self._over.wait(seconds)

    def pause(self) -> None:
        """Pause with a checkpoint, until `resume_with` or `stop`."""
        self._send_request(Request.PAUSE, ASKED_TO_STOP)

    def stop(self, reason: str = ASKED_TO_STOP) -> None:
        """Stop with a checkpoint, and write the reason into the run's summary."""
        self._send_request(Request.STOP, reason)

    def resume_with(self, config: Config, problem: Problem) -> None:
        """Continue after a pause, with another config if that is legal."""
        with self._request_changed:
            self._given, self.request = (config, problem), Request.RESUME
            self._request_changed.notify_all()

    def checkpoint(self) -> None:
        """Write a checkpoint after the present step."""
        self._control.checkpoint()

    @property
    def work(self) -> Work | None:
        """The present long work within a step."""
        return self._control.work

    def look(self) -> None:
        """Request the weights after the present step for the record."""
        self._control.look()

    def _send_request(self, request: Request, reason: str) -> None:
        with self._request_changed:
            self.request = request
            self._control.stop(reason)
            self._request_changed.notify_all()

    def _work(self) -> None:
        try:
            run = self._train(self.resume)
            while self.request is Request.PAUSE and run.status == "stopped":
                self._change(State.PAUSED)
                if not self._is_resumed():
                    break
                self._change(State.RUNNING)
                run = self._train_again(run)
            self.run = run
        except BaseException as error:
            self.error = error
        finally:
            self._current.remove(self)
            self._change(State.IDLE)
            self._over.set()

    def _is_resumed(self) -> bool:
        """Wait for the request after a pause; return whether it is to resume. Later clicks apply to the next call."""
        with self._request_changed:
            self._request_changed.wait_for(lambda: self.request is not Request.PAUSE)
            if self.request is Request.STOP:
                return False
            self.request, self._control = Request.NONE, Control()
            return True

    def _train_again(self, paused: Run) -> Run:
        """Resume training; if that is refused, remain in the pause."""
        before = self.record
        try:
            run = self._train("auto")
        except (ConfigError, RunDirectoryError, CheckpointError) as error:
            self.record, self.refusal = before, f"Resume was refused: {error}"
            with self._request_changed:
                if self.request is not Request.STOP:
                    self.request = Request.PAUSE
            return paused
        self.refusal = ""
        return run

    def _train(self, resume: str) -> Run:
        """Call train() once, and record its last checkpoint."""
        config, problem = self._given
        record = LiveRecord(self.run_dir, config, problem)
        self._control.on_step, self._control.on_weights = record.add_row, record.set_weights
        record.add_history(self._history_until_now(resume))
        self.record = record
        self.changes += 1
        run = train(config, self.run_dir, self.own, resume, self._control)
        with contextlib.suppress(CheckpointError):  # no checkpoint could be written
            record.set_checkpoint(run.latest())
        return run

    def _history_until_now(self, resume: str) -> pd.DataFrame:
        """Return the history of the run before it is resumed."""
        if resume != "never":
            with contextlib.suppress(FileNotFoundError, CheckpointError):  # train() reports the fault, if there is one
                return checkpoint_of(self.run_dir if resume == "auto" else resume).history()
        return pd.DataFrame({"step": []})

    def _change(self, state: State) -> None:
        self.state = state
        self.changes += 1
