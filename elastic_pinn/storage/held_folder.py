"""A folder known as itself, whatever becomes of its path."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

LOOK = getattr(os, "O_PATH", os.O_RDONLY)  # of a folder that one may not list, too, where the system can


class HeldFolder:
    """A folder that is held open, so that no other one gets its inode number: it can be told from what replaces it.

    Attributes:
        path: its absolute path, as it was.

    Raises OSError where it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._descriptor = os.open(self.path, LOOK | os.O_DIRECTORY | os.O_CLOEXEC)

    @property
    def loss(self) -> str:
        """What became of it, such as "was removed"; "" while its path leads to it, or where that cannot be told."""
        try:
            found = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return f"was moved to {location}" if (location := self.moved_to) else "was removed"
        except OSError:  # of a network or a disk that does not answer; what is written there tells
            return ""
        is_same = os.path.samestat(found, os.fstat(self._descriptor))
        return "" if is_same else "was moved or removed, and something else is in its place"

    @property
    def moved_to(self) -> Path | None:
        """Where it is now, if it was moved and the system tells; None where it is gone or not moved."""
        with suppress(OSError):
            location = Path(_path_of(self._descriptor))
            if location != self.path.resolve() and os.path.samestat(os.stat(location), os.fstat(self._descriptor)):
                return location
        return None

    def close(self) -> None:
        """Hold it no longer."""
        os.close(self._descriptor)


def _path_of(descriptor: int) -> str:
    """Where an open folder is now. Raises OSError where the system does not tell."""
    if hasattr(fcntl, "F_GETPATH"):  # macOS
        return os.fsdecode(fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
    return os.readlink(f"/proc/self/fd/{descriptor}")
