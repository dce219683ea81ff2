"""What becomes of the runs of a sweep, by workers in this very process."""

import gc
import subprocess
import threading
import time
import warnings
from pathlib import Path

import pytest
from distributed import LocalCluster

import elastic_pinn as ep
from elastic_pinn.storage import locked
from elastic_pinn.workbench.batch import Plan, Sweep, SweepError, engine, jobs
from elastic_pinn.workbench.batch import cluster as clusters
from elastic_pinn.workbench.batch.engine import run_sweep
from elastic_pinn.workbench.batch.sweep import Cluster

# Jupyter keeps an event loop for each thread that runs notebooks, which here goes with the thread, and complains.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

FORWARD = str(Path(__file__).parents[3] / "notebooks" / "01_forward.ipynb")


@pytest.fixture(autouse=True)
def workers_here(monkeypatch):
    """Workers are threads of this process, so that a test can change what they see."""

    def local(workers):
        options = {"processes": False, "dashboard_address": "127.0.0.1:0", "memory_limit": 0, "protocol": "tcp"}
        return LocalCluster(n_workers=workers, threads_per_worker=1, **options)

    monkeypatch.setattr(clusters, "_local", local)
    yield
    with warnings.catch_warnings():  # here, and not in whatever test comes later
        warnings.simplefilter("ignore")
        gc.collect()


@pytest.fixture
def read(write_sweep):
    """A function that gives the plan of a sweep of tiny runs, with some fields changed."""
    return lambda **fields: Plan.of(Sweep.read(write_sweep(workers=1, **fields)))


def test_two_sweeps_in_one_folder_are_refused(read):
    plan = read()
    with locked(plan.sweep.folder), pytest.raises(SweepError, match="in use by process"):
        run_sweep(plan)


def test_a_run_that_was_cut_short_goes_on_to_the_same_bits(read, tmp_path):
    plan = read(seeds=[0, 1])
    first, _ = plan.runs
    config = plan.notebook.config(first.parameters)
    whole = ep.train(config, tmp_path / "whole").history()
    control = ep.Control(on_step=lambda row: control.stop() if row["step"] == 17 else None)
    ep.train(config, plan.sweep.folder / first.name, control=control)
    assert run_sweep(plan).done == 2
    run = ep.Run(plan.sweep.folder / first.name)
    assert run.history().drop(columns="wall_s").equals(whole.drop(columns="wall_s"))
    assert run.latest().step == 40


def test_a_stop_ends_what_runs_with_a_checkpoint_and_begins_nothing_more(read):
    many = {"network": "mlp", "stages": ["adam"], "steps": 100_000, "validate_every": 100}
    plan = read(notebook=FORWARD, seeds=[0, 1], parameters=many)
    stop = threading.Event()

    def watch(progress):
        histories = list(plan.sweep.folder.glob("*/history.h5"))
        if histories and ep.Run(histories[0].parent).summary["step"] >= 10:
            stop.set()

    progress = run_sweep(plan, watch=watch, stop=stop)
    assert progress.done == progress.failed == 0
    [begun] = [ep.Run(path.parent) for path in plan.sweep.folder.glob("*/config.json")]
    assert (begun.status, begun.reason) == ("stopped", "asked to stop")
    assert begun.latest().step == len(begun.history()) >= 10


def test_a_run_beyond_the_time_limit_fails_with_a_checkpoint_and_goes_on_when_retried(read):
    plan = read(parameters={"steps": 20_000}, time_limit=8.0)
    assert run_sweep(plan).failed == 1
    [run] = [ep.Run(path.parent) for path in plan.sweep.folder.glob("*/config.json")]
    assert (run.status, run.reason) == ("failed", "time_limit of 8 s")
    reached = run.latest().step
    assert reached > 0
    assert run_sweep(plan).failed == 1  # not tried again unless that is asked for
    assert run.latest().step == reached
    run_sweep(plan, retry_failed=True)
    assert run.latest().step > reached


