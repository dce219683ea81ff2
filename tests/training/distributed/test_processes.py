"""Several processes train as one does, and the loss of one costs no more than the steps since the last checkpoint.

Most are forked from this one, which is quick, with the environment that torchrun gives its own.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.networks.batch import Batch
from elastic_pinn.storage import read_snapshot
from elastic_pinn.training.distributed.processes import Processes
from tests.faults.children import ended, forked
from tests.storage.sameness import same

ALUMINIUM = Path(__file__).parents[3] / "data" / "aluminium_receivers.h5"
SMALL = {
    "steps": 20,
    "hidden_layers": [8, 8],
    "precision": "float64",
    "interior_points": 21,  # odd: the shares are not equal
    "boundary_points": 9,
    "initial_points": 1,  # one process has none of them
    "validation_points": 16,
    "validate_every": 5,
    "checkpoint_every": 5,
    "keep_every": 1,
    "threads": 1,
    "log_level": "warning",
}
INVERSE = {name: value for name, value in SMALL.items() if name != "boundary_points"} | {
    "problem": "receivers", "data": str(ALUMINIUM), "unknowns": ["lambda", "mu"], "activation": "sin",
}  # fmt: skip
ADAM = SMALL | {"resample_every": 5, "learning_rate": 0.01}  # fresh points right after a checkpoint
LBFGS = INVERSE | {"stages": ["lbfgs"]}
MISFITS = INVERSE | {
    "stages": ["last_layer", "variable_projection", "levenberg_marquardt"], "stage_steps": [1, 2], "steps": 5,
}  # fmt: skip
UNIFORM = ADAM | {"sampling": "uniform"}
TRAINED = {
    "adam": [ADAM],
    "r3 and relobralo": [ADAM | {"resampling": "r3", "balancing": "relobralo", "balance_every": 3}],
    "lbfgs": [LBFGS],
    "weights of points": [SMALL | {"learning_rate": 0.01, "balancing": "attention", "balance_every": 4}],
    "restarts": [SMALL | {"stages": ["lbfgs"], "restart_every": 4, "balancing": "relobralo"}],
    "misfits": [MISFITS],
    "adaptive activation": [LBFGS | {"input_frequency": 2.0, "adaptive_activation": True}],
    "resumed with fewer points": [UNIFORM | {"steps": 10}, UNIFORM | {"interior_points": 12}],
}
"""The configs of each run's parts."""


def rank() -> int:
    return int(os.environ["RANK"])


def two_processes(work: Callable[[], object], folder: Path) -> list[int]:
    """The numbers of the two processes of a run that do some work, left in a folder too; they exit with 1 if it
    raised."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "TORCHELASTIC_RUN_ID": "test", "WORLD_SIZE": "2"}

    def of_rank(number: int) -> None:
        os.environ |= told | {"RANK": str(number)}
        (folder / f"pid.{number}").write_text(str(os.getpid()))
        work()

    return [forked(partial(of_rank, number)) for number in range(2)]


def kill(folder: Path, number: int, by: signal.Signals) -> None:
    os.kill(int((folder / f"pid.{number}").read_text()), by)


def at_step(step: int, act: Callable[[], None]) -> ep.Control:
    """A control that does something after a step."""
    return ep.Control(lambda row: act() if row["step"] == step else None)


def raising(error: Exception, of: int) -> Callable[..., dict]:
    """What raises in one of the processes, and gives the losses of no point in the other."""

    def work(*args: object) -> dict:
        if rank() == of:
            raise error
        return {"total": torch.zeros((), requires_grad=True)}

    return work


def notes(train: Callable[[], ep.Run], folder: Path) -> list[str]:
    """How a call of train() ended in each of two processes."""

    def noted() -> None:
        try:
            note = train().status
        except Exception as error:
            note = f"{type(error).__name__}: {error}"
        (folder / f"note.{rank()}").write_text(note)

    assert [ended(child) for child in two_processes(noted, folder)] == [0, 0]
    return [(folder / f"note.{number}").read_text() for number in range(2)]


def state_at(run: ep.Run, step: int, generation: int) -> tuple:
    """Everything but the history that a checkpoint holds."""
    snapshot = read_snapshot(run.path / "checkpoints" / f"step-{step:09d}-g{generation:03d}.h5")
    return snapshot.weights, snapshot.state


def in_parts(folder: Path, name: str) -> ep.Run:
    """One of the experiments."""
    runs = [ep.train(ep.Config(**config), folder / name, resume="auto") for config in TRAINED[name]]
    return runs[-1]


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A folder with what two processes made of the experiments, and of some cut in the middle."""
    folder = tmp_path_factory.mktemp("two")
    ep.train(ep.Config(**LBFGS | {"steps": 10}), folder / "one then two")

    def work() -> None:
        for name in TRAINED:
            run = in_parts(folder, name)
            (folder / f"{name}.{rank()}").write_text(f"{run.status}, {len(run.history())} steps")
        ep.train(ep.Config(**ADAM | {"steps": 10}), folder / "cut")
        ep.train(ep.Config(**ADAM), folder / "cut", resume="auto")
        ep.train(ep.Config(**LBFGS | {"steps": 10}), folder / "two then one")
        ep.train(ep.Config(**LBFGS), folder / "one then two", resume="auto")

    assert [ended(child) for child in two_processes(work, folder)] == [0, 0]
    return folder


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> dict[str, ep.Run]:
    """The same experiments by one process."""
    folder = tmp_path_factory.mktemp("one")
    return {name: in_parts(folder, name) for name in TRAINED}


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAINED)
def test_two_processes_have_the_losses_and_the_material_of_one(trained, alone, name):
    two, one = ep.Run(trained / name).history(), alone[name].history()
    columns = [column for column in one if column not in ("wall_s", "grad_norm")]
    assert list(two) == list(one)
    assert len(two) == TRAINED[name][-1]["steps"]
    np.testing.assert_allclose(two[columns], one[columns], rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAINED)
