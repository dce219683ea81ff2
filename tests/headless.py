"""What tests of headless notebooks need: notebooks of a few lines, and a Dask scheduler with workers as processes."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
import yaml

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
NOWHERE = ("--dashboard-address", "127.0.0.1:0")
NO_THREADS = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def write_notebook(path: Path, parameters: str, *cells: str) -> Path:
    """A notebook with a parameters cell and some more, written to a file."""
    first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    others = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=[first, *others], metadata={"kernelspec": kernel}), path)
    return path


def write_training_notebook(path: Path, last: str = "pass") -> Path:
    """A notebook that trains, and then runs one more cell."""
    return write_notebook(
        path,
        "run_dir = ''\nresume = 'never'",
        "import elastic_pinn as ep\nconfig = ep.Config.from_namespace(globals())",
        "run = ep.train(config, run_dir, resume=resume)",
        last,
    )


class DaskProcesses:
    """A scheduler and workers of this machine, each a process of its own, a worker for each folder.

    scratch: whether the folders are disks of the workers' own, as $SCRATCH tells them.
    """

    def __init__(self, place: Path, folders: list[Path], scratch: bool = False) -> None:
        self._file = place / f"scheduler-{time.monotonic_ns()}.json"
        self.scheduler = self._start("scheduler", "--port", "0")
        options = ("--nthreads", "1", "--memory-limit", "0", *(["--no-nanny"] if scratch else []))
        self.workers = []
        for folder in folders:
            own = {"SCRATCH": str(folder)} if scratch else {}
            self.workers.append(self._start("worker", *options, "--local-directory", str(folder), **own))
        while not self._file.exists():
            time.sleep(0.05)

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return yaml.safe_load(self._file.read_text())["address"]

    def close(self) -> None:
        """End all of them, and what they started."""
        for process in (*self.workers, self.scheduler):
            kill_all(process.pid)
            process.wait()

    def _start(self, what: str, *options: str, **variables: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "dask", what, "--scheduler-file", str(self._file), *NOWHERE, *options]
        return subprocess.Popen(command, **QUIET, env={**os.environ, **NO_THREADS, **variables}, start_new_session=True)


def descendants(pid: int) -> list[psutil.Process]:
    """All processes below one, as it is just now."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def kill(pid: int) -> None:
    """kill -9."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_all(pid: int) -> None:
    """kill -9 of a process with all that it started, as when its machine is gone."""
    for each in (*(child.pid for child in descendants(pid)), pid):
        kill(each)
