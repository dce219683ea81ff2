"""What a sweep file means, and what is refused before anything runs."""

import json
import os
import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from elastic_pinn.storage import locked
from elastic_pinn.workbench.batch import Notebook, Plan, Sweep, SweepError
from elastic_pinn.workbench.batch.estimate import seconds_left
from elastic_pinn.workbench.batch.results import best_of, keep_earlier_results, metric_of, table_of, write_results
from elastic_pinn.workbench.batch.status import SWEEP_FILE, status_rows
from tests.headless import write_notebook
from tests.physics.setups.plates import PLATE

FROM_NAMESPACE = "import elastic_pinn as ep\nconfig = ep.Config.from_namespace(globals())"
OF = {"notebook": "notebooks/01_forward.ipynb"}
WHERE = OF | {"directory": "runs/none"}


@pytest.fixture(scope="module")
def forward():
    return Notebook.read(Path(__file__).parents[3] / "notebooks" / "01_forward.ipynb")


def runs_of(notebook, **fields):
    """What a sweep comes to."""
    return Plan.of_notebook(Sweep(**WHERE, **fields), notebook).runs


def points(forward, **fields):
    """What the runs of a sweep differ in."""
    return [run.parameters for run in runs_of(forward, **fields)]


def test_a_grid_is_every_combination_times_each_seed(forward):
    found = points(forward, grid={"steps": [1, 2], "ridge": [1e-9, 1e-8]}, seeds=[0, 5])
    assert len(found) == 8
    assert {(run["steps"], run["ridge"], run["seed"]) for run in found} == {
        (steps, ridge, seed) for steps in (1, 2) for ridge in (1e-9, 1e-8) for seed in (0, 5)
    }


def test_a_list_is_a_run_for_each_item(forward):
    items = [{"steps": 1}, {"hidden_layers": [300], "steps": 2}]
    assert points(forward, list=items) == items


def test_the_table_of_a_list_shows_the_notebooks_own_values_where_an_item_gives_none(forward):
    plan = Plan.of_notebook(Sweep(**WHERE, list=[{"ridge": 1e-9}, {"hidden_layers": [300], "steps": 7}]), forward)
    table = table_of(plan, status_rows(plan))
    assert table["ridge"].tolist() == [1e-9, forward.parameters["ridge"]]
    assert table["steps"].tolist() == [forward.parameters["steps"], 7]
    assert table["hidden_layers"].tolist() == [str(forward.parameters["hidden_layers"]), "[300]"]


def test_the_best_run_has_the_least_error_true_or_estimated_and_else_the_least_loss():
    table = pd.DataFrame({
        "status": ["completed"] * 2, "loss/validation": [1.0, 2.0], "error/estimated": [0.2, 0.1],
        "error/displacement": [0.3, 0.4],
    }, index=["one", "two"])  # fmt: skip
    best = {"error/displacement": "one", "error/estimated": "two", "loss/validation": "one"}
    for metric, run in best.items():
        assert metric_of(Sweep(**WHERE), table) == metric and best_of(table, metric) == run
        assert metric_of(Sweep(**WHERE, metric="error/estimated"), table) in ("error/estimated", "")
        table = table.drop(columns=metric)


def test_a_material_may_be_varied_however_it_is_given(tmp_path):
    path = write_notebook(tmp_path / "own.ipynb", "run_dir = ''\nresume = 'never'", FROM_NAMESPACE)
    runs = [{"material": "steel"}, {"p_speed": 6e3, "s_speed": 3e3, "density": 2700.0}]
    plan = Plan.of(Sweep(notebook=str(path), directory=str(tmp_path / "runs"), list=runs))
    table = table_of(plan, status_rows(plan))
    assert table["material"].iloc[0] == "steel" and table["p_speed"].iloc[1] == 6e3
    assert table["material"].isna().tolist() == [False, True] == (~table["p_speed"].isna()).tolist()
    configs = [plan.notebook.config(run.parameters) for run in plan.runs]
    assert [config.lame_mu for config in configs] == [8e10, 2700.0 * 3e3**2]
    with pytest.raises(SweepError, match=r"the run .*material=.*: a material is given twice"):
        runs_of(plan.notebook, grid={"material": ["steel", "rubber"]}, parameters={"lame_mu": 3.0})


