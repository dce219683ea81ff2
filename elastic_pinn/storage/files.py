"""Files on disk: opened only if they are regular files, and written durably."""

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from elastic_pinn.storage.errors import MissingError, UnreadableError

LEFTOVER = re.compile(r"\..*\.[0-9a-f]{16}\.tmp")  # as `temporary_beside` names them

SPECIAL = "is not a regular file but a FIFO, socket or device"

WRITABLE, READ_ONLY = 0o666, 0o444  # the mode of a new file before the umask
PIECE = 1 << 20  # bytes copied at a time where the system has no copy call


OUT_OF_FILES = {errno.EMFILE, errno.ENFILE}
MORE_FILES = "Raise the limit of open files (`ulimit -n`), or close some"


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put a file's name into an OSError: an error on an open descriptor has none."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


@contextmanager
def open_regular(path: str | os.PathLike[str]) -> Iterator[FileIO]:
    """Open a regular file for reading, unbuffered; this never blocks.

    Raises UnreadableError for a path that is missing, unreadable, a folder, a symbolic link, a FIFO or a device.
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
    """Make a folder and its parents, each entered durably into its parent."""
    if folder.is_dir():
        with suppress(PermissionError):  # a parent without read permission is synced by its owner
            sync_folder(folder.absolute().parent)  # its maker may have been killed before this
        return
    make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def temporary_beside(path: Path) -> Path:
    """Return a new hidden name in the same folder, hence on the same file system."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of killed writers; the caller must be the only writer in the folder."""
    for path in folder.glob(".*.tmp"):
        if LEFTOVER.fullmatch(path.name):
            path.unlink(missing_ok=True)


def write_new(path: Path, data: bytes | bytearray | memoryview, mode: int = WRITABLE) -> None:
    """Write a file that must not exist yet, and sync it to the disk. Raises OSError."""
    with _closing(_create(path, mode)) as descriptor:
        _write_all(descriptor, data)
        os.fsync(descriptor)


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file atomically: a reader sees the old or the new one. Raises OSError."""
    temporary = temporary_beside(path)
    with naming(path):
        try:
            write_new(temporary, data)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def replace_by_copy(path: Path, source: Path) -> None:
    """Replace a file atomically by a read-only copy of another: a reader sees the old or the new one.

    Where the file system supports it, the copy shares the source's blocks on the disk until one of them is changed. The
    copy is not synced to the disk. Raises OSError.
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
    """Sync a folder's entries to the disk."""
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
    """Copy a file's bytes from one descriptor to another, from their positions to the end."""
    with suppress(OSError, AttributeError):  # not supported by the file system or the operating system
        while os.copy_file_range(source, target, os.fstat(source).st_size):
            pass
    while piece := os.read(source, PIECE):  # the rest; usually none
        _write_all(target, piece)


def _require_regular(path: str | os.PathLike[str], mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise UnreadableError(path, "is a folder", "Give one file in it")
    if not stat.S_ISREG(mode):
        raise UnreadableError(path, SPECIAL, "Give a regular file")


def _reading_failed(path: str | os.PathLike[str], error: OSError) -> UnreadableError:
    if isinstance(error, FileNotFoundError):
        return MissingError(path)
    if error.errno == errno.ELOOP:
        return UnreadableError(path, "is a symbolic link", "Give the file that it points to")
    if error.errno == errno.ENXIO:
        return UnreadableError(path, SPECIAL, "Give a regular file")
    advice = MORE_FILES if error.errno in OUT_OF_FILES else "Check its permissions and the disk"
    return UnreadableError(path, f"cannot be read ({error.strerror})", advice)
