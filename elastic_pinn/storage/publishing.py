"""Publish a finished file: complete, read back, synced, and without ever replacing another one."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from elastic_pinn.storage.errors import CheckpointError, UnreadableError
from elastic_pinn.storage.files import (
    MORE_FILES,
    OUT_OF_FILES,
    READ_ONLY,
    make_folders,
    open_regular,
    sync_folder,
    temporary_beside,
    write_new,
)

PIECE = 1 << 18  # bytes that are read back at a time

# The errors of link(2) on file systems without hard links, and of renameat2(2) where it is not supported.
LINKS_UNSUPPORTED = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS}
NOREPLACE_UNSUPPORTED = LINKS_UNSUPPORTED | {errno.EINVAL}
AT_FDCWD, RENAME_NOREPLACE = -100, 1  # of Linux's renameat2


class NoReplaceUnsupportedError(OSError):
    """A file system that cannot name a file without the risk of replacing another one."""


def publish(path: Path, sealed: bytes | bytearray | memoryview) -> None:
    """Write a sealed image as a read-only file that is complete, verified and synced, or does not exist at all.

    Folders are made as needed. An existing file of this name is not changed. Raises CheckpointError, and then leaves
    nothing behind.
    """
    temporary = temporary_beside(path)
    made = [temporary]
    try:
        make_folders(path.parent)
        write_new(temporary, sealed, READ_ONLY)
        _require_read_back(temporary, path, sealed)
        _link_new(temporary, path)
        made.append(path)
        temporary.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        _remove(made)  # a file that may not be durable must not look like one
        advice = f"{_advice_for(error)}; checkpoints that were there are untouched"
        raise CheckpointError(path, f"could not be written ({error.strerror})", advice) from error
    except BaseException:
        _remove(made)
        raise


def _require_read_back(temporary: Path, path: Path, sealed: bytes | bytearray | memoryview) -> None:
    expected = memoryview(sealed)
    try:
        with open_regular(temporary) as file:
            for at in range(0, len(expected) + 1, PIECE):  # small pieces fit into the processor's cache
                if file.read(PIECE) != expected[at : at + PIECE].tobytes():
                    raise CheckpointError(path, "was not read back as written", "Check the disk")
    except UnreadableError as error:
        raise CheckpointError(path, f"could not be written: read back, it {error.fault}", "Check the disk") from error


def _advice_for(error: OSError) -> str:
    if isinstance(error, NoReplaceUnsupportedError):
        return "Choose a run_dir on another file system"
    return MORE_FILES if error.errno in OUT_OF_FILES else "Free space or choose another folder"


def _link_new(temporary: Path, path: Path) -> None:
    try:
        link_noreplace(temporary, path)
    except FileExistsError as error:
        advice = "Checkpoints are never overwritten: write to a fresh run directory, or as a new generation"
        raise CheckpointError(path, "exists already", advice) from error


def _remove(paths: list[Path]) -> None:
    for path in paths:
        with suppress(OSError):
            path.unlink()


def link_noreplace(temporary: Path, path: Path) -> None:
    """Give a file a name in its folder; unlike a rename, never replace another file.

    A hard link is made, and the temporary name remains. On file systems without hard links (FAT, some network and
    user-space file systems) Linux's rename with RENAME_NOREPLACE is used, and the temporary name is gone. Raises
    FileExistsError if the name is taken, NoReplaceUnsupportedError if the file system has neither, and OSError.
    """
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in LINKS_UNSUPPORTED:
            raise
        error_number = _rename_noreplace(temporary, path)
        if error_number in NOREPLACE_UNSUPPORTED:
            fault_text = "its file system has neither hard links nor a rename that never replaces a file"
            raise NoReplaceUnsupportedError(error_number, fault_text, str(path)) from error
        if error_number:
            raise OSError(error_number, os.strerror(error_number), str(path)) from error


def _rename_noreplace(old: Path, new: Path) -> int:
    """Call renameat2(2) with RENAME_NOREPLACE, which Python lacks; return 0, or the error number."""
    import ctypes  # rarely needed

    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # not Linux, or an old one
        return errno.ENOSYS
    if rename(AT_FDCWD, os.fsencode(old), AT_FDCWD, os.fsencode(new), RENAME_NOREPLACE) == 0:
        return 0
    return ctypes.get_errno()
