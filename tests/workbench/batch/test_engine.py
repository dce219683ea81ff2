"""What becomes of the runs of a sweep, by workers in this very process."""

import errno
import gc
import subprocess
import threading
import warnings
from collections import deque
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from distributed import KilledWorker, LocalCluster
from pandas.testing import assert_frame_equal
from typer.testing import CliRunner

import elastic_pinn as ep
from elastic_pinn.storage import locked
from elastic_pinn.training.lifecycle.record import amend_summary
from elastic_pinn.workbench.batch import Plan, Sweep, SweepError, engine, headless, jobs
from elastic_pinn.workbench.batch import cluster as clusters
from elastic_pinn.workbench.batch.engine import run_sweep
from elastic_pinn.workbench.batch.supervisor import Supervisor
from elastic_pinn.workbench.batch.sweep_config import Cluster
from elastic_pinn.workbench.cli import app
from tests.headless import write_notebook

# Jupyter keeps an event loop for each thread that runs notebooks, which here goes with the thread, and complains.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]

PATIENCE_S = 120  # for what comes as soon as the machine gets to it
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


def test_a_run_that_was_cut_short_goes_on_to_the_same_history(read, tmp_path):
    plan = read(seeds=[0, 1])
    first, _ = plan.runs
    config = plan.notebook.config(first.parameters)
    whole = ep.train(config, tmp_path / "whole").history()
    control = ep.Control(on_step=lambda row: control.stop() if row["step"] == 17 else None)
    ep.train(config, plan.sweep.folder / first.name, control=control)
    assert run_sweep(plan).done == 2
    run = ep.Run(plan.sweep.folder / first.name)
    # Up to rounding: in this process and in a kernel its order may differ. test_exact_resume.py compares bits.
    assert_frame_equal(run.history().drop(columns="wall_s"), whole.drop(columns="wall_s"), rtol=1e-3)
    assert run.latest().step == 40


def test_a_stop_ends_what_runs_with_a_checkpoint_and_begins_nothing_more(read):
    many = {"network": "mlp", "stages": ["adam"], "steps": 100_000, "validate_every": 100}
    plan = read(notebook=FORWARD, seeds=[0, 1], parameters=many)
    stop = threading.Event()

    def watch(progress):
        summaries = list(plan.sweep.folder.glob("*/summary.json"))
        if summaries and ep.Run(summaries[0].parent).summary.step >= 10:
            stop.set()

    progress = run_sweep(plan, on_progress=watch, stop=stop)
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
    assert run_sweep(plan, on_progress=watch).done == 1
    before, paused, after = said
    assert "has 0 MB left" in paused and before == after == ""


def test_a_kernel_that_always_dies_fails_its_run_and_no_other(read, training_notebook):
    deadly = training_notebook("import os\nos._exit(1) if config.seed == 1 else None")
    progress = run_sweep(read(notebook=deadly, seeds=[0, 1]))
    assert (progress.done, progress.failed) == (1, 1)
    [row] = [row for row in progress.rows.values() if row["status"] == "failed"]
    assert "kernel died" in row["reason"]


def test_a_run_that_fails_before_its_training_begins_is_failed_with_its_reason(read):
    plan = read(parameters={"init_from": "nowhere.h5"})
    for _ in range(2):  # the second time by what is on the disk
        progress = run_sweep(plan)
        [row] = progress.rows.values()
        assert row["status"] == "failed" and "nowhere.h5" in row["reason"]


OF_RECEIVERS = {"problem": "receivers", "boundary_points": None}  # receivers have no sides


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"device": "cuda:5"}, "cuda:5': this machine has no such device"),
        ({"problem": "own", "device": "cuda:5"}, "cuda:5': this machine has no such device"),
        (OF_RECEIVERS | {"data": "nowhere.h5"}, "nowhere.h5"),
        (OF_RECEIVERS | {"data": "data/aluminium_receivers.h5", "unknowns": ["rho"]}, "rho"),
    ],
)
def test_what_this_machine_cannot_do_is_refused_before_any_run_begins(read, parameters, fault):
    plan = read(parameters=parameters)
    with pytest.raises(SweepError, match=f"the run .*{plan.runs[0].name}.* is not possible here: .*{fault}"):
        run_sweep(plan)
    assert not plan.sweep.folder.exists()  # nor does it hold a sweep file, of which "status" would tell


