"""Giving a finished file its name, which nothing may have yet."""

from __future__ import annotations

import errno
import os
from pathlib import Path

# The errors of link(2) on file systems without hard links, and of renameat2(2) where it is not supported.
LINKS_UNSUPPORTED = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS}
NOREPLACE_UNSUPPORTED = LINKS_UNSUPPORTED | {errno.EINVAL}
AT_FDCWD, RENAME_NOREPLACE = -100, 1  # of Linux's renameat2


class NoReplaceUnsupportedError(OSError):
    """A file system on which no file can be given a name without the risk of replacing another one's."""


def link_noreplace(temporary: Path, path: Path) -> None:
    """Give a file a name in its folder; unlike a rename, never that of another file.

    By a hard link, and the temporary name stays; where the file system has none (FAT, some network and user-space file
    systems), by Linux's rename that never replaces, and the temporary name is gone. Raises FileExistsError where the
    name is taken, NoLinksError where the file system has neither, and OSError.
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
    """renameat2(2) with RENAME_NOREPLACE, which Python does not offer: 0, or the number of the error."""
    import ctypes  # where it is needed at all

    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):  # another system than Linux, or an old one
        return errno.ENOSYS
    if rename(AT_FDCWD, os.fsencode(old), AT_FDCWD, os.fsencode(new), RENAME_NOREPLACE) == 0:
        return 0
    return ctypes.get_errno()
