"""What a FILE or a RUN on the command line means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elastic_pinn.storage import Checkpoints, Found

CHECKPOINTS, QUARANTINE = "checkpoints", "quarantine"


def written_out(place: Any) -> Any:
    """What a command gets for a path, or for several: `~` and $NAME written out, see `elastic_pinn.paths.expanded`.

    Each argument and option that is a path has it as its callback. Raises ConfigError as that.
    """
    from elastic_pinn.paths import expanded

    if isinstance(place, list | tuple):
        return [written_out(each) for each in place]
    return type(place)(expanded(place)) if place else place


def is_run(place: str) -> bool:
    """Whether a place is meant as a run rather than as one file."""
    return not place.endswith(".h5") if "://" in place else Path(place).is_dir()


def checkpoints_of(run: str, folder: str = CHECKPOINTS) -> Checkpoints:
    """The checkpoints of a run, or those that lie in another folder of it.

    Raises FileNotFoundError for a folder that holds no run.
    """
    from elastic_pinn.run import Run
    from elastic_pinn.storage import Checkpoints, folder_at

    Run(run)
    return Checkpoints(folder_at(run).inside(folder))


def found_at(place: str, best: bool = False) -> Found:
    """A file's checkpoint, or a run's newest whole one, or its best. Raises CheckpointError where there is none."""
    from elastic_pinn.storage import CheckpointError, Found, read_snapshot

    if not is_run(place):
        return Found(place, read_snapshot(place))
    checkpoints = checkpoints_of(place)
    found = checkpoints.best() if best else checkpoints.latest()
    if found is None:
        fault = f"holds no good checkpoint{' that was measured' if best else ''}"
        raise CheckpointError(place, fault, "Give one file, or look at what `elastic-pinn inspect` says of the run")
    return found
