"""The files of a run; nothing else writes into a run directory during training."""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from elastic_pinn.config_sections import as_written
from elastic_pinn.fit import Fit
from elastic_pinn.physics.media.material import unit_of
from elastic_pinn.storage import (
    CHECKPOINTS,
    UNVERIFIED,
    CheckpointError,
    FolderLock,
    LiveHistory,
    LostFolderError,
    Mirror,
    Policy,
    Snapshot,
    Store,
    copy_tree,
    locked,
    name_of,
    naming,
    replace_file,
)
from elastic_pinn.summary import SUMMARY, Status, Summary
from elastic_pinn.training.lifecycle.ending import has_converged
from elastic_pinn.training.lifecycle.environment import ROUNDING, environment, facts
from elastic_pinn.training.lifecycle.rescue import can_write, rescue_folders, why_lost
from elastic_pinn.training.lifecycle.saving import Saver
from elastic_pinn.training.session import DivergedError, Session
from elastic_pinn.training.settings import NONE_CHOSEN, Settings

logger = logging.getLogger(__name__)

CHECK_EVERY_S = 1.0  # of the run directory: whether it is still there


def unit_of_column(name: str) -> str:
    """Return the SI unit of a column of the history; "" where it has none."""
    return "s" if name == "wall_s" else unit_of(name.removeprefix("material/"))


def units_of_columns(names: Iterable[str]) -> dict[str, str]:
    """Return the SI units of those columns of the history that have one."""
    return {name: unit for name in names if (unit := unit_of_column(name))}


@dataclass(frozen=True)
class Origin:
    """The identity of a run, and the origin of this part of it.

    Arguments:
        run_id: the same in all parts of a run.
        generation: 0 in a fresh run, one more at each resume.
        parent: the checkpoint that it continues from, as text; "" in a fresh run.
        unverified: what was not verified in a repaired origin; recorded in all its checkpoints.
    """

    run_id: str
    generation: int
    parent: str = ""
    unverified: str = ""


def amend_summary(run_dir: Path, changes: Mapping[str, Any]) -> None:
    """Change fields of the summary of a run that is not trained, as who executes its notebook does.

    Raises InUseError, without a change, while the run is trained.
    """
    with locked(run_dir):
        replace_file(run_dir / SUMMARY, Summary.of(run_dir).changed(changes).to_json().encode())


@contextmanager
def mirrored(lock: FolderLock, mirror: Mirror | None) -> Iterator[None]:
    """Upload to a mirror, if there is one, while the block runs and until all is there or has failed.

    Most uploads end after the run's last summary was written: their failures are added to it.
    lock: of the run directory.
    """
    if not mirror:
        yield
        return
    try:
        with mirror:
            yield
    finally:
        try:
            _add_failures(lock, mirror)
        except (CheckpointError, OSError) as error:  # it must not hide how the run ended
            logger.warning("the summary does not say which uploads failed: %s", error)


def _add_failures(lock: FolderLock, mirror: Mirror) -> None:
    if not mirror.failures or not (lock.folder / SUMMARY).exists():
        return
    lock.require()
    replace_file(lock.folder / SUMMARY, Summary.of(lock.folder).changed(_uploads(mirror)).to_json().encode())