def test_a_list_for_an_own_number_is_a_run_for_each_item(tmp_path):
    own = FROM_NAMESPACE.replace("globals()", "globals(), own={'depth': float}")
    path = write_notebook(tmp_path / "own.ipynb", "run_dir = ''\nresume = 'never'\ndepth = 0.1", own)
    given = {"depth": [0.25, 0.5], "run_dir": str(tmp_path / "runs"), "steps": 3}
    sweep = Sweep.of_parameters(given | {"notebook": str(path)}, name="own")
    assert (sweep.grid, sweep.parameters) == ({"depth": [0.25, 0.5]}, {"steps": 3})
    plan = Plan.of(sweep)
    assert [run.name.rpartition("-")[0] for run in plan.runs] == ["depth=0.25", "depth=0.5"]
    assert table_of(plan, status_rows(plan))["depth"].tolist() == [0.25, 0.5]
    with pytest.raises(SweepError, match="the run depth=deep: depth = 'deep': a finite number is needed"):
        runs_of(plan.notebook, grid={"depth": ["deep"]})


def test_results_of_runs_that_are_no_longer_in_the_sweep_are_kept(forward, tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir()

    def plan(*steps):
        fields = {"notebook": WHERE["notebook"], "directory": str(folder), "grid": {"steps": steps}}
        return Plan.of_notebook(Sweep(**fields), forward)

    earlier = plan(1, 2)
    keep_earlier_results(earlier)  # there are none
    write_results(earlier, table_of(earlier, status_rows(earlier)))
    before = {path.suffix: path.read_bytes() for path in folder.iterdir()}
    keep_earlier_results(plan(1, 2, 3))
    assert {path.name for path in folder.iterdir()} == {"sweep.h5", "sweep.csv"}
    keep_earlier_results(plan(2, 3))
    assert all(re.fullmatch(r"sweep-\d{8}-\d{6}\.(h5|csv)", path.name) for path in folder.iterdir())
    assert {path.suffix: path.read_bytes() for path in folder.iterdir()} == before


def test_random_draws_lie_in_their_ranges_and_stay_when_more_are_asked_for(forward):
    parameters = {
        "ridge": {"log_uniform": [1e-12, 1e-6]},
        "input_frequency": {"uniform": [1.0, 3.0]},
        "steps": {"integers": [1, 4]},
        "hidden_layers": {"choice": [[100], [200]]},
    }
    few, more = (points(forward, random={"count": count, "seed": 3, "parameters": parameters}) for count in (20, 40))
    assert more[:20] == few
    assert all(1e-12 <= run["ridge"] <= 1e-6 and 1.0 <= run["input_frequency"] <= 3.0 for run in more)
    assert {run["steps"] for run in more} == {1, 2, 3, 4}
    assert {tuple(run["hidden_layers"]) for run in more} == {(100,), (200,)}
    assert sum(run["ridge"] < 1e-9 for run in more) in range(10, 31)  # as many below the middle decade as above


def test_what_all_runs_have_is_in_each(forward):
    assert points(forward, parameters={"ridge": 1e-9}, seeds=[1]) == [{"ridge": 1e-9, "seed": 1}]


def test_a_run_keeps_its_hash_whatever_else_the_sweep_asks_for(forward):
    one = runs_of(forward, grid={"steps": [1]})
    many = runs_of(forward, grid={"steps": [3, 1]}, parameters={"checkpoint_every": 7}, seeds=[0])
    assert one[0].name.rpartition("-")[2] in {run.name.rpartition("-")[2] for run in many}


def test_a_run_is_found_by_its_hash_however_its_values_were_told(forward, tmp_path):
    where = {"notebook": WHERE["notebook"], "directory": str(tmp_path)}
    [first] = Plan.of_notebook(Sweep(**where, grid={"steps": [3]}), forward).runs
    (tmp_path / first.name).mkdir()
    for told in ({"parameters": {"steps": 3}}, {"grid": {"steps": [3]}, "seeds": [forward.parameters["seed"]]}):
        assert [run.name for run in Plan.of_notebook(Sweep(**where, **told), forward).runs] == [first.name]


def test_what_is_varied_makes_another_run_even_if_it_should_change_no_result(forward):
    assert len({run.name.rpartition("-")[2] for run in runs_of(forward, grid={"threads": [1, 2]})}) == 2


def test_draws_that_come_twice_are_one_run(forward):
    drawn = {"count": 20, "parameters": {"steps": {"integers": [1, 4]}}}
    assert {run.parameters["steps"] for run in runs_of(forward, random=drawn)} == {1, 2, 3, 4}
    assert len(runs_of(forward, random=drawn)) == 4


def test_names_of_runs_tell_their_values_and_are_one_folder_each(forward):
    runs = runs_of(forward, grid={"hidden_layers": [[30, 20], [40]], "init_from": ["a/b c.h5"]})
    assert [run.name.rpartition("-")[0] for run in runs] == [
        "hidden_layers=30x20,init_from=a_b_c.h5",
        "hidden_layers=40,init_from=a_b_c.h5",
    ]


def test_a_sweep_file_is_read_as_people_write_it_and_written_as_it_is_read(tmp_path):
    path = tmp_path / "sweep.yaml"
    path.write_text("notebook: n.ipynb\ndirectory: runs/s\ngrid: {learning_rate: [1e-3, 1e-2]}\nseeds: [0, 1]\n")
    sweep = Sweep.read(path)
    assert sweep.grid == {"learning_rate": [0.001, 0.01]}
    path.write_text(sweep.to_yaml())
    assert Sweep.read(path) == sweep


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"grids": {}},
            "'grids' is not known; did you mean 'grid'. legal there: notebook, directory, parameters, grid, list",
        ),
        ({"grid": {"steps": []}}, r"steps: \[\] leaves nothing to run"),
        ({"grid": {"steps": [1]}, "list": [{"steps": 2}]}, "give one of grid, list, random"),
        ({"seeds": [0], "parameters": {"seed": 1}}, "seeds and a field seed"),
        ({"grid": {"steps": [1]}, "parameters": {"steps": 1}}, "in parameters, and varied as well"),
        ({"random": {"count": 1, "parameters": {"ridge": {"uniform": [2, 1]}}}}, "needs a lower end"),
        ({"random": {"count": 1, "parameters": {"ridge": {}}}}, "give one of uniform"),
        ({"cluster": {"scheduler": "host"}}, "cluster.scheduler"),
        ({"cluster": {"options": {"cores": 1}}}, "options are those of a jobqueue"),
        ({"cluster": {"directory": "$SCRATCH"}}, "needs the parameter mirror"),
        ({"workers": -1}, "workers"),
        ({"metric": None}, "metric: text is needed, and in YAML nothing, or a lone ~, is none"),
        ({"metric": "status"}, "metric: 'status': legal are columns of the history that begin with loss/, error/"),
        (
            {"random": {"count": 1, "parameters": {"ridge": {"loguniform": [1, 2]}}}},
            "did you mean 'log_uniform'. legal there: uniform, log_uniform, integers, choice",
        ),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_by_name(fields, told):
    with pytest.raises(SweepError, match=told):
        Sweep(**WHERE, **fields)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"grid": {"stesp": [1]}}, "the run stesp=1: 'stesp' is not a field; did you mean 'steps'"),
        ({"grid": {"steps": [5, 0]}}, "the run steps=0: steps = 0"),
        ({"grid": {"steps": [5, 5]}}, "two runs would be the same: steps=5"),
        ({"parameters": {"run_dir": "runs/x"}}, "run_dir: given by the sweep to each run"),
    ],
)
def test_a_run_that_cannot_be_is_refused_before_any_starts(forward, fields, told):
    with pytest.raises(SweepError, match=told):
        runs_of(forward, **fields)


