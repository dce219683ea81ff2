"""A sweep of six runs of the forward notebook by the command, of which two diverge."""

import json
import re
import subprocess
from pathlib import Path

import h5py
import pandas as pd
import pytest
from typer.testing import CliRunner

import elastic_pinn as ep
from elastic_pinn.workbench.batch import Sweep
from elastic_pinn.workbench.cli import app

pytestmark = pytest.mark.slow

FORWARD = str(Path(__file__).parents[3] / "notebooks" / "01_forward.ipynb")
MLP = {"network": "mlp", "stages": ["adam"], "precision": "float32"}


@pytest.fixture(scope="module")
def sweep_file(write_sweep):
    parameters = {**MLP, "threads": 1}
    return write_sweep(
        notebook=FORWARD, parameters=parameters, grid={"learning_rate": [1e-3, 1e-2, 1e30]}, seeds=[0, 1]
    )


@pytest.fixture(scope="module")
def done(sweep_file, command):
    """The sweep, run by the command."""
    return subprocess.run([command, "sweep", sweep_file], capture_output=True, text=True)


@pytest.fixture(scope="module")
def folder(sweep_file, done):
    return Sweep.read(sweep_file).folder


def test_a_run_that_fails_stops_no_other_and_the_exit_status_tells(done, folder):
    assert done.returncode == 1
    assert "2 of 6 runs failed" in done.stdout
    assert len(re.findall(r"^failed: learning_rate=1e\+30.*DivergedError", done.stdout, re.MULTILINE)) == 2
    status = {path.parent.name: ep.Run(path.parent).status for path in folder.glob("*/config.json")}
    assert len(status) == 6
    assert {name for name, each in status.items() if each == "failed"} == {name for name in status if "1e+30" in name}
    assert sum(each == "completed" for each in status.values()) == 4


def test_each_run_is_whole_with_its_executed_notebook_and_figures(folder, done):
    [run, *_] = sorted(folder.glob("learning_rate=0.01*"))
    assert {path.stem for path in (run / "figures").iterdir()} == {"loss_curves", "snapshots", "error_map", "error"}
    assert json.loads((run / "summary.json").read_text())["notebook"] == "executed"


def test_a_run_of_a_sweep_is_the_same_as_training_by_a_script(folder, done, tmp_path):
    [run, *_] = sorted(folder.glob("learning_rate=0.01*"))
    there = ep.Run(run)
    here = ep.train(there.config, tmp_path / "script")
    assert here.history().drop(columns="wall_s").equals(there.history().drop(columns="wall_s"))


def test_the_progress_and_the_table_name_the_best_run_by_medians_over_seeds(done, folder):
    errors = {path.parent.name: ep.Run(path.parent) for path in folder.glob("learning_rate=0*/config.json")}
    errors = {name: run.latest().metrics["error/displacement"] for name, run in errors.items()}
    best = min(errors, key=errors.get)
    assert f"best by error/displacement: {best}" in done.stdout
    assert re.search(r"6 of 6 runs, 2 failed, [\dhmins ]+ so far", done.stderr), done.stderr


def test_the_results_hold_configs_metrics_and_histories(done, folder):
    table = pd.read_csv(folder / "sweep.csv", index_col="run")
    lengths = {name: len(ep.Run(folder / name).history()) for name in table.index}
    with h5py.File(folder / "sweep.h5") as file:
        names = [name.decode() for name in file["runs/run"][:]]
        assert names == list(table.index)
        assert list(file["runs/learning_rate"]) == [1e-3, 1e-3, 1e-2, 1e-2, 1e30, 1e30]
        for at, name in enumerate(names):
            run = ep.Run(folder / name)
            assert ep.Config.from_json(file["runs/config"][at].decode()) == run.config
            assert file["runs/status"][at].decode() == run.status
            assert len(file[f"histories/{name}/step"]) == lengths[name]
            if run.status == "completed":
                assert file["runs/error:displacement"][at] == run.latest().metrics["error/displacement"]
        assert list(file["over_seeds/runs"]) == [2, 2]
        median = table[table["status"] == "completed"].groupby("learning_rate")["error/displacement"].median()
        assert sorted(file["over_seeds/median"]) == sorted(median)


def test_the_same_command_again_trains_nothing(done, folder, sweep_file, command):
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*/checkpoints/*")}
    again = subprocess.run([command, "sweep", sweep_file], capture_output=True, text=True)
    assert again.returncode == 1
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*/checkpoints/*")} == before


def test_status_tells_how_a_sweep_stands(done, folder):
    told = CliRunner().invoke(app, ["status", str(folder)])
    assert told.exit_code == 0
    assert told.output.splitlines()[0] == "6 runs: 4 completed, 2 failed"
    assert told.output.count("DivergedError") == 2


def test_a_preview_tells_what_would_run_from_what_was_learnt(done, sweep_file):
    told = CliRunner().invoke(app, ["sweep", str(sweep_file), "--dry-run"])
    assert "6 runs of" in told.output and "4 of them completed" in told.output
    assert "nothing is left to run; nothing was started" in told.output
