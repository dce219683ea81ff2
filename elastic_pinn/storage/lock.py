"""Give a folder one owner at a time, by a lock that the kernel releases when its owner ends."""

import errno
import fcntl
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from elastic_pinn.storage.errors import CheckpointError
from elastic_pinn.storage.files import make_folders, naming
from elastic_pinn.storage.held_folder import HeldFolder

logger = logging.getLogger(__name__)

NAME = ".lock"
OWNER_BYTES, UNKNOWN_OWNER = 200, "another process"
NO_LOCKS_HERE = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}  # some network file systems have none
ATTEMPTS, PAUSE_S = 20, 0.01  # `is_locked` holds the lock for an instant without being an owner


class InUseError(CheckpointError):
    """A folder that another process, or another thread of this one, uses."""


class LostFolderError(CheckpointError):
    """A folder that is no longer the locked one: it was removed, moved or replaced."""


class FolderLock:
    """An exclusive lock on a folder, valid as long as the folder at its path is the same.

    Attributes:
        folder: the absolute path.
        held: the folder itself, wherever it is now.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._requiring = threading.Lock()  # one thread makes a new lock file
        self._lock = _acquire(self.folder)
        try:
            self.held = HeldFolder(self.folder)
        except OSError:
            _release(self._lock)
            raise

    def require(self) -> None:
        """Raise LostFolderError if the folder was replaced or is gone; call this before each write there.

        A lock file that was removed is made again, unless another process has made one. Any thread may call this.
        """
        with self._requiring:
            if loss := self.held.loss:
                raise self._lost(loss)
            with suppress(OSError):  # otherwise it is unknown for now
                if not _is_at(self._lock, self.folder):
                    self._renew()

    @property
    def text(self) -> bytes:
        """The contents of the lock file: the last owner, if that was killed."""
        return os.pread(self._lock, OWNER_BYTES, 0)

    def release(self, left: bytes | None = b"") -> None:
        """Release the lock. left: the contents that the lock file keeps; None removes it."""
        with suppress(OSError):
            if left is None and _is_at(self._lock, self.folder):
                (self.folder / NAME).unlink()  # waiting processes open the file again
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, left or b"", 0)
        _release(self._lock)
        self.held.close()

    def sign(self) -> None:
        """Write the owner into the lock file."""
        with naming(self.folder / NAME):
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)

    def remove_unused(self, made: list[Path]) -> None:
        """Remove the folder, and the parents that were made for it, if they contain nothing but the lock."""
        with suppress(OSError):  # a parent with other contents is kept
            if os.listdir(self.folder) == [NAME] and _is_at(self._lock, self.folder):
                (self.folder / NAME).unlink()
                for path in made:
                    path.rmdir()

    def _renew(self) -> None:
        try:
            descriptor = _take(self.folder)
        except InUseError:
            raise self._lost("has lost its lock file, and another process works in it") from None
        _release(self._lock)
        self._lock = descriptor
        self.sign()
        logger.warning("%s: its lock file was removed, and was made anew", self.folder)

    def _lost(self, how: str) -> LostFolderError:
        return LostFolderError(self.folder, how, "Nothing more is written there")


@contextmanager
def locked(folder: Path) -> Iterator[FolderLock]:
    """Lock a folder, which is made if it is missing, and removed again if it remains empty.

    The lock belongs to this call: other threads are excluded too. If the `with` block raises, the lock file is restored
    to what it was before. Raises InUseError, which names the owner's process and host, and OSError if the folder cannot
    be made or written to.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    is_new = not (folder / NAME).exists()
    lock = FolderLock(folder)
    left: bytes | None = b""
    before = None if is_new else lock.text
    try:
        lock.sign()
        yield lock
    except BaseException:
        left = before
        raise
    finally:
        if missing:
            lock.remove_unused(missing)
        lock.release(left)


def owner_of(folder: Path) -> str:
    """Return the owner of a folder, as "process 12 on host"; "" if there is none, or if that is unknown."""
    try:
        return _look(folder)
    except OSError:
        return ""


def is_locked(folder: Path) -> bool:
    """Return whether a folder is locked; True also if that is unknown."""
    try:
        return bool(_look(folder))
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _look(folder: Path) -> str:
    """Return the owner of a folder; "" if there is none. Raises OSError if that is unknown."""
    descriptor = os.open(folder / NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        return ""
    except BlockingIOError:
        return os.pread(descriptor, OWNER_BYTES, 0).decode(errors="replace") or UNKNOWN_OWNER
    finally:
        os.close(descriptor)


def _acquire(folder: Path) -> int:
    """Lock a folder, which is made if it is missing; return the open lock file."""
    for _ in range(ATTEMPTS):
        make_folders(folder)
        with suppress(FileNotFoundError):  # another call made the folder and has just removed it
            return _take(folder)
    raise _in_use(folder, UNKNOWN_OWNER)


def _take(folder: Path) -> int:
    """Lock a folder and return the open lock file. Raises InUseError, and OSError if the file cannot be made."""
    owner = UNKNOWN_OWNER
    for _ in range(ATTEMPTS):
        descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        if _try_lock(descriptor, folder):
            return descriptor
        owner = os.pread(descriptor, OWNER_BYTES, 0).decode(errors="replace") or owner
        os.close(descriptor)
        time.sleep(PAUSE_S)
    raise _in_use(folder, owner)


def _in_use(folder: Path, owner: str) -> InUseError:
    return InUseError(folder, f"is in use by {owner}", "Wait for it to end, stop it, or choose another run_dir")


def _try_lock(descriptor: int, folder: Path) -> bool:
    """Return whether the lock is ours now, and its file still the one in the folder."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS_HERE:
            os.close(descriptor)
            raise
        logger.warning("%s: its file system has no locks, so nothing keeps a second process out", folder)
    return _is_at(descriptor, folder)


def _is_at(descriptor: int, folder: Path) -> bool:
    """Return whether an open lock file is the one in the folder."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(folder / NAME))
    except FileNotFoundError:
        return False


def _release(descriptor: int) -> None:
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing alone would leave it to a child that was forked meanwhile
    os.close(descriptor)
