"""Where compiled code is kept, for users who can write neither into the package nor into a home directory, and what is
logged before it is compiled, which takes long.

numba looks for a folder beside the source file, then in the user's cache folder, and refuses to compile where it may
write to neither: an installed package, a service account, a container whose user has only a number.
"""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

import numba
from numba import njit
from numba.core import event

config: Any = numba.config  # its attributes come from the environment, unknown to a type checker
logger = logging.getLogger(__name__)


class _Announcement(event.Listener):
    """Logs that code of this package is compiled, once a process, before it is; code that was kept is not.

    numba calls it for any code that is compiled in this process.
    """

    is_made = False

    def on_start(self, event: Any) -> None:
        dispatcher = event.data["dispatcher"]
        module = dispatcher.py_func.__module__ or ""  # None of a function that exec made
        if not self.is_made and module.startswith(f"{__package__}."):
            self.is_made = True
            is_kept = dispatcher.stats.cache_path is not None
            once = ", once on this machine" * is_kept
            logger.info("compiling the network for this processor%s: 15 s to a minute", once)

    def on_end(self, event: Any) -> None:
        """Nothing is logged: training follows."""


event.register("numba:compile", _Announcement())


def can_keep_compiled_code() -> bool:
    """Find or make a folder for compiled code and return whether there is one; the last choice is a temporary folder.

    That one must belong to this user alone, since its contents are executed. Without any, every process compiles
    anew, which takes about 15 s and is logged.
    """
    # Without a home, numba would make a folder named ~ in the working directory.
    has_home = os.path.isdir(os.path.expanduser("~"))
    if (config.CACHE_DIR or has_home or os.access(Path(__file__).parent, os.W_OK)) and _numba_finds_a_folder():
        return True
    folder = Path(tempfile.gettempdir()) / f"elastic_pinn-{os.getuid()}"
    if _is_private(folder):
        config.CACHE_DIR = str(folder)
        if _numba_finds_a_folder():
            return True
    logger.warning("no folder for compiled code can be written: each process compiles anew, about 15 s; "
                   "the environment variable NUMBA_CACHE_DIR can name one")  # fmt: skip
    return False


def _numba_finds_a_folder() -> bool:
    try:
        njit(cache=True)(_is_private)  # any function of this file: nothing is compiled before it is called
    except RuntimeError:  # "no locator available"
        return False
    return True


def _is_private(folder: Path) -> bool:
    """Whether this is a folder, made if need be, that only this user can write into."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
