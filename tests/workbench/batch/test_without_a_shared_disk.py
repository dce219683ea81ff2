"""Workers that see neither each other's disk nor this one, through an S3 store over HTTP; one of them is killed."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
import yaml

import elastic_pinn as ep
from elastic_pinn.workbench.batch import Sweep
from tests.storage.remote.conftest import at_once, bucket, s3_server  # noqa: F401  fixtures


@pytest.fixture
def scheduler(tmp_path):
    """The address of a scheduler, and its workers: each has a disk of its own, as $SCRATCH tells it."""
    file = tmp_path / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dask = [sys.executable, "-m", "dask"]
    nowhere = ["--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(file)]
    started = [subprocess.Popen([*dask, "scheduler", "--port", "0", *nowhere], **quiet)]
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        where = {**os.environ, "SCRATCH": str(tmp_path / name), "OMP_NUM_THREADS": "1"}
        options = ["--nthreads", "1", "--no-nanny", "--memory-limit", "0", "--local-directory", str(tmp_path / name)]
        started.append(subprocess.Popen([*dask, "worker", *nowhere, *options], **quiet, env=where, cwd=tmp_path / name))
    while not file.exists():
        time.sleep(0.05)
    yield yaml.safe_load(file.read_text())["address"], started[1:]
    for process in reversed(started):
        process.kill()
        process.wait()


def test_a_run_whose_worker_is_killed_goes_on_elsewhere_from_its_copy(
    bucket,  # noqa: F811
    scheduler,
    write_sweep,
    command,
    tmp_path,
):
    address, workers = scheduler
    mirror = f"s3://{bucket.name}/runs"
    long = {"mirror": mirror, "steps": 3000, "checkpoint_every": 100, "validate_every": 100}
    cluster = {"scheduler": address, "directory": "$SCRATCH/runs"}
    file = write_sweep(parameters=long, seeds=[0, 1], cluster=cluster)
    sweep = Sweep.read(file)
    with subprocess.Popen([command, "sweep", file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as going:
        while not (begun := [key for key in keys(bucket) if "step-000000200-" in key]):
            assert going.poll() is None, going.stderr.read()
            time.sleep(0.1)
        name = begun[0].split("/")[1]
        [killed] = [worker for worker, disk in zip(workers, ("one", "two"), strict=True)
                    if (tmp_path / disk / "runs" / name).exists()]  # fmt: skip
        for child in psutil.Process(killed.pid).children(recursive=True):
            child.send_signal(signal.SIGKILL)  # a machine takes everything with it
        killed.kill()
        _, errors = going.communicate(timeout=300)
    assert going.returncode == 0, errors
    assert not list(sweep.folder.glob("*/config.json"))  # nothing came to this disk but the results
    for run in sweep.runs(sweep.read_notebook()):
        copy = ep.Run(f"{mirror}/{run.name}")
        assert copy.status == "completed" and copy.summary["notebook"] == "executed"
        assert f"runs/{run.name}/notebook.ipynb" in keys(bucket)
        whole = ep.train(copy.config.model_copy(update={"mirror": ""}), tmp_path / "whole" / run.name)
        assert copy.history()["loss/total"].tolist() == whole.history()["loss/total"].tolist()
    assert ep.Run(f"{mirror}/{name}").summary["generation"] == 1
    again = subprocess.run([command, "sweep", file], capture_output=True, text=True)
    assert again.returncode == 0 and "best by error/displacement" in again.stdout


def keys(bucket):  # noqa: F811
    """The names of all that is in the store."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    return list(s3_backends[DEFAULT_ACCOUNT_ID]["global"].buckets[bucket.name].keys.keys())
