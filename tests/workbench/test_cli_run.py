"""elastic-pinn run: values as people write them, refusals before work, exit status."""

import json
import os
import signal
from pathlib import Path

import nbformat
import pytest
import typer
from typer.testing import CliRunner

import elastic_pinn as ep
from elastic_pinn.workbench.batch import Notebook, headless
from elastic_pinn.workbench.cli import app
from elastic_pinn.workbench.cli.run import parse
from tests.headless import write_notebook

FORWARD = str(Path(__file__).parents[2] / "notebooks" / "01_forward.ipynb")
INVERSE = FORWARD.replace("01_forward", "02_inverse")
SMALL = ["network=mlp", "hidden_layers=[6]", "stages=[adam]", "steps=4", "interior_points=20", "boundary_points=8",
         "initial_points=8", "validation_points=10", "log_level=error"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("steps=2000", 2000),
        ("learning_rate=1e-3", 1e-3),
        ("ridge=2.5E-7", 2.5e-7),
        ("compile=false", False),
        ("hidden_layers=[64,64]", [64, 64]),
        ("stages=[adam, lbfgs]", ["adam", "lbfgs"]),
        ("holes=[[0.026, 0.009, 3e-3]]", [[0.026, 0.009, 3e-3]]),
        ("sources=[{kind: moment, at: [0.01, 1e-2]}]", [{"kind": "moment", "at": [0.01, 0.01]}]),
        ("mirror=s3://bucket/a=b", "s3://bucket/a=b"),
        ("lbfgs_line_search=none", "none"),
        ("run_dir=", ""),
    ],
)
def test_values_are_what_people_mean(text, value):
    name, found = parse(text)
    assert (name, found, type(found)) == (text.partition("=")[0], value, type(value))


@pytest.mark.parametrize("text", ["steps", "=3", "hidden_layers=[64"])
def test_what_is_no_assignment_is_refused(text):
    with pytest.raises(typer.BadParameter):
        parse(text)


@pytest.mark.slow
def test_a_notebook_runs_in_one_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    done = CliRunner().invoke(app, ["run", FORWARD, *SMALL, f"run_dir={tmp_path / 'one'}"])
    assert done.exit_code == 0, done.output
    run = ep.Run(tmp_path / "one")
    assert run.status == "completed" and run.config.hidden_layers == (6,)
    assert (run.path / "notebook.ipynb").exists()


@pytest.mark.parametrize(
    ("given", "told"), [("stesp=3", "did you mean 'steps'"), ("steps=0", "steps = 0"), ("seed=[1", "'seed=[1'")]
)
def test_what_is_not_legal_is_refused_before_a_kernel_starts(tmp_path, monkeypatch, given, told):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["run", FORWARD, given])
    assert done.exit_code != 0 and told in done.output
    assert not list(tmp_path.iterdir())


def test_a_notebook_that_is_not_there_is_named(tmp_path):
    done = CliRunner().invoke(app, ["run", str(tmp_path / "none.ipynb")])
    assert done.exit_code == 1 and "none.ipynb" in done.output


@pytest.mark.slow
def test_a_run_that_fails_ends_with_status_1_and_keeps_what_there_is(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    where = f"run_dir={tmp_path / 'one'}"
    longer = [word for word in SMALL if word != "steps=4"]
    done = CliRunner().invoke(app, ["run", FORWARD, *longer, "learning_rate=1e30", "steps=60", where])
    [line] = done.stderr.splitlines()
    assert done.exit_code == 1 and "01_forward.ipynb failed in its cell [" in line and "DivergedError" in line
    assert ep.Run(tmp_path / "one").status == "failed"
    assert "DivergedError" in (tmp_path / "one" / "notebook.ipynb").read_text()


@pytest.mark.parametrize(
    ("text", "value"),
    [("run_dir=007", "007"), ("run_dir=1e5", "1e5"), ("data=no", "no"), ("init_from=~", "~"), ("mirror=null", "null")],
)
def test_a_field_that_is_text_takes_it_as_it_is_written(text, value):
    assert parse(text)[1] == value


@pytest.mark.parametrize(
    ("given", "status", "told"),
    [
        (["lame_lambda=-5e10"], 1, "no stable solid"),
        (["device=cuda:9"], 1, "no such device"),
        (["run_dir=$NO_SUCH_NAME/a"], 1, "no such variable"),
        (["steps=3", "steps=4"], 2, "steps is given twice: 3 and 4"),
        (["stages={a: 1, a: 2}"], 2, "'a' is there already"),
    ],
)
def test_each_foreseen_fault_is_one_line_before_a_kernel_starts(tmp_path, monkeypatch, given, status, told):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["run", FORWARD, *given])
    [line] = done.stderr.splitlines()
    assert done.exit_code == status and line.startswith("error: ") and told in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("data", "told"), [("nowhere.h5", "no such file"), (FORWARD, "is not a whole HDF5 file")])
