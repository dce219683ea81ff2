"""Where a run continues from, and what may have changed since."""

from __future__ import annotations

import logging
import os
import uuid
from contextlib import suppress
from pathlib import Path

from elastic_pinn.config import NO_PART_OF_THE_RESULT, Config, ConfigError, unused_fields
from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.parameters import in_one_line
from elastic_pinn.paths import expanded
from elastic_pinn.physics import Problem
from elastic_pinn.physics.fingerprint import VERSION
from elastic_pinn.physics.plus_minus import PlusMinus
from elastic_pinn.physics.setups import ProblemConfig
from elastic_pinn.physics.setups.material import FIELDS
from elastic_pinn.run import WRITER, Run, known_config, unverified_past, warn_if_unverified
from elastic_pinn.storage import (
    CHECKPOINTS,
    CheckpointError,
    Found,
    MissingError,
    Snapshot,
    Store,
    checkpoints_of,
    folder_at,
    name_of,
    order,
    pin,
    read_snapshot,
    remove_leftovers,
)
from elastic_pinn.summary import SUMMARY, Summary
from elastic_pinn.training.lifecycle.environment import Facts, changes
from elastic_pinn.training.lifecycle.record import Origin

logger = logging.getLogger(__name__)

Changes = dict[str, tuple[object, object]]
"""Of fields, by their names: the value before, and now."""

LEGAL = "Give resume 'never', 'auto', or the path or URL of a checkpoint or of a run directory"
OF_THE_START = {"seed", "init_from"}  # without effect on a run that continues
STATED = {"sources", "density_plus_minus"}  # what errors are stated in, of which the problem is independent
WITHOUT_EFFECT = NO_PART_OF_THE_RESULT | OF_THE_START


class RunDirectoryError(ElasticPinnError, RuntimeError):
    """A run directory that cannot be used as requested; the text names it and the alternatives."""


def mirror_of(config: Config, run_dir: Path) -> str:
    """Return the URL of a run directory's copy on the remote store, or ""."""
    return f"{config.mirror.rstrip('/')}/{run_dir.resolve().name}" if config.mirror else ""


def start_of(resume: str | Path) -> str:
    """Return the argument `resume` as text. Raises RunDirectoryError if it is neither text nor a path."""
    if not isinstance(resume, str | Path):
        raise RunDirectoryError(f"resume = {in_one_line(resume)}: {LEGAL.removeprefix('Give resume ')} is needed")
    return expanded(resume)


def starting_point(run_dir: Path, store: Store, resume: str, mirror: str) -> Found | None:
    """Find the checkpoint to continue from, verified; None for a fresh start. Nothing is changed: see `make_ready`.

    resume: "never" (a used run directory is an error), "auto" (the run's newest good checkpoint, here or in its copy at
    the URL `mirror`, or a fresh start where there is none at all), or the path or URL of a checkpoint or of a run, of
    which the newest good one is meant. Raises RunDirectoryError, also where "auto" finds checkpoints of which none is
    good, or where the run directory holds another run than the named checkpoint's, and CheckpointError for a place that
    does not hold a good checkpoint.
    """
    if resume == "never":
        if _is_used(run_dir):
            raise RunDirectoryError(
                f"{run_dir} already holds a run: choose another run_dir, or give resume='auto' to go on with it"
            )
        return None
    if resume != "auto":
        named = _named(resume)
        _check_same_run(run_dir, store, named.snapshot)
        return named
    here = store.latest()
    found = _newest(here, mirror)
    if found and found is not here:
        _check_same_run(run_dir, store, found.snapshot)
    if found is None and store.next_generation():
        raise RunDirectoryError(
            f"{store.folder} holds checkpoints, but none is good: look at the warnings above; training does not start "
            "anew over them. Give resume the path of a good checkpoint, or choose another run_dir"
        )
    return found


def origin_of(found: Found | None, store: Store, mirror: str, unverified: str = "") -> Origin:
    """Determine the run's id and the generation of this part of it.

    mirror: the URL of the run's copy, or "": no generation of a file there, even a damaged one, is used again.
    unverified: as `Origin.unverified`, for a fresh run.
    """
    generation = store.next_generation()
    if mirror:
        generation = max(generation, 1 + checkpoints_of(mirror).highest_generation())
    if found is None:
        return Origin(uuid.uuid4().hex, generation, unverified=unverified)
    snapshot, generation = found.snapshot, max(generation, found.snapshot.generation + 1)
    return Origin(str(snapshot.attributes["run_id"]), generation, _parent(snapshot), _unverified(snapshot))


def _parent(snapshot: Snapshot) -> str:
    return f"step {snapshot.step}, generation {snapshot.generation}"


