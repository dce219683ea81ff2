"""Where a run goes on from, and what may have changed since."""

from __future__ import annotations

import logging
from pathlib import Path

import torch

from elastic_pinn.config import Config, ConfigError, NetworkConfig, ProblemConfig
from elastic_pinn.physics import Problem
from elastic_pinn.storage import CheckpointError, Snapshot, Store, read_snapshot

logger = logging.getLogger(__name__)

RTOL = 1e-9  # fingerprints of one problem differ in their last bits from machine to machine


class RunDirectoryError(RuntimeError):
    """A run directory that cannot be used as asked; the text names it and the ways out."""


def starting_point(run_dir: Path, store: Store, resume: str) -> Snapshot | None:
    """The checkpoint to go on from, verified; None for a fresh start.

    resume: "never" (a used run directory is an error), "auto" (the run's newest good checkpoint, or a fresh start
    where there is none at all), or a checkpoint's path. Raises RunDirectoryError, also where "auto" finds checkpoints
    of which none is good, and CheckpointError for a path that does not hold a good checkpoint.
    """
    if resume == "never":
        if any((run_dir / name).exists() for name in ("config.json", "checkpoints", "history.h5")):
            raise RunDirectoryError(
                f"{run_dir} already holds a run: choose another run_dir, or give resume='auto' to go on with it"
            )
        return None
    if resume != "auto":
        return _named_checkpoint(Path(resume))
    newest = store.latest()
    if newest is None and store.next_generation():
        raise RunDirectoryError(
            f"{store.folder} holds checkpoints, but none is good: look at the warnings above; training does not start "
            "anew over them. Give resume the path of a good checkpoint, or choose another run_dir"
        )
    return read_snapshot(newest.path) if newest else None


def _named_checkpoint(path: Path) -> Snapshot:
    if not path.exists():
        raise CheckpointError(path, "is missing", "Give resume 'never', 'auto' or a checkpoint's path")
    return read_snapshot(path)


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