def test_a_problem_of_ones_own_is_not_looked_for_in_the_config(read):
    plan = read(parameters={"problem": "own"})
    plan.require_possible(plan.runs)


def test_a_run_that_is_completed_is_not_asked_whether_it_were_possible(read, monkeypatch):
    plan = read(seeds=[0, 1])
    run_sweep(replace(plan, runs=plan.runs[:1]))
    asked = []
    monkeypatch.setattr(Plan, "require_possible", lambda self, runs: asked.extend(runs))
    run_sweep(plan)
    assert asked == plan.runs[1:]


def test_a_run_whose_kernel_dies_again_and_again_is_completed_as_long_as_it_gets_ahead(read, tmp_path):
    source = """import os
seen = []
def die(row):
    seen.append(row)
    if len(seen) == 8:
        os._exit(1)
"""
    setting = "import elastic_pinn as ep\nconfig = ep.Config.from_namespace(globals())\n" + source
    training = "run = ep.train(config, run_dir, resume=resume, control=ep.Control(die))"
    deadly = write_notebook(tmp_path / "deadly.ipynb", "run_dir = ''\nresume = 'never'", setting, training)
    plan = read(notebook=deadly, parameters={"checkpoint_every": 1})
    assert run_sweep(plan).done == 1
    assert ep.Run(plan.sweep.folder / plan.runs[0].name).summary.generation > jobs.MAX_TRIES


def test_a_run_whose_workers_die_is_sent_again_as_long_as_it_gets_ahead(read):
    plan = read()
    [planned] = plan.runs
    rows = {planned.name: {"run": planned.name, "status": "queued"}}
    dispatch = engine._Dispatch(plan, Mock(), deque(), engine.SweepProgress(rows))
    died = Mock(**{"cancelled.return_value": False, "exception.return_value": KilledWorker("run", None, 3)})

    def lose():
        dispatch._sent[died] = planned
        dispatch._ended = Mock(**{"next_batch.return_value": [died]})
        dispatch._collect()
        return [dispatch._waiting.popleft().name] if dispatch._waiting else []

    for steps in (5, 10):
        ep.train(plan.notebook.config(planned.parameters).model_copy(update={"steps": steps}),
                 plan.sweep.folder / planned.name, resume="auto")  # fmt: skip
        amend_summary(plan.sweep.folder / planned.name, {"status": "running"})
        assert lose() == [planned.name]
    assert lose() == [] and dispatch._progress.rows[planned.name]["status"] == "failed"


def test_a_copy_that_cannot_be_made_is_told_and_fails_no_run(read, monkeypatch):
    monkeypatch.setattr(jobs, "send_to_mirror", Mock(side_effect=TimeoutError("the store is away")))
    progress = run_sweep(read())
    [row] = progress.rows.values()
    assert (
        row["status"] == "completed" and "not copied to the mirror (TimeoutError: the store is away)" in row["reason"]
    )


def test_a_disk_that_fills_up_in_the_middle_of_a_run_pauses_the_sweep(read, monkeypatch):
    run, said = headless.run_notebook, []

    def full_once(*arguments, **named):
        monkeypatch.setattr(headless, "run_notebook", run)
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(engine, "PAUSE_S", 0.5)
    monkeypatch.setattr(headless, "run_notebook", full_once)
    assert run_sweep(read(), on_progress=lambda progress: said.append(progress.paused)).done == 1
    assert any("Disk quota exceeded" in each for each in said)