def test_at_the_first_step_they_differ_by_rounding_of_a_sum_only(trained, alone, name):
    two, one = ep.Run(trained / name).history().iloc[0], alone[name].history().iloc[0]
    losses = [column for column in one.index if column.startswith("loss/") and column != "loss/validation"]
    np.testing.assert_allclose(two[[*losses, "grad_norm"]], one[[*losses, "grad_norm"]], rtol=1e-14)


@pytest.mark.slow
def test_summary_environment_and_checkpoint_tell_the_number_of_processes(trained):
    run = ep.Run(trained / "adam")
    assert run.summary.processes == 2
    assert json.loads((run.path / "environment.json").read_text())["processes"] == 2
    assert read_snapshot(run.latest().path).attributes["processes"] == 2


@pytest.mark.slow
def test_both_processes_get_the_run(trained):
    assert [(trained / f"adam.{number}").read_text() for number in range(2)] == ["completed, 20 steps"] * 2


@pytest.mark.slow
def test_two_processes_resumed_by_two_go_on_to_the_last_bit(trained):
    whole, cut = (ep.Run(trained / name).history().drop(columns="wall_s") for name in ("adam", "cut"))
    assert whole.equals(cut)
    assert ep.Run(trained / "cut").summary.no_longer_bitwise == []


@pytest.mark.slow
def test_two_processes_go_on_from_just_the_state_that_one_left(trained, alone):
    run = ep.Run(trained / "one then two")
    assert same(state_at(run, 10, 1), state_at(run, 10, 0))
    np.testing.assert_allclose(run.history()["loss/total"], alone["lbfgs"].history()["loss/total"], rtol=1e-9)
    [told] = run.summary.no_longer_bitwise
    assert told.startswith("step 10: number of processes: 1 -> 2")


@pytest.mark.slow
def test_one_process_goes_on_from_just_the_state_that_two_left(trained, alone):
    run = ep.train(ep.Config(**LBFGS), trained / "two then one", resume="auto")
    assert same(state_at(run, 10, 1), state_at(run, 10, 0))
    np.testing.assert_allclose(run.history()["loss/total"], alone["lbfgs"].history()["loss/total"], rtol=1e-9)
    assert run.summary.processes == 1
    ep.train(ep.Config(**LBFGS | {"steps": 21}), run.path, resume="auto")
    [told] = run.summary.no_longer_bitwise  # for good, and said once
    assert told.startswith("step 10: number of processes: 2 -> 1")


@pytest.mark.slow
def test_an_error_ends_both_processes_with_the_same_words(trained, tmp_path):
    used, other = notes(lambda: ep.train(ep.Config(**ADAM), trained / "adam"), tmp_path)
    assert used == other
    assert used.startswith("RunDirectoryError: ") and "already holds a run" in used
    explosive = ep.Config(**SMALL | {"stages": ["sgd"], "learning_rate": 1e30})
    diverged, other = notes(lambda: ep.train(explosive, tmp_path / "run"), tmp_path)
    assert diverged == other
    assert diverged.startswith("DivergedError: step ") and "the last good checkpoint is " in diverged
    assert ep.Run(tmp_path / "run").summary.status == "failed"


