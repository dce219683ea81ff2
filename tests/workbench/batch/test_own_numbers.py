"""A sweep over a number of a notebook's own problem, by the command, and what is made of its runs."""

import json
import subprocess
from pathlib import Path

import h5py
import pandas as pd
import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.run_table import runs_table
from tests.headless import write_notebook

pytestmark = pytest.mark.slow

MAKE = """
def make_problem(stiffness, is_known):
    exact = StandingWaves(2.0, stiffness, 1.0)
    square = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    return ep.Problem(square, ep.Material(2.0, stiffness, 1.0), (ep.Displacement(exact),), ep.Initial.of(exact),
                      exact=exact if is_known else None)
"""
DECLARE = """
import elastic_pinn as ep
from elastic_pinn.physics.solutions import StandingWaves

config = ep.Config.from_namespace(globals(), own={"stiffness": float, "is_known": bool})
"""
TRAIN = "run = ep.train(config, run_dir, problem=make_problem, resume=resume)"


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "own.ipynb"
    return write_notebook(
        path, "run_dir = ''\nresume = 'never'\nstiffness = 1.0\nis_known = True", DECLARE, MAKE, TRAIN
    )


@pytest.fixture(scope="module")
def sweep_file(write_sweep, notebook):
    return write_sweep(notebook=notebook, parameters={"steps": 4}, grid={"stiffness": [1, 2.5]}, workers=1)


@pytest.fixture(scope="module")
def folder(sweep_file, command) -> Path:
    subprocess.run([command, "sweep", sweep_file], check=True, capture_output=True, text=True)
    return sweep_file.parent / "runs"


def test_each_run_solves_the_problem_of_its_own_number(folder):
    runs = {run.config.stiffness: run for run in map(ep.Run, sorted(folder.glob("stiffness=*")))}
    assert [*runs] == [1.0, 2.5] and all(run.status == "completed" for run in runs.values())
    assert {stiffness: run.material()["mu"] for stiffness, run in runs.items()} == {1.0: 1.0, 2.5: 2.5}
    assert all(run.config.own == {"stiffness": stiffness, "is_known": True} for stiffness, run in runs.items())


def test_the_tables_have_a_column_for_it(folder):
    table = pd.read_csv(folder / "sweep.csv")
    assert table["stiffness"].tolist() == [1.0, 2.5] and table["material/mu"].tolist() == [1.0, 2.5]
    assert sorted(runs_table(folder)["stiffness"]) == [1.0, 2.5]
    with h5py.File(folder / "sweep.h5") as file:
        stored = [json.loads(text) for text in file["runs/config"].asstr()]
    assert [config["own"] for config in stored] == [{"stiffness": s, "is_known": True} for s in (1.0, 2.5)]


def test_the_same_command_again_trains_nothing(folder, sweep_file, command):
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*/summary.json")}
    subprocess.run([command, "sweep", sweep_file], check=True, capture_output=True, text=True)
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*/summary.json")} == before


def test_a_value_of_another_type_is_refused_before_anything_runs(write_sweep, notebook, command):
    wrong = write_sweep(notebook=notebook, grid={"stiffness": [1.0, "soft"]})
    done = subprocess.run([command, "sweep", wrong], capture_output=True, text=True)
    assert done.returncode and "stiffness = 'soft': a finite number is needed" in " ".join(done.stderr.split())
    assert not (wrong.parent / "runs").exists()


def test_a_run_is_resumed_from_the_command_line_with_the_same_number_only(folder, notebook, command):
    [place] = folder.glob("stiffness=2.5*")
    resume = [command, "run", notebook, f"run_dir={place}", "resume=auto", "steps=6", "hidden_layers=[6]"]
    few = ["interior_points=20", "boundary_points=8", "initial_points=8", "validation_points=10", "validate_every=10"]
    other = subprocess.run([*resume, *few, "stiffness=2.5", "is_known=false"], capture_output=True, text=True)
    assert other.returncode and "is_known: True -> False" in " ".join(other.stderr.split())
    subprocess.run([*resume, *few, "stiffness=2.5"], check=True, capture_output=True, text=True)
    assert ep.Run(place).summary.step == 6