class Record:
    """The files of one run, in a folder that is locked: config, environment, summary, live history, checkpoints.

    Nothing is written once another folder is in its place: `row` and `checkpoint` then raise LostFolderError.
    advice: what was warned of before training.
    """

    def __init__(
        self,
        lock: FolderLock,
        session: Session,
        store: Store,
        origin: Origin,
        mirror: Mirror | None,
        advice: Iterable[str] = (),
        settings: Settings = NONE_CHOSEN,
    ) -> None:
        config = session.config
        self._lock, self._run_dir, self._store = lock, lock.folder, store
        self._session, self._origin, self._mirror = session, origin, mirror
        self._warnings, self.settings = list(advice), settings
        self._check_due, self._is_writable = 0.0, True
        self._saver = Saver(store, Policy(config.keep_last, config.keep_best, config.keep_every), mirror)
        self._environment = environment(config.device, session.processes.count)
        self._blocked_s = 0.0  # of training, for copies of its state and for unfinished saves
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._write("config.json", config.to_json())
        self._write("environment.json", json.dumps(self._environment, indent=2))
        with naming(self._run_dir / "history.h5"):
            self._live = LiveHistory(self._run_dir / "history.h5", session.history, units_of_columns(session.columns))
        self.summarise("running", "")

    @property
    def last_checkpoint(self) -> Path | None:
        """The newest checkpoint that this process wrote."""
        return self._saver.newest

    @property
    def reason_to_end(self) -> str:
        """Why training should end: too many checkpoints in a row failed; or ""."""
        if not self._saver.failing:
            return ""
        return f"{self._saver.failures_in_row} checkpoints in a row failed; the last one: {self._saver.error}"

    @property
    def why_lost(self) -> str:
        """How the run directory was lost, or ""."""
        return why_lost(self._store, self._run_dir)

    @property
    def is_lost(self) -> bool:
        """Whether the run directory is lost; checked at most every CHECK_EVERY_S."""
        if time.monotonic() < self._check_due:
            return False
        try:
            self._check_folder()
        except LostFolderError:
            return True
        return False

    def row(self) -> None:
        """Publish the newest row of the history, now or within a second."""
        if time.monotonic() >= self._check_due:
            self._check_folder()
        self._live.update()

    def follow(self, session: Session, settings: Settings) -> None:
        """Record a session with finer settings from here on, which goes on with the same history."""
        self._session, self.settings = session, settings
        self._write("config.json", session.config.to_json())

    def checkpoint(self, why_pinned: str = "") -> None:
        """Save the present session in the background; training waits for a copy of its state, and for a validation if
        there is none of this step.

        why_pinned: not "" for a checkpoint that is to be kept. Raises DivergedError, and saves nothing, if the session
        cannot be continued.
        """
        self._check_folder()
        losses = self._session.losses()  # the next step needs them as well
        started = time.monotonic()
        state = self._state("running", "")
        self._saver.save(self._snapshot(losses), partial(self._summarise, state), why_pinned)
        self._blocked_s += time.monotonic() - started
        if not self._saver.error:  # the disk accepts files, perhaps this one again
            self._live.renew()

    def settle(self) -> None:
        """Wait until the last checkpoint is acknowledged. Raises CheckpointError if it could not be written."""
        self._saver.wait()
        if self._saver.error:
            raise self._saver.error

    def warn(self, text: str) -> None:
        """Warn, in the log and in every later summary, of what may be wrong with the wavefield."""
        logger.warning("%s", text)
        self._warnings.append(text)

    def summarise(self, status: Status, reason: str, fit: Fit | None = None, energy_drift: float | None = None) -> None:
        """Write the summary: the status, its reason, and the fit and the drift of the energy if assessed."""
        self._saver.wait()
        drift = {} if energy_drift is None else {"energy_drift": energy_drift}
        self._summarise(self._state(status, reason).changed({"fit": fit and fit.as_json(), **drift}))

    def rescue(self, fault: str) -> str:
        """Save the session in another folder, after the run directory was lost; return a message about it.

        fault: how it was lost.
        """
        message = f"{fault} while it was trained in: training stopped at step {self._session.step}"
        faults = []
        self._saver.wait()
        for place in rescue_folders(self._lock):
            try:
                self._save_in(place, message)
            except (CheckpointError, DivergedError, OSError) as error:
                faults.append(str(error))
            else:
                message += f". What was trained is in {place}: go on with that run_dir and resume='auto'"
                break
        else:
            message += f". What was trained could not be saved anywhere ({'; '.join(faults)})"
        with suppress(CheckpointError, OSError):  # where the run directory is still its own
            self._summarise(self._state("stopped", message))
        return message

    def close(self) -> None:
        """Close the live history, which becomes a plain file."""
        self._saver.close()
        self._live.close()

    def _check_folder(self) -> None:
        """Raise LostFolderError if the run directory was replaced or removed; warn if it became read-only."""
        self._check_due = time.monotonic() + CHECK_EVERY_S
        self._store.require_own_folder()
        was_writable, self._is_writable = self._is_writable, can_write(self._run_dir)
        if was_writable and not self._is_writable:
            logger.warning("%s cannot be written to any more: no checkpoint can be saved", self._run_dir)

    def _save_in(self, place: Path, reason: str) -> None:
        """Write a run directory in another folder with all that a resume needs."""
        snapshot, store = self._snapshot(self._session.losses()), Store(place / CHECKPOINTS)
        if name_of(snapshot.step, snapshot.generation) not in store.names():
            store.publish(snapshot)
        texts = {
            "config.json": self._session.config.to_json(),
            "environment.json": json.dumps(self._environment, indent=2),
            SUMMARY: self._summary(self._state("stopped", reason)),
        }
        for name, text in texts.items():
            replace_file(place / name, text.encode())
        if self._mirror:
            self._mirror.put_text(SUMMARY, texts[SUMMARY])

    def _snapshot(self, losses: Mapping[str, float]) -> Snapshot:
        """A copy of the session's present state, which does not change with further training."""
        session, config = self._session, self._session.config
        metrics = {**session.history.last, **losses, **session.validation_metrics()}
        return Snapshot(
            step=session.step,
            stage=session.stage.index,
            generation=self._origin.generation,
            config=config.to_json(),
            weights=copy_tree(session.model.state_dict()),
            state=copy_tree(session.state() | self.settings.tree()),
            history=session.history.frozen(),
            metrics=metrics,
            metric=metrics.get(config.monitor, float("nan")),
            metric_name=config.monitor,
            metric_id=session.validation.metric_id,
            units=units_of_columns(session.columns),
            attributes=self._attributes(),
            compression=config.compression,
        )

    def _state(self, status: Status, reason: str) -> Summary:
        """The summary of the present state of training."""
        session = self._session
        return Summary(
            status=status,
            reason=reason,
            step=session.step,
            steps=session.config.steps,
            wall_s=session.elapsed,
            converged=has_converged(session),
            at_edge=list(session.model.material.at_edge()),
            material=session.model.material.si(),
            metrics={name: value for name, value in session.metrics.items() if not name.startswith("material/")},
            processes=session.processes.count,
            no_longer_bitwise=[
                f"step {step}: {text}" for step, text in session.history.events if text.endswith(ROUNDING)
            ],
            warnings=self._warnings,
            chosen={name: as_written(getattr(session.config, name)) for name in self.settings.names},
        )

    def _summarise(self, state: Summary) -> None:
        self._write(SUMMARY, self._summary(state))

    def _summary(self, state: Summary) -> str:
        """The text of the summary: the given state of training, and the present state of saving."""
        saver = self._saver
        saving = {
            "checkpoint": saver.newest.name if saver.newest else None,
            "checkpoint_failures": saver.failures,
            "checkpoint_failure": saver.last_failure,
            "checkpoint_blocked_s": self._blocked_s,
            "checkpoint_cpu_s": saver.cpu_s,
            "history_failure": self._live.broken,
            **_uploads(self._mirror),
        }
        whose = {
            "run_id": self._origin.run_id,
            "generation": self._origin.generation,
            "parent": self._origin.parent,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "started": self._started,
            "updated": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        return state.changed({**saving, **whose}).to_json()

    def _attributes(self) -> Mapping[str, str | int | float]:
        origin = self._origin
        attributes = {"run_id": origin.run_id, "parent": origin.parent, **facts(self._environment)}
        return attributes | ({UNVERIFIED: origin.unverified} if origin.unverified else {})

    def _write(self, name: str, text: str) -> None:
        self._lock.require()
        replace_file(self._run_dir / name, text.encode())
        if self._mirror:
            self._mirror.put_text(name, text)


def _uploads(mirror: Mirror | None) -> dict[str, Any]:
    """The fields of a summary about the copy."""
    return {
        "mirror": mirror.url if mirror else "",
        "mirror_failures": mirror.failures if mirror else 0,
        "mirror_failure": str(mirror.error or "") if mirror else "",
    }
