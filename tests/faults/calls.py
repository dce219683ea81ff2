"""The calls by which files change, intercepted in Python: to count them, to let them fail, to write them down."""

import gc
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

CHANGES = (
    *("open", "write", "pwrite", "copy_file_range", "ftruncate", "fsync", "close"),
    *("link", "symlink", "unlink", "remove", "rename", "replace", "mkdir", "rmdir"),
)
QUESTIONS = ("stat", "lstat", "fstat", "listdir", "scandir")

Answer = Callable[[str, Callable[..., Any], tuple[Any, ...]], Any]


@contextmanager
def intercepted(answer: Answer, names: tuple[str, ...] = CHANGES + QUESTIONS) -> Iterator[None]:
    """Let `answer(name, call, arguments)` answer each call of this thread in place of `os.name`.

    `call()` does what was asked for; `arguments` are its positional ones. No garbage is collected meanwhile: what
    an earlier test left, such as a process's pipe, would be closed here at some moment, and be taken for a call of the
    work.
    """
    real = {name: getattr(os, name) for name in names}
    thread = threading.get_ident()

    def replacement(name: str) -> Callable[..., Any]:
        def replaced(*arguments: Any, **options: Any) -> Any:
            call = partial(real[name], *arguments, **options)
            return answer(name, call, arguments) if threading.get_ident() == thread else call()

        return replaced

    collects = gc.isenabled()
    gc.disable()
    for name in names:
        setattr(os, name, replacement(name))
    try:
        yield
    finally:
        for name, call in real.items():
            setattr(os, name, call)
        if collects:
            gc.enable()


class Failing:
    """An answer that lets calls fail.

    Arguments:
        number: of the call, from 1, that fails; 0 none.
        error: the number of the error.
        lasting: whether all calls after it fail as well.

    Attributes:
        names: of the calls that were made.
    """

    def __init__(self, number: int, error: int, lasting: bool = False) -> None:
        self._number, self._error, self._lasting = number, error, lasting
        self.names: list[str] = []

    def __call__(self, name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        self.names.append(name)
        made = len(self.names)
        if not self._number or made < self._number or (made > self._number and not self._lasting):
            return call()
        if name == "close":  # Linux frees the descriptor even where close reports an error
            call()
        raise OSError(self._error, os.strerror(self._error))
