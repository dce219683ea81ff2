"""What a run of a sweep is: results of another notebook, or of other data, are never taken for it."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import elastic_pinn as ep
from elastic_pinn.storage.config import CheckpointConfig
from elastic_pinn.training.lifecycle.record import amend_summary
from elastic_pinn.workbench.batch import Notebook, Plan, Sweep, SweepError, jobs
from elastic_pinn.workbench.batch.inputs import require_unchanged
from elastic_pinn.workbench.batch.plan import RECORD_FILE
from elastic_pinn.workbench.batch.status import SWEEP_FILE, status_rows
from elastic_pinn.workbench.cli import app
from tests.headless import write_notebook, write_training_notebook

FEW = {"hidden_layers": [6], "steps": 2, "interior_points": 20, "initial_points": 8, "validation_points": 10,
       "log_level": "error"}  # fmt: skip
INVERSE = {**FEW, "problem": "receivers", "unknowns": ["lambda", "mu"]}


@pytest.fixture
def project(tmp_path, aluminium, monkeypatch) -> Path:
    """A project with a notebook that trains, a receiver file, and another one."""
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    write_training_notebook(tmp_path / "train.ipynb")
    whole = ep.Receivers.load(aluminium)
    few = {"xy": whole.xy[::10], "time": whole.time[::8], "displacement": whole.displacement[::10, ::8]}
    replace(whole, **few, truth=None).save(tmp_path / "waves.h5")
    return tmp_path


def plan(**fields) -> Plan:
    return Plan.of(Sweep(notebook="train.ipynb", directory="runs", **{"parameters": FEW, **fields}))


def name_of(**fields) -> str:
    """The folder of the only run."""
    [run] = plan(**fields).runs
    return run.name


def complete(plan: Plan, **named) -> None:
    """Bring its only run to its end, as its notebook would, in a folder of its name or of another."""
    [run] = plan.runs
    folder = plan.sweep.folder / named.get("name", run.name)
    ep.train(plan.notebook.config(run.parameters), folder)
    (folder / "notebook.ipynb").write_text(plan.notebook.text)
    amend_summary(folder, {"notebook": "executed"})


def status(plan: Plan) -> str:
    [row] = status_rows(plan).values()
    return row["status"]


def change(receiver_file: Path) -> None:
    """Other numbers in the same place."""
    receivers = ep.Receivers.load(receiver_file)
    receivers.displacement[:] *= 1.5
    receivers.save(receiver_file)


def name_in_version_0_1_0(plan: Plan) -> str:
    """What a run was called by then, written out once more."""
    [run] = plan.runs
    config = plan.notebook.config(run.parameters)
    fields = config.model_dump(mode="json", exclude={*CheckpointConfig.model_fields, "threads", "time_limit"},
                               exclude_defaults=True)  # fmt: skip
    text = json.dumps([plan.notebook.name, fields], sort_keys=True)
    return f"{plan.notebook.name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def test_a_notebook_whose_code_changed_makes_other_runs_and_comments_make_none(project):
    before = name_of()
    complete(plan())
    write_training_notebook(project / "train.ipynb", "pass  # nothing more")
    assert (name_of(), status(plan())) == (before, "completed")
    write_training_notebook(project / "train.ipynb", "print(run)")
    assert name_of() != before and status(plan()) == "queued"
    assert plan().others == [before]


def test_a_receiver_file_with_other_contents_makes_other_runs_and_another_path_makes_none(project):
    inverse = {**INVERSE, "data": "waves.h5"}
    before = name_of(parameters=inverse)
    complete(plan(parameters=inverse))
    shutil.copy("waves.h5", "same.h5")
    assert status(plan(parameters={**INVERSE, "data": str(project / "same.h5")})) == "completed"
    change(project / "waves.h5")
    assert name_of(parameters=inverse) != before and status(plan(parameters=inverse)) == "queued"


def test_a_file_under_two_names_that_are_varied_makes_two_runs(project):
    shutil.copy("waves.h5", "same.h5")
    both = plan(parameters=INVERSE, grid={"data": ["waves.h5", "same.h5"]}).runs
    assert len({run.name for run in both}) == 2, "each has to be there under its name"


def test_the_notebooks_own_parameters_count(project):
    training = "import elastic_pinn as ep\nconfig = ep.Config.from_namespace(globals(), own={'level': int})"
    write_notebook(project / "train.ipynb", "run_dir = ''\nresume = 'never'\nlevel = 1", training)
    assert name_of(parameters={**FEW, "level": 2}) != name_of(parameters={**FEW, "level": 3})
    assert name_of(parameters={**FEW, "level": 1}) == name_of()


def test_a_checkpoint_to_start_from_counts_by_its_contents(project):
    ep.train(ep.Config(**FEW), "first")
    warm = {**FEW, "init_from": "first"}
    before = name_of(parameters=warm)
    newest = str(ep.Run("first").latest().path)
    assert name_of(parameters={**FEW, "init_from": newest}) == before
    ep.train(ep.Config(**FEW | {"steps": 3}), "first", resume="auto")
    assert name_of(parameters=warm) != before


def test_what_is_not_on_this_machine_counts_by_its_path(project):
    there = [name_of(parameters={**INVERSE, "data": f"{name}.h5"}) for name in ("a", "b", "a")]
    assert there[0] == there[2] != there[1]
    assert name_of(parameters={**FEW, "init_from": "a"}) != name_of(parameters={**FEW, "init_from": "b"})


@pytest.mark.slow
def test_a_file_that_changes_while_the_sweep_runs_fails_the_runs_that_come_after(project):
    begun = plan(parameters={**INVERSE, "data": "waves.h5"})
    [run] = begun.runs
    config = begun.notebook.config(run.parameters)
    require_unchanged(config, run.inputs)
    change(project / "waves.h5")
    with pytest.raises(ep.ConfigError, match=r"data = 'waves.h5' was changed while the sweep ran"):
        jobs.execute(begun.notebook, jobs.Job("sweep", run, str(begun.sweep.folder), 0.0, 1))
    require_unchanged(config, {})  # of a file that was on another machine only nobody can tell


@pytest.mark.parametrize("parameters", [FEW, {**INVERSE, "data": "waves.h5"}], ids=["forward", "inverse"])
def test_a_completed_run_of_version_0_1_0_counts_as_long_as_notebook_and_data_are_its_own(project, parameters):
    old = name_in_version_0_1_0(plan(parameters=parameters))
    complete(plan(parameters=parameters), name=old)
    assert (name_of(parameters=parameters), status(plan(parameters=parameters))) == (old, "completed")
    if "data" in parameters:
        change(project / "waves.h5")
    else:
        write_training_notebook(project / "train.ipynb", "print(run)")
    assert status(plan(parameters=parameters)) == "queued" and plan(parameters=parameters).others == [old]


def test_a_completed_run_of_version_0_1_0_whose_notebook_or_start_is_not_known_does_not_count(project):
    old = name_in_version_0_1_0(plan())
    complete(plan(), name=old)
    (project / "runs" / old / "notebook.ipynb").unlink()
    assert name_of() != old and plan().others == [old]
    warm = {**FEW, "init_from": f"runs/{old}"}
    started = name_in_version_0_1_0(plan(parameters=warm))
    complete(plan(parameters=warm), name=started)
    assert name_of(parameters=warm) != started


def test_how_a_sweep_stands_is_told_by_what_it_was_begun_with(project):
    begun = plan(parameters={**INVERSE, "data": "waves.h5"})
    complete(begun)
    (project / "runs" / RECORD_FILE).write_bytes(begun.record)
    change(project / "waves.h5")
    write_training_notebook(project / "train.ipynb", "print(run)")
    assert status(Plan.as_begun(begun.sweep)) == "completed"
    assert status(Plan.of(begun.sweep)) == "queued"
    Path("train.ipynb").unlink()
    assert Plan.as_begun(begun.sweep).runs == begun.runs
    (project / "runs" / RECORD_FILE).write_text("{}")
    with pytest.raises(SweepError, match=r"sweep.json is not what a sweep writes"):
        Plan.as_begun(begun.sweep)


def test_runs_in_the_folder_that_do_not_count_are_told(project):
    begun = plan()
    complete(begun)
    complete(begun, name="of-before")
    (project / "runs" / RECORD_FILE).write_bytes(begun.record)
    (project / "runs" / SWEEP_FILE).write_text(begun.from_anywhere.to_yaml())
    told = CliRunner().invoke(app, ["status", "runs"])
    assert told.exit_code == 0 and told.output.startswith("1 runs: 1 completed\n")
    assert "lies what does not count here" in told.output and "1 runs (of-before)" in told.output


def test_how_a_sweep_of_version_0_1_0_stands_is_told_by_its_names(project):
    old = name_in_version_0_1_0(plan())
    complete(plan(), name=old)
    write_training_notebook(project / "train.ipynb", "print(run)")
    assert status(Plan.as_begun(plan().sweep)) == "completed" and status(plan()) == "queued"


def test_a_notebook_with_parameters_that_only_a_kernel_can_tell_is_refused(project):
    notebook = json.loads(Path("train.ipynb").read_text())
    notebook["cells"][0]["source"] = "import math\nrun_dir = ''\nresume = 'never'\nlength = math.pi"
    computed = Notebook("train", json.dumps(notebook))
    sweep = Sweep(notebook="train.ipynb", directory="runs")
    with pytest.raises(SweepError, match="length of its parameters are computed: write plain values, or give them"):
        Plan.of_notebook(sweep, computed)
    assert Plan.of_notebook(sweep.model_copy(update={"parameters": {"length": 3.0}}), computed).runs
