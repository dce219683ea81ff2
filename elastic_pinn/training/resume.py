"""Where a run goes on from, and what may have changed since."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import torch

from elastic_pinn.config import Config, ConfigError, NetworkConfig, ProblemConfig
from elastic_pinn.physics import Problem
from elastic_pinn.storage import CheckpointError, Snapshot, Store, read_snapshot

logger = logging.getLogger(__name__)

RTOL = 1e-9  # fingerprints of one problem differ in their last bits from machine to machine
WITHOUT_EFFECT = {"log_level", "checkpoint_every", "time_limit", "seed"}  # on where training leads


class RunDirectoryError(RuntimeError):
    """A run directory that cannot be used as asked; the text names it and the ways out."""


def starting_point(run_dir: Path, store: Store, resume: str) -> Snapshot | None:
    """The checkpoint to go on from, verified; None for a fresh start.

    resume: "never" (a used run directory is an error), "auto" (the run's newest good checkpoint, or a fresh start
    where there is none at all), or a checkpoint's path. Raises RunDirectoryError, also where "auto" finds checkpoints
    of which none is good, or where the run directory holds another run than the named checkpoint's, and CheckpointError
    for a path that does not hold a good checkpoint.
    """
    if resume == "never":
        if _is_used(run_dir):
            raise RunDirectoryError(
                f"{run_dir} already holds a run: choose another run_dir, or give resume='auto' to go on with it"
            )
        return None
    if resume != "auto":
        snapshot = _named_checkpoint(Path(resume))
        _check_same_run(run_dir, store, snapshot)
        return snapshot
    newest = store.load_latest()
    if newest is None and store.next_generation():
        raise RunDirectoryError(
            f"{store.folder} holds checkpoints, but none is good: look at the warnings above; training does not start "
            "anew over them. Give resume the path of a good checkpoint, or choose another run_dir"
        )
    return newest[1] if newest else None


def _is_used(run_dir: Path) -> bool:
    return any((run_dir / name).exists() for name in ("config.json", "checkpoints", "history.h5"))


def _check_same_run(run_dir: Path, store: Store, snapshot: Snapshot) -> None:
    """One run directory holds one run: the parts of two would pass for each other's."""
    if _is_used(run_dir) and _run_id(run_dir, store) != snapshot.attributes["run_id"]:
        raise RunDirectoryError(f"{run_dir} holds another run: choose another run_dir, or a checkpoint of this one")


def _run_id(run_dir: Path, store: Store) -> str | int | float | None:
    """The id of the run in a run directory, as its summary or else its newest checkpoint says."""
    try:
        return json.loads((run_dir / "summary.json").read_bytes())["run_id"]
    except (OSError, ValueError, LookupError, TypeError):
        newest = store.load_latest()
        return newest[1].attributes["run_id"] if newest else None


def _named_checkpoint(path: Path) -> Snapshot:
    if not path.exists():
        raise CheckpointError(path, "is missing", "Give resume 'never', 'auto' or a checkpoint's path")
    return read_snapshot(path)


def reason_to_end_here(config: Config, snapshot: Snapshot) -> str:
    """Why the adopted config asks for no step more than the snapshot has, or "".

    What ended a run ends it again, unless the config was changed in what the result depends on.
    """
    if snapshot.step >= config.steps:
        return f"at step {snapshot.step} of {config.steps} already; give more steps"
    reason = snapshot.state["stopping"].get("reason", "")
    if not reason or Config.from_json(snapshot.config).differences(config).keys() - WITHOUT_EFFECT:
        return ""
    return f"at its end already ({reason}); change what ended it, or go on from an older checkpoint"


def adopt(config: Config, problem: Problem, snapshot: Snapshot) -> Config:
    """The config to go on with, every change recorded as an event beside the snapshot's history.

    Changes that would make the checkpoint another experiment's are refused: ConfigError for a changed network,
    problem or past stage, or for a problem whose fingerprint differs. The seed stays the run's own: it told training
    from held-out points.
    """
    old = Config.from_json(snapshot.config)
    changes = old.differences(config)
    _refuse(changes, _fixed(config, old, snapshot))
    _check_fingerprint(problem, snapshot)
    for name, (before, now) in changes.items():
        kept = " is ignored: the run keeps its seed" if name == "seed" else ""
        note = f"{name}: {before} -> {now}{kept}"
        snapshot.history.note(snapshot.step, note)
        logger.info("resume at step %d: %s", snapshot.step, note)
    return config.model_copy(update={"seed": old.seed})


def _fixed(config: Config, old: Config, snapshot: Snapshot) -> set[str]:
    """The fields that may not change: those of problem and network but for paths, and past stages."""
    fixed = (set(ProblemConfig.model_fields) | set(NetworkConfig.model_fields)) - {"data"}
    past = snapshot.stage
    if config.stage_steps[:past] != old.stage_steps[:past]:
        fixed.add("stage_steps")
    if config.stages[: past + 1] != old.stages[: past + 1]:
        fixed.add("stages")
    return fixed


def _refuse(changes: dict[str, tuple[object, object]], fixed: set[str]) -> None:
    bad = [f"{name}: {changes[name][0]} -> {changes[name][1]}" for name in changes if name in fixed]
    if bad:
        raise ConfigError(
            f"cannot resume with another network, problem or past stage ({'; '.join(bad)}): "
            "set it back, or start a new run"
        )


def _check_fingerprint(problem: Problem, snapshot: Snapshot) -> None:
    stored = snapshot.state["problem"]
    here, there = problem.fingerprint, stored["fingerprint"]
    same_numbers = here.shape == there.shape and torch.allclose(here, there, rtol=RTOL, atol=0.0)
    if not same_numbers or problem.data_sha256 != stored["data_sha256"]:
        raise ConfigError(
            f"the problem is not the one that the checkpoint at step {snapshot.step} was trained on (its material, "
            "domain, conditions or receivers differ): give the same problem, or start a new run"
        )
