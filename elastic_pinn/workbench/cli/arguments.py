"""What a FILE or a RUN on the command line means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elastic_pinn.storage import Checkpoints, Found

CHECKPOINTS, QUARANTINE = "checkpoints", "quarantine"


def expand_path(location: Any) -> Any:
    """What a command gets for a path, or for several: `~` and $NAME written out, see `elastic_pinn.paths.expanded`.

    Each argument and option that is a path has it as its callback. Raises ConfigError as that.
    """
    from elastic_pinn.paths import expanded

    if isinstance(location, list | tuple):
        return [expand_path(each) for each in location]
    return type(location)(expanded(location)) if location else location


def is_run(location: str) -> bool:
    """Whether a place is meant as a run rather than as one file."""
    return not location.endswith(".h5") if "://" in location else Path(location).is_dir()


def checkpoints_of(run: str, folder: str = CHECKPOINTS) -> Checkpoints:
    """The checkpoints of a run, or those that lie in another folder of it.

    Raises FileNotFoundError for a folder that holds no run.
    """
    from elastic_pinn.run import Run
    from elastic_pinn.storage import Checkpoints, folder_at

    Run(run)
    return Checkpoints(folder_at(run).inside(folder))


def load_at(location: str, best: bool = False) -> Found:
    """A file's checkpoint, or a run's newest whole one, or its best. Raises CheckpointError where there is none."""
    from elastic_pinn.storage import CheckpointError, Found, read_snapshot

    if not is_run(location):
        return Found(location, read_snapshot(location))
    checkpoints = checkpoints_of(location)
    found = checkpoints.best() if best else checkpoints.latest()
    if found is None:
        fault = f"holds no good checkpoint{' that was measured' if best else ''}"
        raise CheckpointError(location, fault, "Give one file, or look at what `elastic-pinn inspect` says of the run")
    return found