def test_a_run_that_is_lost_when_it_was_completed_stays_so(read, monkeypatch):
    plan = read()
    assert run_sweep(plan).done == 1
    dispatch = engine._Dispatch(plan, Mock(), deque(), engine.SweepProgress({}))
    assert dispatch._lost_row(plan.runs[0], RuntimeError("its worker is gone"))["status"] == "completed"


def test_without_workers_the_sweep_waits_and_says_so(read, monkeypatch):
    made, said = [], []

    def empty(workers):
        cluster = LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0", protocol="tcp")
        made.append(cluster)
        return cluster

    def watch(progress):
        if progress.paused and not said:
            said.append(progress.paused)
            made[0].scale(1)

    monkeypatch.setattr(clusters, "_local", empty)
    assert run_sweep(read(), on_progress=watch).done == 1
    assert "there are no workers" in said[0]


def test_a_stop_ends_the_runs_of_its_own_sweep_only(monkeypatch):
    mine, other = Supervisor(), Supervisor()
    monkeypatch.setattr(jobs, "_running", {("mine", "a"): mine, ("other", "a"): other})
    assert jobs.stop_all("mine") == ["a"]
    assert mine.reason and not other.reason


def test_on_a_file_system_without_locks_nobody_is_waited_for(tmp_path, monkeypatch):
    (tmp_path / ".lock").touch()
    monkeypatch.setattr("fcntl.flock", Mock(side_effect=OSError(errno.ENOLCK, "No locks available")))
    assert jobs.owner_of(tmp_path) == ""


def test_runs_that_were_cut_short_are_told_and_the_exit_status_says_so(write_sweep):
    file = write_sweep(parameters={"steps": 1_000_000, "time_limit": 0.5}, workers=1)
    done = CliRunner().invoke(app, ["sweep", str(file)])
    assert done.exit_code == 1 and "1 of 1 runs were interrupted" in done.output


def test_a_cell_that_fails_after_training_fails_the_run(read, training_notebook):
    progress = run_sweep(read(notebook=training_notebook("1 / 0")))
    [row] = progress.rows.values()
    assert row["status"] == "failed" and "ZeroDivisionError" in row["reason"]


def test_a_run_in_the_hands_of_another_process_is_waited_for(read, monkeypatch):
    plan = read()
    [planned] = plan.runs
    held, looks, really = threading.Event(), threading.Semaphore(0), jobs.owner_of
    monkeypatch.setattr(jobs, "owner_of", lambda folder: (looks.release(), really(folder))[1])
    seen = []

    def hold():
        with locked(plan.sweep.folder / planned.name):
            held.set()
            seen.extend(looks.acquire(timeout=PATIENCE_S) for _ in range(3))
            seen.append(len(list((plan.sweep.folder / planned.name).iterdir())))

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(PATIENCE_S)
    assert run_sweep(plan).done == 1
    holder.join()
    assert seen == [True, True, True, 1]  # nothing but the lock: the sweep looked thrice, and did nothing there


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
    monkeypatch.setattr("dask_jobqueue.JobQueueCluster.adapt", lambda self, **wanted: asked.append(wanted))
    monkeypatch.setattr(clusters.shutil, "which", lambda command: f"/usr/bin/{command}")
    options = {"queue": "night", "cores": 4, "processes": 4, "memory": "8GB", "walltime": "01:00:00"}
    options |= {"ncpus": 4, "mem": 8_000_000_000} if kind == "lsf" else {}
    with clusters._jobqueue(Cluster(jobqueue=kind, options=options), 7) as made:
        assert line in made.job_script() and "distributed.cli.dask_worker" in made.job_script()
    assert asked == [{"minimum": 7, "maximum": 7}]


def test_a_batch_system_that_is_not_there_is_named():
    with pytest.raises(SweepError, match="jobqueue slurm needs the command sbatch"):
        clusters._jobqueue(Cluster(jobqueue="slurm", options={"cores": 1, "memory": "1GB"}), 1)
