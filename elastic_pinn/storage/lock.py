"""One owner at a time for a folder, by a lock that the kernel frees when its owner dies."""

import errno
import fcntl
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from elastic_pinn.storage.errors import CheckpointError
from elastic_pinn.storage.files import make_folders

logger = logging.getLogger(__name__)

NAME = ".lock"
NO_LOCKS_HERE = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}  # some network file systems have none
ATTEMPTS, PAUSE_S = 20, 0.01  # `is_locked` holds a lock for an instant, and that is no owner


class InUseError(CheckpointError):
    """A folder that another process, or another thread of this one, works in."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the only one in a folder, which is made if it is missing; made in vain, it is removed again.

    The lock belongs to this very call: it also keeps out other threads. Raises InUseError, naming the owner's process
    and host, and OSError where the folder cannot be made or written to.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    descriptor = _acquire(folder)
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
        yield
    finally:
        if missing:
            _remove_unused(folder, missing)
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
        _release(descriptor)


def is_locked(folder: Path) -> bool:
    """Whether somebody has the folder for itself; True also where that cannot be told."""
    try:
        descriptor = os.open(folder / NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        return not isinstance(error, FileNotFoundError)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return True
    _release(descriptor)
    return False


def _acquire(folder: Path) -> int:
    owner = "another process"
    for _ in range(ATTEMPTS):
        make_folders(folder)
        with suppress(FileNotFoundError):  # another call made the folder in vain, and removed it just now
            descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
            if _try(descriptor, folder):
                return descriptor
            owner = os.pread(descriptor, 200, 0).decode(errors="replace") or owner
            os.close(descriptor)
            time.sleep(PAUSE_S)
    raise InUseError(folder, f"is in use by {owner}", "Wait for it to end, stop it, or choose another run_dir")


def _try(descriptor: int, folder: Path) -> bool:
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
    found = os.fstat(descriptor)
    try:
        return os.path.samestat(found, os.stat(folder / NAME))
    except FileNotFoundError:
        return False


def _release(descriptor: int) -> None:
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing alone would leave it to a process that was forked meanwhile
    os.close(descriptor)


def _remove_unused(folder: Path, made: list[Path]) -> None:
    with suppress(OSError):  # a folder above is kept, too, as soon as there is more in it
        if os.listdir(folder) == [NAME]:
            (folder / NAME).unlink()
            for path in made:
                path.rmdir()