def test_yaml_that_cannot_be_read_is_told_with_its_place(tmp_path):
    (tmp_path / "sweep.yaml").write_text("notebook: a.ipynb\ngrid: {steps: [1, 2}\n")
    with pytest.raises(SweepError, match=r"sweep.yaml: line 2, column \d+: .*expected"):
        Sweep.read(tmp_path / "sweep.yaml")


def test_a_run_is_running_as_long_as_the_sweep_that_began_it_is_at_work(tmp_path):
    plan = Plan.of(Sweep(notebook=WHERE["notebook"], directory=str(tmp_path), grid={"steps": [1, 2]}))
    [first, _] = plan.runs
    (tmp_path / first.name).mkdir()
    (tmp_path / first.name / "notebook.ipynb").touch()  # as papermill does before the first cell

    def statuses():
        return [row["status"] for row in status_rows(plan).values()]

    (tmp_path / SWEEP_FILE).touch()
    os.utime(tmp_path / SWEEP_FILE, (0, 0))
    assert statuses() == ["queued", "queued"]
    with locked(tmp_path):
        assert statuses() == ["running", "queued"]
        (tmp_path / SWEEP_FILE).touch()
        os.utime(tmp_path / first.name / "notebook.ipynb", (0, 0))  # of an earlier sweep
        assert statuses() == ["queued", "queued"]