def _unverified(snapshot: Snapshot) -> str:
    return unverified_past(snapshot, f"trained on from {_parent(snapshot)}")


def make_ready(found: Found | None, run_dir: Path, store: Store, origin: Origin) -> None:
    """Prepare a run directory for training, after all checks: remove leftovers of killed processes, move damaged
    checkpoints to quarantine, and pin the checkpoint that it continues from."""
    remove_leftovers(run_dir)
    if found is None:
        store.tidy(None)
        return
    store.tidy(found if found.path == store.folder / Path(found.path).name else store.latest())
    name = name_of(found.snapshot.step, found.snapshot.generation)
    if name in store.names():  # it is of the same run, however its path was given
        pin(store.folder / name, f"generation {origin.generation} went on from it")


def _newest(here: Found | None, mirror: str) -> Found | None:
    """The newest checkpoint of this folder and the mirror."""
    names = checkpoints_of(mirror).names() if mirror else []
    if not names or (here and order(names[-1]) <= here.order):
        return here
    found = checkpoints_of(mirror).latest()
    if not found or (here and found.order <= here.order):
        return here
    logger.info("the mirror has what this folder has not: going on from %s", found.path)
    return found


def _is_used(run_dir: Path) -> bool:
    return any((run_dir / name).exists() for name in ("config.json", CHECKPOINTS, "history.h5"))


def _check_same_run(run_dir: Path, store: Store, snapshot: Snapshot) -> None:
    """Raise RunDirectoryError if the run directory holds another run than the checkpoint's."""
    if _is_used(run_dir) and _run_id(run_dir, store) != snapshot.attributes.get("run_id"):
        raise RunDirectoryError(f"{run_dir} holds another run: choose another run_dir, or a checkpoint of this one")


def _run_id(run_dir: Path, store: Store) -> str | int | float | None:
    """The id of the run in a run directory, from its summary or else its newest checkpoint."""
    with suppress(OSError, ValueError):
        if run_id := Summary.of(run_dir).run_id:
            return run_id
    newest = store.latest()
    return newest.snapshot.attributes.get("run_id") if newest else None


def _named(place: str) -> Found:
    """The checkpoint at a path or URL, or the newest good one of the run there."""
    if "://" not in place and not Path(place).exists():
        raise MissingError(place, LEGAL)
    if place.endswith(".h5"):
        return Found(place if "://" in place else Path(place), read_snapshot(place))
    above, last = os.path.split(place.rstrip("/"))
    is_of_a_run = last == CHECKPOINTS and "config.json" not in folder_at(place).names()  # and no run of that name
    found = checkpoints_of((above or ".") if is_of_a_run else place).latest()
    if not found:
        raise CheckpointError(place, "holds no good checkpoint", LEGAL)
    return found


def reason_to_end_here(config: Config, snapshot: Snapshot) -> str:
    """Explain why the adopted config needs no step beyond the snapshot, or return "".

    The reason that ended a run ends it again, unless the config was changed in fields that affect the result.
    """
    if snapshot.step >= config.steps:
        return f"at step {snapshot.step} of {config.steps} already; give more steps"
    reason = snapshot.state["stopping"].get("reason", "")
    if not reason or _changes(Config.from_json(snapshot.config), config).keys() - WITHOUT_EFFECT - STATED:
        return ""
    return f"at its end already ({reason}); change what ended it, or go on from an older checkpoint"


def lacks_outcome(run_dir: Path, config: Config, problem: Problem, found: Found) -> bool:
    """Whether a run that needs no further step was interrupted before its last summary or its assessment was written,
    has them in its mirror only, or was assessed for other errors than are stated now."""
    before = Config.from_json(found.snapshot.config)
    if (run_dir / "config.json").exists():
        summary = Run(run_dir).summary if (run_dir / SUMMARY).exists() else Summary()
        if summary.status != "completed" or not problem.unknowns:
            return summary.status != "completed"
        if not isinstance(summary.fit, dict):
            return True
        stated = summary.fit.get("stated_errors")  # an earlier version does not tell
        return _stated(before) != _stated(config) if stated is None else stated != problem.stated_errors
    mirror_url = mirror_of(config, run_dir)
    is_of_mirror = bool(mirror_url) and str(found.path).startswith(f"{mirror_url}/")
    return is_of_mirror or _stated(before) != _stated(config)


def _stated(config: Config) -> tuple[float, list[PlusMinus]]:
    """The errors that a config states, which are no part of a problem: the density's, and those of each source."""
    return config.density_plus_minus, [each.plus_minus for each in config.sources]


