"""The arguments FILE and RUN of the commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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


def is_plain_hdf5(location: str) -> bool:
    """Return whether a file of this machine begins as HDF5, which no checkpoint does: a receiver file, or a foreign
    one. It is not opened by HDF5's library."""
    from elastic_pinn.storage import HDF5_MAGIC

    if "://" in location or not Path(location).is_file():
        return False
    with Path(location).open("rb") as file:
        return file.read(len(HDF5_MAGIC)) == HDF5_MAGIC


def checkpoints_of(run: str, folder: str = CHECKPOINTS) -> Checkpoints:
    """Return the checkpoints of a run, or those in another folder of it.

    Raises FileNotFoundError for a folder without a run.
    """
    from elastic_pinn.run import Run
    from elastic_pinn.storage import Checkpoints, folder_at

    Run(run)
    return Checkpoints(folder_at(run).inside(folder))


@contextmanager
def needing_problem(call: str) -> Iterator[None]:
    """Report by what call in Python one has what needs a problem of the user's own, which no file has and no command
    can be given."""
    from elastic_pinn.errors import MissingProblemError

    try:
        yield
    except MissingProblemError as error:
        fault = "this needs the problem of the run, which is of your own and in no file"
        raise MissingProblemError(f"{fault}: with it, {call} does the same in Python") from error


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
