"""Read a checkpoint in a child process that can open no files and has limits on memory and time.

The guard refuses anything that this package never writes, but libhdf5 itself has faults that a crafted file may
trigger. Here a child gets the bytes, reads them, and returns a canonical image that our own writer made of the
contents: a crash, a hang or a bomb ends in the child, and becomes an error here. The child's answer is checked like an
unknown file. The child's memory is limited on Linux; its time, files and core dumps on every POSIX system.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread, Timer
from typing import IO

from elastic_pinn.storage.errors import CheckpointError, NewerVersionError
from elastic_pinn.storage.folder import split_location
from elastic_pinn.storage.format.history_table import History
from elastic_pinn.storage.format.seal import read_header, unseal
from elastic_pinn.storage.format.snapshot import Snapshot, parse_changed, parse_snapshot

# Limits of the child once everything is imported: additional memory, and processor time.
FREE_MEMORY, MEMORY_RATIO = 1 << 30, 20  # bytes, and bytes for each byte of the file
PROCESSOR_SECONDS, SECONDS_PER_BYTE = 60, 1e-6
WALL_SECONDS = 120  # includes the import of torch on a busy machine; SECONDS_PER_BYTE are added

# The child uses no PYTHON* variable, user site or working directory; folders missing on its path are appended.
CHILD = """
import sys
sys.path += [folder for folder in sys.argv[1:] if folder not in sys.path]
from elastic_pinn.storage import isolation
isolation.main()
"""
VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # the variables that the child inherits
SETTINGS = {"OMP_NUM_THREADS": "1", "HDF5_PLUGIN_PRELOAD": "::", "LC_ALL": "C.UTF-8"}  # "::": no filter plugins

KINDS = {kind.__name__: kind for kind in (CheckpointError, NewerVersionError)}
FOREIGN = "Do not use this file: no file that elastic_pinn wrote does this"
PIECE = 1 << 20

SEALED, CHANGED = "s", "c"  # how the child reads: verified, or with changed attributes


def read_isolated(location: str | os.PathLike[str]) -> Snapshot:
    """Return what `read_snapshot` does, read in a child process with limits: a crash, a hang or a bomb ends there.

    location: a path, or a URL of a remote store. Raises CheckpointError, which names the file, also if the child
    crashed or exceeded its limits.
    """
    read_header(location)  # before much is read
    folder, name = split_location(location)
    return parse_isolated(location, folder.read(name))


def parse_isolated(location: str | os.PathLike[str], data: bytes, how: str = SEALED) -> Snapshot:
    """Return what `read_isolated` does, from the file's bytes, verified or not; `location` is for errors only.

    how: SEALED, or CHANGED for what `parse_changed` reads.
    """
    status, answer = _run_child(how.encode() + data, location)
    if status or not answer:
        raise CheckpointError(location, f"made the process that read it fail ({_exit_text(status)})", FOREIGN)
    head, _, image = answer.partition(b"\n")
    try:
        fault = json.loads(head)
        error = None if fault is None else KINDS[fault["kind"]](location, fault["fault"], fault["advice"])
    except (ValueError, LookupError, TypeError) as unclear:
        raise CheckpointError(location, "made the process that read it give no clear answer", FOREIGN) from unclear
    if error:
        raise error
    unseal(location, image)
    return parse_snapshot(location, image)


def main() -> None:
    """Run the child: read the mode and the bytes from standard input; write a line of JSON and, if that is null, an
    image to standard output."""
    data = sys.stdin.buffer.read()
    _respond(
        SEALED.encode() + bytes(_empty_image())
    )  # so that whatever is imported late is imported before nothing can be opened
    _limit(len(data))
    sys.stdout.buffer.write(_respond(data))
    sys.stdout.buffer.flush()
    os._exit(0)  # without the libraries' exit handlers


def _run_child(data: bytes, location: str | os.PathLike[str]) -> tuple[int, bytes]:
    """Return the child's exit status and answer. Raises CheckpointError if the answer is too long or too late."""
    seconds = WALL_SECONDS + SECONDS_PER_BYTE * len(data)
    environment = {name: os.environ[name] for name in VARIABLES if name in os.environ} | SETTINGS
    command = [sys.executable, "-I", "-W", "ignore", "-c", CHILD, *_search_path()]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd="/"
    ) as child:
        assert child.stdin and child.stdout
        timeout = Timer(seconds, child.kill)
        feeder = Thread(target=_feed, args=(child.stdin, data))
        try:
            timeout.start()
            feeder.start()
            answer = _read_bounded(child.stdout, FREE_MEMORY + MEMORY_RATIO * len(data))
            if answer is None:
                raise CheckpointError(location, "made the process that read it answer without end", FOREIGN)
            status = child.wait()
        finally:
            in_time = timeout.is_alive()
            timeout.cancel()
            child.kill()
            feeder.join()
    if not in_time:
        raise CheckpointError(location, f"kept the process that read it for more than {seconds:.0f} s", FOREIGN)
    return status, answer


def _feed(pipe: IO[bytes], data: bytes) -> None:
    with suppress(BrokenPipeError):  # the child's exit status gives the reason
        pipe.write(data)
    with suppress(BrokenPipeError):
        pipe.close()


def _read_bounded(pipe: IO[bytes], limit: int) -> bytes | None:
    pieces, size = [], 0
    while piece := pipe.read(PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            return None
    return b"".join(pieces)


def _exit_text(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    with suppress(ValueError):
        return f"signal {signal.Signals(-status).name}"
    return f"signal {-status}"


def _search_path() -> list[str]:
    """Return this process's module search path, the package first, without relative folders."""
    own = str(Path(__file__).resolve().parents[2])
    return [own, *(folder for folder in sys.path if os.path.isabs(folder))]


def _respond(data: bytes) -> bytes:
    how, data = data[: len(SEALED)].decode(), data[len(SEALED) :]
    try:
        if how == SEALED:
            unseal("", data)
        return b"null\n" + (parse_snapshot if how == SEALED else parse_changed)("", data).image()
    except CheckpointError as error:
        kind = next(name for name in (type(error).__name__, "CheckpointError") if name in KINDS)
        fault = {"kind": kind, "fault": error.fault, "advice": error.advice}
    except Exception as error:  # every error must reach the parent
        fault = {
            "kind": "CheckpointError",
            "fault": f"cannot be read ({type(error).__name__}: {error})",
            "advice": FOREIGN,
        }
    return json.dumps(fault).encode() + b"\n"


def _empty_image() -> memoryview:
    history = History(["step"])
    return Snapshot(
        step=0, stage=0, generation=0, config="{}", weights={}, state={}, history=history, metrics={}
    ).image()  # fmt: skip


def _limit(size: int) -> None:
    """Forbid new files, core dumps and writing to disks, and limit memory and time, from here on."""
    memory = _address_space()
    for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(kind, (0, 0))
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    seconds = int(used + PROCESSOR_SECONDS + SECONDS_PER_BYTE * size) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    if memory is not None:
        memory += FREE_MEMORY + MEMORY_RATIO * size
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _address_space() -> int | None:
    """Return the bytes that this process has mapped, on Linux."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0]) * resource.getpagesize()
    return None