def adopt(config: Config, problem: Problem, found: Found) -> Config:
    """Return the config to continue with, and record every change as an event beside the snapshot's history.

    Changes that would make the checkpoint another experiment's are refused: ConfigError for a changed network,
    problem or past stage, or for a problem whose fingerprint differs. The seed stays the run's own, since it
    separated training from held-out points, and so does the origin of a warm start.
    """
    _require_resumable(found)
    snapshot = found.snapshot
    old = known_config(found.path, snapshot)
    warn_if_unverified(found.path, snapshot)
    if (note := _unverified(snapshot)) and note not in {text for _, text in snapshot.history.events}:
        snapshot.history.note(snapshot.step, note)
    unused = unused_fields(old.problem)
    changes = {name: change for name, change in _changes(old, config).items() if name not in unused}
    _refuse(changes, _fixed(config, old, snapshot))
    _check_fingerprint(problem, snapshot)
    for name, (before, now) in _told_apart(changes, old, config).items():
        kept = f" is ignored: the run keeps its {name}" if name in OF_THE_START else ""
        note = f"{name}: {before} -> {now}{kept}"
        snapshot.history.note(snapshot.step, note)
        logger.info("resume at step %d: %s", snapshot.step, note)
    return config.model_copy(update={name: getattr(old, name) for name in OF_THE_START})


def _told_apart(changes: Changes, old: Config, new: Config) -> Changes:
    """The same changes, that of sources by the fields of each."""
    every = ((i, *each) for i, each in enumerate(zip(old.sources, new.sources, strict=True)))
    of_sources = {
        f"sources[{i}].{field}": (getattr(before, field), getattr(now, field))
        for i, before, now in every
        for field in type(now).model_fields
        if getattr(before, field) != getattr(now, field)
    }
    return {name: change for name, change in changes.items() if name != "sources"} | of_sources


def _changes(old: Config, new: Config) -> Changes:
    """What differs, of a material too that only one of them gives, unless a receiver file may give it."""
    return _with_material(old).differences(_with_material(new))


def _with_material(config: Config) -> Config:
    if config.data or FIELDS["rho"] in unused_fields(config.problem):
        return config
    return config.model_copy(update={FIELDS[name]: value for name, value in config.constants.items()})


def note_environment(snapshot: Snapshot, now: Facts) -> None:
    """Record each change of the environment that affects the last bits of a result as an event."""
    for note in changes(snapshot.attributes, now):
        snapshot.history.note(snapshot.step, note)
        logger.info("resume at step %d: %s", snapshot.step, note)


def _require_resumable(found: Found) -> None:
    """Raise CheckpointError for a checkpoint that lacks the state of training: it was not written by a run."""
    state, attributes = found.snapshot.state, found.snapshot.attributes
    parts = {name: state.get(name) for name in ("optimizer", "scheduler", "sampler", "rng", "stopping", "problem")}
    missing = [name for name, part in parts.items() if not isinstance(part, dict)]
    missing += [] if "run_id" in attributes else ["run_id"]
    missing += [name for name in ("fingerprint", "data_sha256") if name not in (state.get("problem") or {})]
    if missing:
        fault = f"is no state of training to go on from: it lacks {', '.join(missing)}"
        raise CheckpointError(found.path, fault, "Give a checkpoint that training wrote")
    version = state["problem"].get("fingerprint_version", 1)
    if version not in range(1, VERSION + 1):
        raise CheckpointError(found.path, f"holds a fingerprint of version {version}, which is not known here", WRITER)


def _fixed(config: Config, old: Config, snapshot: Snapshot) -> set[str]:
    """The fields that may not change: those of problem and network, own numbers, and past stages; but for paths and for
    errors that are stated, which ± alone depends on."""
    fixed = {*ProblemConfig.model_fields, *NetworkConfig.model_fields, *config.own, *old.own} - {"data", *STATED}
    if [each.as_exact for each in config.sources] != [each.as_exact for each in old.sources]:
        fixed.add("sources")
    past = snapshot.stage
    if config.stage_steps[:past] != old.stage_steps[:past]:
        fixed.add("stage_steps")
    if config.stages[: past + 1] != old.stages[: past + 1]:
        fixed.add("stages")
    return fixed


def _refuse(changes: Changes, fixed: set[str]) -> None:
    bad = [f"{name}: {changes[name][0]} -> {changes[name][1]}" for name in changes if name in fixed]
    if bad:
        raise ConfigError(
            f"cannot resume with another network, problem or past stage ({'; '.join(bad)}): "
            "set it back, or start a new run"
        )


def _check_fingerprint(problem: Problem, snapshot: Snapshot) -> None:
    stored = snapshot.state["problem"]
    if not problem.is_like(stored):
        raise ConfigError(
            f"the problem is not the one that the checkpoint at step {snapshot.step} was trained on (its material, "
            "domain, conditions or receivers differ): give the same problem, or start a new run"
        )
