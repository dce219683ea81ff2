"""Workers that see neither each other's disk nor this one, through an S3 store over HTTP; one of them is killed."""

import subprocess
import time

import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.batch import Plan, Sweep
from tests.headless import DaskProcesses, kill_all

pytestmark = pytest.mark.slow


@pytest.fixture
def two_machines(tmp_path):
    """A scheduler, and two workers: each has a disk of its own, as $SCRATCH tells it."""
    disks = [tmp_path / name for name in ("one", "two")]
    for disk in disks:
        disk.mkdir()
    started = DaskProcesses(tmp_path, disks, scratch=True)
    yield started, disks
    started.close()


def test_a_run_whose_worker_is_killed_goes_on_elsewhere_from_its_copy(
    bucket, two_machines, write_sweep, command, tmp_path
):
    dask, disks = two_machines
    mirror = f"s3://{bucket.name}/runs"
    long = {"mirror": mirror, "steps": 3000, "checkpoint_every": 100, "validate_every": 100}
    cluster = {"scheduler": dask.address, "directory": "$SCRATCH/runs"}
    file = write_sweep(parameters=long, seeds=[0, 1], cluster=cluster)
    plan = Plan.of(Sweep.read(file))
    with subprocess.Popen([command, "sweep", file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as going:
        while not (begun := [key for key in keys(bucket) if "step-000000200-" in key]):
            assert going.poll() is None, going.stderr.read()
            time.sleep(0.1)
        name = begun[0].split("/")[1]
        [killed] = [worker for worker, disk in zip(dask.workers, disks, strict=True) if (disk / "runs" / name).exists()]
        kill_all(killed.pid)
        _, errors = going.communicate(timeout=300)
    assert going.returncode == 0, errors
    assert not list(plan.sweep.folder.glob("*/config.json"))  # nothing came to this disk but the results
    for run in plan.runs:
        copy = ep.Run(f"{mirror}/{run.name}")
        assert copy.status == "completed" and copy.summary.notebook == "executed"
        assert f"runs/{run.name}/notebook.ipynb" in keys(bucket)
        whole = ep.train(copy.config.model_copy(update={"mirror": ""}), tmp_path / "whole" / run.name)
        assert copy.history()["loss/total"].tolist() == whole.history()["loss/total"].tolist()
    assert ep.Run(f"{mirror}/{name}").summary.generation == 1
    again = subprocess.run([command, "sweep", file], capture_output=True, text=True)
    assert again.returncode == 0 and "best by error/displacement" in again.stdout


def keys(bucket):
    """The names of all that is in the store."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    return list(s3_backends[DEFAULT_ACCOUNT_ID]["global"].buckets[bucket.name].keys.keys())