def test_a_full_disk_pauses_the_sweep_and_says_so(read, monkeypatch):
    plan, said, full = read(), [], [True]
    usage = jobs.shutil.disk_usage

    def disk_usage(path):
        return usage(path)._replace(free=0) if full[0] else usage(path)

    def watch(progress):
        if not progress.done and progress.paused not in said[-1:]:
            said.append(progress.paused)
        full[0] = full[0] and not progress.paused

    monkeypatch.setattr(engine, "PAUSE_S", 0.5)
    monkeypatch.setattr(jobs.shutil, "disk_usage", disk_usage)
    assert run_sweep(plan, watch=watch).done == 1
    before, paused, after = said
    assert "has 0 MB left" in paused and before == after == ""


def test_a_kernel_that_always_dies_fails_its_run_and_no_other(read, training_notebook):
    deadly = training_notebook("import os\nos._exit(1) if config.seed == 1 else None")
    progress = run_sweep(read(notebook=deadly, seeds=[0, 1]))
    assert (progress.done, progress.failed) == (1, 1)
    [row] = [row for row in progress.rows.values() if row["status"] == "failed"]
    assert "kernel died" in row["reason"]


def test_a_cell_that_fails_after_training_fails_the_run(read, training_notebook):
    progress = run_sweep(read(notebook=training_notebook("1 / 0")))
    [row] = progress.rows.values()
    assert row["status"] == "failed" and "ZeroDivisionError" in row["reason"]


def test_a_run_in_the_hands_of_another_process_is_waited_for(read):
    plan = read()
    [planned] = plan.runs
    seen = []

    def hold():
        with locked(plan.sweep.folder / planned.name):
            seen.append("held")
            time.sleep(6)
            seen.append(len(list((plan.sweep.folder / planned.name).iterdir())))

    holder = threading.Thread(target=hold)
    holder.start()
    while not seen:
        time.sleep(0.01)
    assert run_sweep(plan).done == 1
    holder.join()
    assert seen == ["held", 1]  # nothing but the lock: the sweep did nothing there meanwhile


def test_a_scheduler_that_does_not_answer_is_named(read, monkeypatch):
    monkeypatch.setattr(clusters, "CONNECT_S", 1.0)
    plan = read(cluster={"scheduler": "tcp://127.0.0.1:9"})
    with pytest.raises(SweepError, match=r"the scheduler at tcp://127.0.0.1:9 does not answer"):
        run_sweep(plan)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # what dask-jobqueue leaves half made complains when it goes
def test_options_that_a_batch_system_does_not_know_are_refused(read):
    with pytest.raises(SweepError, match="jobqueue slurm with options"):
        run_sweep(read(cluster={"jobqueue": "slurm", "options": {"no_such": 1}}))


def test_a_batch_system_runs_a_sweep(write_sweep, command):
    """dask-jobqueue's own stand-in for one, whose jobs are processes of this machine."""
    options = {"cores": 1, "processes": 1, "memory": "2GB"}
    file = write_sweep(cluster={"jobqueue": "local", "options": options}, workers=1)
    done = subprocess.run([command, "sweep", file], capture_output=True, text=True, cwd=file.parent)
    assert done.returncode == 0, done.stderr
    assert Sweep.read(file).folder.joinpath("sweep.h5").exists()


@pytest.mark.parametrize(
    ("kind", "line"), [("slurm", "#SBATCH -p night"), ("pbs", "#PBS -q night"), ("lsf", "#BSUB -q night")]
)
def test_a_batch_system_is_asked_for_workers_by_the_options_given(kind, line, monkeypatch):
    asked = []
    monkeypatch.setattr("dask_jobqueue.JobQueueCluster.scale", lambda self, workers: asked.append(workers))
    options = {"queue": "night", "cores": 4, "processes": 4, "memory": "8GB", "walltime": "01:00:00"}
    options |= {"ncpus": 4, "mem": 8_000_000_000} if kind == "lsf" else {}
    with clusters._jobqueue(Cluster(jobqueue=kind, options=options), 7) as made:
        assert line in made.job_script() and "distributed.cli.dask_worker" in made.job_script()
    assert asked[0] == 7  # and in the end for none
