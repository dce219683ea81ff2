"""Where compiled code is kept, for users who can write neither into the package nor into a home directory, and what is
told before it is compiled, which takes long.

numba looks for a folder beside the source file, then in the user's cache folder, and refuses to compile where it may
write to neither: an installed package, a service account, a container whose user has only a number.
"""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import njit
from numba.core import event

from elastic_pinn.networks.progress import work

config: Any = numba.config  # its attributes come from the environment, unknown to a type checker
logger = logging.getLogger(__name__)


class _Listener(event.Listener):
    """Acts before one function is compiled; numba calls it for any function of this process.

    function: as numba has made it.
    """

    def __init__(self, function: Any, act: Callable[[], None]) -> None:
        self._function, self._act = function, act

    def on_start(self, event: Any) -> None:
        if event.data["dispatcher"] is self._function:
            self._act()

    def on_end(self, event: Any) -> None:
        """Nothing is told: the block that called the function is over soon."""


@contextmanager
def compilation_told(function: Any) -> Iterator[None]:
    """Tell that a function of the kernel is compiled in the block, before it is: as long work, and once a process in
    the log. Nothing is told of one that was kept, nor of any other function.

    function: as numba has made it; in whatever thread it is called.
    """
    stats = getattr(function, "stats", None)  # none where numba is switched off, by NUMBA_DISABLE_JIT
    once = ", once on this machine" if stats and stats.cache_path else ""
    what = f"compiling the network for this processor{once}"
    with work(what) as at:

        def tell() -> None:
            _log(f"{what}: 15 s to a minute")
            at(0.0)

        with event.install_listener("numba:compile", _Listener(function, tell)):
            yield


@cache
def _log(text: str) -> None:
    """Log a text, once a process."""
    logger.info("%s", text)


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