def test_a_notebook_that_is_not_there_is_named_with_the_places_looked_at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Plan.of(Sweep(**WHERE)).notebook.name == "01_forward"  # a shipped one is found from anywhere
    with pytest.raises(SweepError, match=rf"notebook = 'none.ipynb': not found as {tmp_path}/none.ipynb or "):
        Plan.of(Sweep(notebook="none.ipynb", directory="runs/s"))


def test_a_notebook_that_could_not_go_on_is_refused():
    cell = nbformat.v4.new_code_cell("steps = 1", metadata={"tags": ["parameters"]})
    notebook = Notebook("own", json.dumps(nbformat.v4.new_notebook(cells=[cell])))
    with pytest.raises(SweepError, match="has no parameters run_dir and resume"):
        runs_of(notebook)


def test_the_sweep_in_the_folder_of_the_runs_means_the_same_from_anywhere(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    plan = Plan.of(Sweep(**WHERE, grid={"steps": [1, 2]}))
    there = plan.from_anywhere
    monkeypatch.chdir("/")
    assert there.folder == tmp_path / "runs/none" and Plan.of(there).runs == plan.runs


def test_a_first_look_at_a_run_that_fails_gives_no_estimate(tmp_path):
    asked = {"network": "mlp", "stages": ["adam"], "precision": "float32", "learning_rate": 1e30, "hidden_layers": [8]}
    plan = Plan.of(Sweep(notebook=WHERE["notebook"], directory=str(tmp_path), parameters=asked | {"steps": 50}))
    assert seconds_left(plan, status_rows(plan)) is None


def test_arrays_and_ranges_of_a_notebook_are_runs_for_each_item():
    given = {"seed": range(3), "hidden_layers": np.array([[20], [40]]), "steps": np.int64(2), "run_dir": "runs/x"}
    sweep = Sweep.of_parameters({**given, **OF, "np": np, "helper": print}, name="x")
    assert sweep.grid == {"seed": [0, 1, 2], "hidden_layers": [[20], [40]]} and sweep.parameters == {"steps": 2}


def test_one_list_of_holes_and_of_sources_is_one_value_and_a_list_of_such_lists_is_several():
    one, other = [[0.01, 0.01, 0.002]], [[0.02, 0.01, 0.002], [0.03, 0.01, 0.002]]
    sources = [{"kind": "side_load", "at": [0.01, 0.02]}]
    given = {"problem": "plate", "holes": one, "sources": sources, "sides": ["free"], "run_dir": "runs/x"}
    sweep = Sweep.of_parameters(given | OF, name="x")
    assert sweep.grid == {} and sweep.parameters == {name: given[name] for name in given if name != "run_dir"}
    several = {"holes": [[], one, other], "sources": [sources, []], "sides": [["free"], ["fixed"]]}
    sweep = Sweep.of_parameters(given | OF | several, name="x")
    assert sweep.grid == several and sweep.parameters == {"problem": "plate"}


def test_a_sweep_of_plates_has_a_run_for_each_list_of_holes(tmp_path):
    cell = "run_dir = ''\nresume = 'never'\n" + "\n".join(f"{name} = {value!r}" for name, value in PLATE.items())
    path = write_notebook(tmp_path / "plate.ipynb", cell, FROM_NAMESPACE)
    lines = f"notebook: {path}\ndirectory: {tmp_path / 'runs'}\ngrid:\n  holes: [[], [[0.01, 0.005, 1e-3]]]\n"
    (tmp_path / "sweep.yaml").write_text(lines + "  sides: [free, [free, open, fixed, free]]\n")
    plan = Plan.of(Sweep.read(tmp_path / "sweep.yaml"))
    configs = [plan.notebook.config(run.parameters) for run in plan.runs]
    assert [config.holes for config in configs] == [(), (), ((0.01, 0.005, 0.001),), ((0.01, 0.005, 0.001),)]
    assert [len(config.sides) for config in configs] == [1, 4, 1, 4]
    assert all(config.sources[0].force == (0.0, -1000.0) for config in configs)
    assert len({run.name for run in plan.runs}) == 4 and all(re.fullmatch(r"[\w.,=+-]+", run.name) for run in plan.runs)
    assert table_of(plan, status_rows(plan))["holes"].iloc[2] == "[[0.01, 0.005, 0.001]]"
    plan.require_possible(plan.runs)
    with pytest.raises(SweepError, match=r"holes\[0\] = \[0.0, 0.0, 0.001\]: it must lie inside"):
        wrong = Plan.of(Sweep(notebook=str(path), directory=str(tmp_path / "runs"), grid={"holes": [[[0, 0, 1e-3]]]}))
        wrong.require_possible(wrong.runs)