def test_data_that_cannot_be_used_is_one_line_before_a_kernel_starts(tmp_path, monkeypatch, data, told):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["run", INVERSE, f"data={data}"])
    [line] = done.stderr.splitlines()
    assert done.exit_code == 1 and line.startswith("error: ") and told in line
    assert not list(tmp_path.iterdir())


def test_a_computed_run_dir_is_refused_until_it_is_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written = write_notebook(tmp_path / "comp.ipynb", "seed = 3\nrun_dir = f'runs/s{seed}'", "print(seed, run_dir)")
    done = CliRunner().invoke(app, ["run", str(written)])
    [line] = done.stderr.splitlines()
    assert done.exit_code == 1 and "run_dir is computed" in line and "give run_dir=..." in line
    assert [path.name for path in tmp_path.iterdir()] == ["comp.ipynb"]
    assert Notebook.read(written).directive("run_dir", {"run_dir": "runs/a"}) == "runs/a"


def test_a_computed_resume_is_refused_where_the_folder_holds_a_run(tmp_path, folder_of_runs):
    written = write_notebook(tmp_path / "comp.ipynb", "run_dir = ''\nresume = str('auto')", "print(run_dir, resume)")
    done = CliRunner().invoke(app, ["run", str(written), f"run_dir={folder_of_runs / 'a'}"])
    [line] = done.stderr.splitlines()
    assert done.exit_code == 1 and "resume is computed" in line and "give resume=..." in line


def test_a_notebook_that_is_not_valid_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written = write_notebook(tmp_path / "bad.ipynb", "seed = 3", "print(seed)")
    content = json.loads(written.read_text())
    content["cells"][1]["outputs"] = [{"output_type": "no such"}]
    written.write_text(json.dumps(content))
    done = CliRunner().invoke(app, ["run", str(written)])
    [line] = done.stderr.splitlines()
    assert done.exit_code == 1 and "bad.ipynb is no valid notebook" in line
    assert [path.name for path in tmp_path.iterdir()] == ["bad.ipynb"]


def test_a_run_directory_that_is_a_file_or_used_is_one_line(tmp_path, folder_of_runs):
    (tmp_path / "a").write_text("mine")
    for place, told in ((tmp_path / "a", "is a file"), (folder_of_runs / "a", "already holds a run")):
        done = CliRunner().invoke(app, ["run", FORWARD, f"run_dir={place}"])
        [line] = done.stderr.splitlines()
        assert done.exit_code == 1 and told in line


def test_an_unforeseen_fault_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr("elastic_pinn.workbench.batch.Notebook.read", lambda path: 1 / 0)
    done = CliRunner().invoke(app, ["run", FORWARD])
    assert isinstance(done.exception, ZeroDivisionError)


@pytest.mark.parametrize(
    ("own", "given", "name"), [("runs/own", [], "runs/own"), ("runs/own", ["run_dir=a"], "a"), ("", [], "runs/TIME-n")]
)
def test_the_run_directory_is_the_given_one_or_the_notebooks_or_a_fresh_one(tmp_path, monkeypatch, own, given, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("elastic_pinn.workbench.run_folders.stamped", lambda name: f"TIME-{name}")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))

    def execute(node, draft, *_, **__):
        node.metadata.papermill = {}
        nbformat.write(node, draft)

    monkeypatch.setattr("papermill.execute_notebook", execute)
    notebook = write_notebook(tmp_path / "n.ipynb", f"run_dir = {own!r}", "print(run_dir)")
    done = CliRunner().invoke(app, ["run", str(notebook), *given])
    assert done.stdout == f"executed notebook: {tmp_path / name / 'notebook.ipynb'}\n", done.output


def test_a_run_that_had_ended_when_it_was_asked_to_stop_is_not_said_to_be_continued(tiny, tmp_path, monkeypatch):
    run = ep.train(tiny(), tmp_path / "run")

    def last_cell(notebook, run_dir, parameters, supervisor):
        os.kill(os.getpid(), signal.SIGTERM)
        return run.path / "notebook.ipynb"

    monkeypatch.setattr(headless, "run_notebook", last_cell)
    done = CliRunner().invoke(app, ["run", FORWARD, "steps=4"])
    assert done.exit_code == 0 and f"executed notebook: {run.path / 'notebook.ipynb'}" in done.output
    assert "continues" not in done.output
