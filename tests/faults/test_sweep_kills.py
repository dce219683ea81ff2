"""kill -9 of each part of a sweep at random moments: the same command goes on, and ends as if nothing had happened."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
import pytest
import yaml

import elastic_pinn as ep
from elastic_pinn.workbench.batch import Sweep
from tests.faults.small import SCALE

COMMAND = Path(sys.executable).with_name("elastic-pinn")
PARTS = ("parent", "worker", "kernel", "scheduler", "machine")
NO_THREADS = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
PARAMETERS = {"hidden_layers": [8], "steps": 400, "interior_points": 40, "boundary_points": 12, "initial_points": 12,
              "validation_points": 20, "validate_every": 20, "checkpoint_every": 20, "stages": ["adam", "lbfgs"],
              "stage_steps": [300], "log_level": "error"}  # fmt: skip


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """A notebook that trains, and does nothing else."""
    cells = [
        nbformat.v4.new_code_cell("run_dir = ''\nresume = 'never'", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("import elastic_pinn as ep\nconfig = ep.Config.from_namespace(globals())"),
        nbformat.v4.new_code_cell("run = ep.train(config, run_dir, resume=resume)"),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = tmp_path_factory.mktemp("notebook") / "train.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


@pytest.fixture(scope="module")
def sweep_file(notebook, tmp_path_factory):
    """A function that writes the sweep file of three runs for a folder."""

    def write(folder):
        fields = {"notebook": str(notebook), "directory": str(folder / "runs"), "parameters": PARAMETERS}
        path = folder / "sweep.yaml"
        path.write_text(yaml.safe_dump({**fields, "seeds": [0, 1, 2], "workers": 2, "threads": 1}))
        return path

    return write


@pytest.fixture(scope="module")
def undisturbed(sweep_file, tmp_path_factory):
    """History and weights of each run of a sweep that nothing happened to."""
    folder = tmp_path_factory.mktemp("undisturbed")
    done = subprocess.run([COMMAND, "sweep", sweep_file(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return found(folder)


def found(folder):
    runs = Sweep.read(folder / "runs" / "sweep.yaml")
    names = [run.name for run in runs.runs(runs.read_notebook())]
    assert len(names) == 3
    return {name: state(ep.Run(folder / "runs" / name)) for name in names}


def state(run):
    assert run.status == "completed" and run.summary["notebook"] == "executed"
    weights = {name: value.numpy().tobytes() for name, value in run.latest().model().state_dict().items()}
    return run.history().drop(columns="wall_s").to_csv(float_format="%r"), weights


class Cluster:
    """A scheduler and two workers of this machine, each a process of its own."""

    def __init__(self, folder):
        self.address = folder / f"scheduler-{time.monotonic_ns()}.json"
        self.scheduler = self._start("scheduler", "--port", "0", "--dashboard-address", "127.0.0.1:0")
        worker = ("--nthreads", "1", "--memory-limit", "0", "--dashboard-address", "127.0.0.1:0")
        self.workers = [self._start("worker", *worker, "--local-directory", str(folder)) for _ in range(2)]
        while not self.address.exists():
            time.sleep(0.05)

    def _start(self, what, *options):
        command = [sys.executable, "-m", "dask", what, "--scheduler-file", str(self.address), *options]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, **quiet, env={**os.environ, **NO_THREADS}, start_new_session=True)

    @property
    def url(self):
        return yaml.safe_load(self.address.read_text())["address"]

    def close(self):
        for process in (*self.workers, self.scheduler):
            for child in (*children(process.pid), process):
                kill(child.pid)
            process.wait()


def children(pid):
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def kill(pid):
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def is_kernel(process):
    try:
        return "ipykernel_launcher" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def victims(part, parent):
    """Process ids of a part of a sweep, as it is just now."""
    below = children(parent)
    if part == "machine":
        return [parent, *(process.pid for process in below)]
    if part == "parent":
        return [parent]
    kernels = [process for process in below if is_kernel(process)]
    if part == "kernel":
        return [process.pid for process in kernels]
    return [
        process.pid
        for process in below
        if any(kernel.ppid() == process.pid for kernel in kernels if kernel.is_running())
    ]


def killed_once(part, file, folder, seconds, rng):
    """Start a sweep, kill a part some time after its first kernel began; whether there was something to kill."""
    cluster = Cluster(folder) if part == "scheduler" else None
    options = ["--scheduler", cluster.url] if cluster else []
    with subprocess.Popen(
        [COMMAND, "sweep", file, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as sweep:
        parents = [worker.pid for worker in cluster.workers] if cluster else [sweep.pid]
        while not any(map(is_kernel, (child for parent in parents for child in children(parent)))):
            assert sweep.poll() is None, sweep.stderr.read().decode()
            time.sleep(0.02)
        time.sleep(seconds)
        targets = [cluster.scheduler.pid] if cluster else victims(part, sweep.pid)
        if targets and part in ("worker", "kernel"):
            targets = [rng.choice(targets)]
        for target in targets:
            kill(target)
        said = sweep.stderr.read().decode()
        status = sweep.wait(120)
    if cluster:
        cluster.close()
    survives = part in ("worker", "kernel")
    assert status == (0 if survives else status) and (survives or status != 0), said
    return bool(targets)


def cases():
    """Each part; among all tests, only one of them, once."""
    kills = max(1, round(10 * SCALE))
    return [pytest.param(part, kills, marks=pytest.mark.faults) for part in PARTS] + [
        pytest.param("machine", 1, id="quick")
    ]


@pytest.mark.parametrize(("part", "kills"), cases())
def test_a_sweep_of_which_a_part_was_killed_ends_as_one_that_nothing_happened_to(
    part, kills, sweep_file, undisturbed, tmp_path, record_property
):
    rng, hit = random.Random(part), 0
    for at in range(kills):
        folder = tmp_path / str(at)
        folder.mkdir()
        file = sweep_file(folder)
        hit += killed_once(part, file, folder, rng.uniform(0.0, 4.0), rng)
        again = subprocess.run([COMMAND, "sweep", file], capture_output=True, text=True)
        assert again.returncode == 0, again.stderr
        assert found(folder) == undisturbed
    record_property("kills of a part of a sweep", hit)
