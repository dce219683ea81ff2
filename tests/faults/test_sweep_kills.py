"""kill -9 of each part of a sweep at random moments: the same command goes on, and ends as if nothing had happened."""

import random
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml

import elastic_pinn as ep
from elastic_pinn.workbench.batch import Plan, Sweep
from tests.faults.small import SCALE
from tests.headless import DaskProcesses, descendants, kill, write_training_notebook

COMMAND = Path(sys.executable).with_name("elastic-pinn")
PARTS = ("parent", "worker", "kernel", "scheduler", "machine")
PARAMETERS = {"hidden_layers": [8], "steps": 400, "interior_points": 40, "boundary_points": 12, "initial_points": 12,
              "validation_points": 20, "validate_every": 20, "checkpoint_every": 20, "stages": ["adam", "lbfgs"],
              "stage_steps": [300], "log_level": "error"}  # fmt: skip


@pytest.fixture(scope="module")
def sweep_file(tmp_path_factory):
    """A function that writes the sweep file of three runs for a folder."""
    notebook = write_training_notebook(tmp_path_factory.mktemp("notebook") / "train.ipynb")

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
    names = [run.name for run in Plan.of(Sweep.read(folder / "runs" / "sweep.yaml")).runs]
    assert len(names) == 3
    return {name: state(ep.Run(folder / "runs" / name)) for name in names}


def state(run):
    assert run.status == "completed" and run.summary.notebook == "executed"
    weights = {name: value.numpy().tobytes() for name, value in run.latest().model().state_dict().items()}
    return run.history().drop(columns="wall_s").to_csv(float_format="%r"), weights


def is_kernel(process):
    try:
        return "ipykernel_launcher" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def victims(part, parent):
    """Process ids of a part of a sweep, as it is just now."""
    below = descendants(parent)
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
    cluster = DaskProcesses(folder, [folder, folder]) if part == "scheduler" else None
    options = ["--scheduler", cluster.address] if cluster else []
    with subprocess.Popen(
        [COMMAND, "sweep", file, *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as sweep:
        parents = [worker.pid for worker in cluster.workers] if cluster else [sweep.pid]
        while not any(map(is_kernel, (child for parent in parents for child in descendants(parent)))):
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
        pytest.param("machine", 1, id="quick", marks=pytest.mark.slow)
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