def test_an_error_of_the_leader_is_heard_before_the_first_step_too(tmp_path, monkeypatch):
    monkeypatch.setattr("elastic_pinn.training.lifecycle.trainer.Record", raising(OSError("no space left"), of=0))
    told = notes(lambda: ep.train(ep.Config(**ADAM), tmp_path / "run"), tmp_path)
    assert told == ["OSError: no space left", "OSError: no space left"]


@pytest.mark.parametrize("number", [0, 1], ids=["leader", "worker"])
def test_an_error_in_the_midst_of_an_evaluation_ends_both_processes(tmp_path, monkeypatch, number):
    monkeypatch.setattr("elastic_pinn.training.losses.Loss.__call__", raising(MemoryError("too large"), of=number))
    told = notes(lambda: ep.train(ep.Config(**ADAM), tmp_path / "run"), tmp_path)
    assert told[number] == "MemoryError: too large"
    assert told[1 - number].startswith("LostProcessError: another process of this run is gone")


def test_processes_that_were_given_different_things_are_refused(waves, tmp_path):
    def of_another_seed() -> ep.Run:
        return ep.train(ep.Config(**ADAM | {"seed": rank()}), tmp_path / "run")

    def of_another_density() -> ep.Run:
        return ep.train(ep.Config(**ADAM), tmp_path / "run", waves(material=ep.Material(2.0, 1.0, 1.0 + rank())))

    first, second = notes(of_another_seed, tmp_path)
    assert first == "ConfigError: process 1 was given another seed than process 0: give all the same"
    assert second == "ConfigError: process 0 was given another seed than process 1: give all the same"
    first, _ = notes(of_another_density, tmp_path)
    assert first == "ConfigError: process 1 was given another problem than process 0: give all the same"
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("victim", [0, 1], ids=["leader", "worker"])
def test_a_killed_process_ends_the_run_with_its_last_checkpoint(tmp_path, victim):
    def kill_once_saved() -> None:
        while ep.Run(tmp_path / "run").latest().step < 5:
            time.sleep(0.01)
        kill(tmp_path, victim, signal.SIGKILL)

    def work() -> None:
        ep.train(ep.Config(**ADAM), tmp_path / "run", control=at_step(7, kill_once_saved))

    ends = [ended(child) for child in two_processes(work, tmp_path)]
    assert ends == [1 if number != victim else -signal.SIGKILL for number in range(2)]
    run = ep.Run(tmp_path / "run")
    assert (run.status, run.latest().step) == ("failed" if victim else "stopped", 5)
    if victim:  # else nobody was left to say so
        assert run.summary.reason.startswith("LostProcessError: another process of this run is gone")
        assert run.summary.reason.endswith(f"; the last good checkpoint is {run.latest().path}")
    resumed = ep.train(ep.Config(**ADAM), run.path, resume="auto")
    assert (resumed.status, resumed.history()["step"].tolist()) == ("completed", list(range(1, 21)))


def test_a_signal_to_all_processes_stops_the_run_with_a_checkpoint_and_then_ends_them(tmp_path):
    def signal_all() -> None:
        for number in range(2):
            kill(tmp_path, number, signal.SIGTERM)

    def work() -> None:
        ep.train(ep.Config(**ADAM), tmp_path / "run", control=at_step(7, signal_all))

    assert [ended(child) for child in two_processes(work, tmp_path)] == [-signal.SIGTERM, -signal.SIGTERM]
    run = ep.Run(tmp_path / "run")
    assert (run.status, run.summary.reason, run.latest().step) == ("stopped", "asked to stop by SIGTERM", 7)


@pytest.mark.slow
def test_a_users_script_runs_under_torchrun_as_it_is(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(f"import elastic_pinn as ep\nep.train(ep.Config(**{ADAM}), {str(tmp_path / 'run')!r})\n")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    done = subprocess.run(torchrun, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert ep.Run(tmp_path / "run").summary.processes == 2


def test_parts_of_a_batch_are_all_of_it():
    batch = Batch(torch.arange(21.0).view(7, 3), torch.arange(14.0).view(7, 2), torch.zeros(0, 2))
    parts = [batch.part(number, 3) for number in range(3)]
    assert torch.equal(torch.cat([part.points for part in parts]), batch.points)
    assert torch.equal(torch.cat([part.target for part in parts]), batch.target)
    assert [(len(part.points), part.n_remote) for part in parts] == [(3, 4), (2, 5), (2, 5)]


def test_a_process_alone_shares_and_adds_nothing():
    alone, batches, terms, gradients = Processes(), {}, {}, []
    assert alone.share(batches) is batches
    assert alone.sum(terms, gradients) == (terms, gradients)
    assert not (alone.is_worker or alone.has_workers)
