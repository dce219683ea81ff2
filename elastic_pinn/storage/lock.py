"""One owner at a time for a folder, by a lock that the kernel frees when its owner dies."""

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
ATTEMPTS, PAUSE_S = 20, 0.01  # `is_locked` holds a lock for an instant, and that is no owner


class InUseError(CheckpointError):
    """A folder that another process, or another thread of this one, works in."""


class LostFolderError(CheckpointError):
    """A folder that is no longer the one that was locked: removed, moved, or another one is in its place."""


class FolderLock:
    """The right to be the only one who writes in a folder, for as long as the folder at its path is the same.

    Attributes:
        folder: the absolute path.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._requiring = threading.Lock()  # a lock file is made anew by one thread
        self._lock = _acquire(self.folder)
        try:
            self._home = HeldFolder(self.folder)
        except OSError:
            _release(self._lock)
            raise

    def require(self) -> None:
        """Ask this before anything is written there. Raises LostFolderError where the folder is another or gone.

        A lock file that was removed is made anew, as long as nobody else has done so. Any thread may ask.
        """
        with self._requiring:
            if loss := self._home.loss:
                raise self._lost(loss)
            with suppress(OSError):  # else it cannot be told just now
                if not _is_at(self._lock, self.folder):
                    self._renew()

    @property
    def moved_to(self) -> Path | None:
        """Where the folder is now, if it was moved and the system tells; None where it is gone or not moved."""
        return self._home.moved_to

    @property
    def text(self) -> bytes:
        """What is in the lock file: who held it last, if they were killed."""
        return os.pread(self._lock, OWNER_BYTES, 0)

    def release(self, left: bytes | None = b"") -> None:
        """Let others have the folder. left: what the lock file is to hold then; None for no such file."""
        with suppress(OSError):
            if left is None and _is_at(self._lock, self.folder):
                (self.folder / NAME).unlink()  # whoever waits for it looks for the file anew
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, left or b"", 0)
        _release(self._lock)
        self._home.close()

    def sign(self) -> None:
        """Write into the lock file who holds it."""
        with naming(self.folder / NAME):
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)

    def remove_unused(self, made: list[Path]) -> None:
        """Remove the folder, and those above it that were made for it, as far as nothing but the lock is in them."""
        with suppress(OSError):  # a folder above is kept, too, as soon as there is more in it
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
    """Be the only one in a folder, which is made if it is missing; made in vain, it is removed again.

    The lock belongs to this very call: it also keeps out other threads. Where the `with` block raises, the lock's file
    is left as it was before, there or not. Raises InUseError, naming the owner's process and host, and OSError where
    the folder cannot be made or written to.
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
    """Who has the folder for itself, as "process 12 on host"; "" where nobody has, or where that cannot be told."""
    try:
        descriptor = _open_to_look(folder)
    except OSError:
        return ""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(descriptor, OWNER_BYTES, 0).decode(errors="replace") or UNKNOWN_OWNER
        os.close(descriptor)
        return owner
    except OSError:
        os.close(descriptor)
        return ""
    _release(descriptor)
    return ""


def is_locked(folder: Path) -> bool:
    """Whether somebody has the folder for itself; True also where that cannot be told."""
    try:
        descriptor = _open_to_look(folder)
    except OSError as error:
        return not isinstance(error, FileNotFoundError)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return True
    _release(descriptor)
    return False


def _open_to_look(folder: Path) -> int:
    return os.open(folder / NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _acquire(folder: Path) -> int:
    """The lock of a folder that is made if it is missing."""
    for _ in range(ATTEMPTS):
        make_folders(folder)
        with suppress(FileNotFoundError):  # another call made the folder in vain, and removed it just now
            return _take(folder)
    raise _in_use(folder, UNKNOWN_OWNER)


def _take(folder: Path) -> int:
    """The lock of a folder, as an open file. Raises InUseError, and OSError where the file cannot be made."""
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
    """Whether the lock is ours now, and its file still the one that others find."""
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
    """Whether an open lock file is the one that others find in the folder."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(folder / NAME))
    except FileNotFoundError:
        return False


def _release(descriptor: int) -> None:
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing alone would leave it to a process that was forked meanwhile
    os.close(descriptor)
