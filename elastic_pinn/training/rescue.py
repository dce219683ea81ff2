"""What to do when a run directory is lost in training: removed, moved, replaced, or no longer to be written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.storage import FolderLock, LostFolderError, Store


class LostRunDirectoryError(ElasticPinnError, RuntimeError):
    """A run directory that went away, or could not be written any more, while it was trained in; training has stopped.

    The text says what became of it, and where what was trained can be found and gone on with.
    """


def why_lost(store: Store, run_dir: Path) -> str:
    """How a run directory, or the folder in it with the checkpoints, was lost; "" where all is well."""
    try:
        store.require_own_folder()
    except LostFolderError as error:
        return f"{error.path} {error.fault}"
    return "" if can_write(run_dir) else f"{run_dir} cannot be written to any more"


def can_write(folder: Path) -> bool:
    """Whether the folder's permissions and its file system let files be made in it."""
    return os.access(folder, os.W_OK | os.X_OK)


def rescue_folders(lock: FolderLock) -> Iterator[Path]:
    """Folders for what was trained, the best one first: where the run directory was moved to, a fresh one beside where
    it was, a fresh one for temporary files."""
    if moved := lock.moved_to:
        yield moved
    name = f"{lock.folder.name}-rescued-{datetime.now():%Y%m%d-%H%M%S-%f}"
    yield lock.folder.with_name(name)
    yield Path(tempfile.gettempdir()) / name
