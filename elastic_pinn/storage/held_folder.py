"""A folder that is identified by its inode, not by its path."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

LOOK = getattr(os, "O_PATH", os.O_RDONLY)  # O_PATH opens folders without read permission too


class HeldFolder:
    """A folder that is held open, so that no other folder gets its inode number and a replacement is noticed.

    Attributes:
        path: its absolute path when it was opened.

    Raises OSError if it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._descriptor = os.open(self.path, LOOK | os.O_DIRECTORY | os.O_CLOEXEC)

    @property
    def loss(self) -> str:
        """What happened to the folder, such as "was removed"; "" if it is still at its path, or if that is unknown."""
        try:
            found = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return f"was moved to {location}" if (location := self.moved_to) else "was removed"
        except OSError:  # a network or a disk that does not answer; writing there reports it
            return ""
        is_same = os.path.samestat(found, os.fstat(self._descriptor))
        return "" if is_same else "was moved or removed, and something else is in its place"

    @property
    def moved_to(self) -> Path | None:
        """The present path of a folder that was moved, if the system reports it; None if it is gone or not moved."""
        with suppress(OSError):
            location = Path(_path_of(self._descriptor))
            if location != self.path.resolve() and os.path.samestat(os.stat(location), os.fstat(self._descriptor)):
                return location
        return None

    def close(self) -> None:
        """Close the folder."""
        os.close(self._descriptor)


def _path_of(descriptor: int) -> str:
    """Return the present path of an open folder. Raises OSError if the system does not report it."""
    if hasattr(fcntl, "F_GETPATH"):  # macOS
        return os.fsdecode(fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
    return os.readlink(f"/proc/self/fd/{descriptor}")
