"""The arguments FILE and RUN of the commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elastic_pinn.storage import Checkpoints, Found

CHECKPOINTS, QUARANTINE = "checkpoints", "quarantine"


def expand_path(location: Any) -> Any:
    """Return a path, or several, with `~` and $NAME expanded, see `elastic_pinn.paths.expanded`.

    It is the callback of each argument and option that is a path. Raises ConfigError as `expanded`.
    """
    from elastic_pinn.paths import expanded

    if isinstance(location, list | tuple):
        return [expand_path(each) for each in location]
    return type(location)(expanded(location)) if location else location


def is_run(location: str) -> bool:
    """Return whether a location is a run rather than one file."""
    return not location.endswith(".h5") if "://" in location else Path(location).is_dir()


def holds_receivers(location: str) -> bool:
    """Return whether a location is a receiver file of any version, or a plain HDF5 file that is damaged and may be."""
    import h5py

    from elastic_pinn.physics.data.hdf5_values import text

    if "://" in location or not h5py.is_hdf5(location):
        return False
    try:
        with h5py.File(location) as file:
            return text(file.attrs.get("format", "")).startswith("elastic_pinn receivers")
    except OSError:
        return True


def checkpoints_of(run: str, folder: str = CHECKPOINTS) -> Checkpoints:
    """Return the checkpoints of a run, or those in another folder of it.

    Raises FileNotFoundError for a folder without a run.
    """
    from elastic_pinn.run import Run
    from elastic_pinn.storage import Checkpoints, folder_at

    Run(run)
    return Checkpoints(folder_at(run).inside(folder))


def load_at(location: str, best: bool = False) -> Found:
    """Return a file's checkpoint, or a run's newest intact or best one. Raises CheckpointError if there is none."""
    from elastic_pinn.storage import CheckpointError, Found, read_snapshot

    if not is_run(location):
        return Found(location, read_snapshot(location))
    checkpoints = checkpoints_of(location)
    found = checkpoints.best() if best else checkpoints.latest()
    if found is None:
        fault = f"holds no good checkpoint{' that was measured' if best else ''}"
        raise CheckpointError(location, fault, "Give one file, or look at the run with `elastic-pinn inspect`")
    return found
