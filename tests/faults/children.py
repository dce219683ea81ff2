"""Child processes that work until they end or are killed, forked from this one: no interpreter has to start."""

import os
import re
import shutil
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

GO = signal.SIGUSR1
STRACE = shutil.which("strace")
STRACE_LINE = re.compile(r"(?:\d+ +)?(\w+)\(")


def forked(work: Callable[[], object]) -> int:
    """The number of a child process that does some work and exits: 0, or 1 where the work raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads: this work needs none of theirs
        child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def ended(child: int) -> int:
    """How a child ended, when it has: its exit status, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def traced(work: Callable[[], object], log: Path, *options: str) -> int:
    """How a child ended that did some work under strace.

    Arguments:
        work: what it did.
        log: where strace writes the calls.
        options: of strace: what to trace and what to inject.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {GO})  # the child inherits it, and waits
    try:
        child = forked(lambda: (signal.sigwait({GO}), work()))
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {GO})
    command = [STRACE, "-f", "-o", str(log), *options, "-p", str(child)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        attached = strace.stderr.readline()
        os.kill(child, GO)
        status = ended(child)
        assert "attached" in attached, attached + strace.stderr.read()
    return status


def can_trace(folder: Path) -> bool:
    """Whether there is a strace that may attach to a child of this process."""
    if STRACE is None:
        return False
    try:
        return traced(lambda: None, folder / "try.log") == 0
    except AssertionError:
        return False


def calls_in(log: Path) -> list[tuple[str, int]]:
    """The system calls that strace saw, in order: a name and how often it was called up to then."""
    seen: dict[str, int] = {}
    calls = []
    for line in log.read_text().splitlines():
        match = STRACE_LINE.match(line)
        if match:
            seen[match[1]] = seen.get(match[1], 0) + 1
            calls.append((match[1], seen[match[1]]))
    return calls
