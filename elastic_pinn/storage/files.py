"""Files on disk: opened only when they are plain files, written so that they last."""

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from elastic_pinn.storage.errors import UnreadableError

LEFTOVER = re.compile(r"\..*\.[0-9a-f]{16}\.tmp")  # as `temporary_beside` names them

SPECIAL = "is not a regular file but a FIFO, socket or device"

WRITABLE, READ_ONLY = 0o666, 0o444  # the mode of a new file, less what the umask takes away
PIECE = 1 << 20  # bytes that are copied at a time where the system cannot copy by itself


OUT_OF_FILES = {errno.EMFILE, errno.ENFILE}
MORE_FILES = "Raise the limit of open files (`ulimit -n`), or close some"


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have an OSError name a file: what goes wrong with an open one does not."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


@contextmanager
def open_regular(path: str | os.PathLike[str]) -> Iterator[FileIO]:
    """Open a file for reading, unbuffered, if it is a regular one; this never blocks.

    Raises UnreadableError for what is missing, unreadable, a folder, a symbolic link, a FIFO or a device.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _require_regular(path, os.fstat(descriptor).st_mode)
            yield FileIO(descriptor, closefd=False)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _reading_failed(path, error) from error


def make_folders(folder: Path) -> None:
    """Make a folder and those above it, each entered durably into its parent."""
    if folder.is_dir():
        with suppress(PermissionError):  # a parent that only others may list is theirs to make last
            sync_folder(folder.absolute().parent)  # who made the folder may have died before this
        return
    make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def temporary_beside(path: Path) -> Path:
    """A fresh hidden name in the same folder, hence on the same file system."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of writers that were killed: only for who knows that nobody writes there now."""
    for path in folder.glob(".*.tmp"):
        if LEFTOVER.fullmatch(path.name):
            path.unlink(missing_ok=True)


def write_new(path: Path, data: bytes | bytearray | memoryview, mode: int = WRITABLE) -> None:
    """Write a file that must not exist yet, down to the disk. Raises OSError."""
    with _closing(_create(path, mode)) as descriptor:
        _write_all(descriptor, data)
        os.fsync(descriptor)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file in the place of one that is there: a reader sees the old or the new. Raises OSError."""
    temporary = temporary_beside(path)
    with naming(path):
        try:
            write_new(temporary, data)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def replace_by_copy(path: Path, source: Path) -> None:
    """Put a read-only copy of a file in the place of one that may be there: a reader sees the old or the new.

    Where the file system can, the copy shares the source's bytes on the disk until one of them is written to. It is not
    synced to the disk. Raises OSError.
    """
    temporary = temporary_beside(path)
    try:
        original = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with _closing(original), _closing(_create(temporary, READ_ONLY)) as copy:
            _copy(original, copy)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make what was entered into or removed from a folder last."""
    with _closing(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)) as descriptor:
        os.fsync(descriptor)


@contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _create(path: Path, mode: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)


def _write_all(descriptor: int, data: bytes | bytearray | memoryview) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _copy(source: int, target: int) -> None:
    """Copy a file's bytes from one descriptor to another, from where both are to the end."""
    with suppress(OSError, AttributeError):  # a file system or a system without this call
        while os.copy_file_range(source, target, os.fstat(source).st_size):
            pass
    while piece := os.read(source, PIECE):  # what is left; nothing as a rule
        _write_all(target, piece)


def _require_regular(path: str | os.PathLike[str], mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise UnreadableError(path, "is a folder", "Give one file in it")
    if not stat.S_ISREG(mode):
        raise UnreadableError(path, SPECIAL, "Give a regular file")


def _reading_failed(path: str | os.PathLike[str], error: OSError) -> UnreadableError:
    if isinstance(error, FileNotFoundError):
        return UnreadableError(path, "is missing", "Check the path")
    if error.errno == errno.ELOOP:
        return UnreadableError(path, "is a symbolic link", "Give the file that it points to")
    if error.errno == errno.ENXIO:
        return UnreadableError(path, SPECIAL, "Give a regular file")
    advice = MORE_FILES if error.errno in OUT_OF_FILES else "Check its permissions and the disk"
    return UnreadableError(path, f"cannot be read ({error.strerror})", advice)
