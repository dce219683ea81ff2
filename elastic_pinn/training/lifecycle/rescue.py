"""Detection of a run directory lost during training: removed, moved, replaced, or read-only; folders for a rescue."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.storage import FolderLock, LostFolderError, Store


class LostRunDirectoryError(ElasticPinnError, RuntimeError):
    """A run directory that disappeared, or became read-only, during training; training has stopped.

    The text describes what happened, and where the training state was saved for a resume.
    """


def why_lost(store: Store, run_dir: Path) -> str:
    """Explain how a run directory, or its folder of checkpoints, was lost; "" if it was not."""
    try:
        store.require_own_folder()
    except LostFolderError as error:
        return f"{error.path} {error.fault}"
    return "" if can_write(run_dir) else f"{run_dir} cannot be written to any more"


def can_write(folder: Path) -> bool:
    """Return whether the folder's permissions and file system allow to create files in it."""
    return os.access(folder, os.W_OK | os.X_OK)


def rescue_folders(lock: FolderLock) -> Iterator[Path]:
    """Yield folders for a rescue, the best first: the moved run directory, a new folder beside it, a temporary one."""
    if moved := lock.held.moved_to:
        yield moved
    name = f"{lock.folder.name}-rescued-{datetime.now():%Y%m%d-%H%M%S-%f}"
    yield lock.folder.with_name(name)
    yield Path(tempfile.gettempdir()) / name
