"""Give a finished file its final name without replacing another file."""

from __future__ import annotations

import errno
import os
from pathlib import Path

# The errors of link(2) on file systems without hard links, and of renameat2(2) where it is not supported.
LINKS_UNSUPPORTED = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS}
NOREPLACE_UNSUPPORTED = LINKS_UNSUPPORTED | {errno.EINVAL}
AT_FDCWD, RENAME_NOREPLACE = -100, 1  # of Linux's renameat2


class NoReplaceUnsupportedError(OSError):
    """A file system that cannot name a file without the risk of replacing another one."""


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
