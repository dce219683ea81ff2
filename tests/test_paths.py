"""`~` and $NAME in every path that a person writes, and run directories that cannot be meant."""

from dataclasses import replace
from pathlib import Path

import pytest

import elastic_pinn as ep
from elastic_pinn.config import ConfigError
from elastic_pinn.paths import expanded, from_root, near_file, project_root
from elastic_pinn.physics.setups import find
from elastic_pinn.workbench.batch import Plan, Sweep
from elastic_pinn.workbench.batch.jobs import Job
from elastic_pinn.workbench.run_folders import resume_from, run_folder
from tests.headless import write_training_notebook
from tests.workbench.commands import call


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A home folder, named by $RUNS as well; the working directory is another one."""
    (tmp_path / "home").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RUNS", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home"


@pytest.mark.parametrize("path", ["~/a", "$RUNS/a", "${RUNS}/a"])
def test_a_path_is_written_out_as_by_a_shell(home, path):
    assert expanded(path) == f"{home}/a" == str(from_root(path)) == expanded(Path(path))


@pytest.mark.parametrize("path", ["runs/a", "/runs/a~", "s3://bucket/$RUNS/~", "price$", "never", ""])
def test_what_asks_for_nothing_stays_as_it_is(home, path):
    assert expanded(path) == path


@pytest.mark.parametrize("path", ["$NO_SUCH_NAME/a", "a/${NO_SUCH_NAME}", "~no_such_user/a"])
def test_what_cannot_be_written_out_is_refused_by_name(home, path):
    with pytest.raises(ConfigError, match=r"(?i)no_such"):
        expanded(path)


def test_a_relative_path_starts_at_the_projects_root(home):
    (home.parent / "pyproject.toml").touch()
    assert from_root("runs/a") == home.parent / "runs" / "a"


def test_a_run_in_the_home_folder_is_trained_read_and_gone_on_with_there(home, tiny):
    ep.train(tiny(steps=1), Path("~/a"))
    assert ep.train(tiny(steps=2), "~/a", resume="$RUNS/a").path == home / "a"
    newest = ep.Run("$RUNS/a").latest().path.name
    assert ep.load_checkpoint(f"~/a/checkpoints/{newest}").step == 2
    assert ep.train(tiny(steps=1, init_from="~/a"), "${RUNS}/b").events()
    assert not list(Path.cwd().iterdir())


def test_notebooks_and_data_are_looked_for_there_as_well(home, aluminium):
    (home / "waves.h5").write_bytes(aluminium.read_bytes())
    assert find("~/waves.h5") == find("$RUNS/waves.h5") == home / "waves.h5"
    assert run_folder("~/a", "name") == home / "a"
    assert resume_from("$RUNS/a") == str(home / "a") and resume_from("auto") == "auto"


@pytest.mark.parametrize("run_dir", ["", Path()])
def test_no_run_is_strewn_over_the_working_directory(home, tiny, run_dir):
    with pytest.raises(ep.RunDirectoryError, match="run_dir is empty"):
        ep.train(tiny(), run_dir)
    assert not list(Path.cwd().iterdir())


@pytest.mark.parametrize("run_dir", [None, 3, b"x", ["a"]])
def test_a_run_directory_is_text_or_a_path(home, tiny, run_dir):
    with pytest.raises(ep.RunDirectoryError, match=r"run_dir = .*: the path of a folder is needed"):
        ep.train(tiny(), run_dir)
    assert not list(Path.cwd().iterdir())


@pytest.mark.parametrize(
    "use", [lambda tiny: ep.train(tiny(), "s3://bucket/a"), lambda tiny: run_folder("s3://b/a", "")]
)
def test_a_url_is_no_run_directory(home, tiny, use):
    with pytest.raises(ConfigError, match="is a URL, where a path of this machine is needed"):
        use(tiny)
    assert not list(Path.cwd().iterdir())


def test_a_file_is_no_run_directory(tiny, tmp_path):
    (tmp_path / "a.h5").write_text("mine")
    with pytest.raises(ep.RunDirectoryError, match=r"a\.h5' is a file"):
        ep.train(tiny(), tmp_path / "a.h5")
    assert (tmp_path / "a.h5").read_text() == "mine"


def test_notebook_and_directory_of_a_sweep_may_be_there(home):
    write_training_notebook(home / "train.ipynb")
    Path("sweep.yaml").write_text("notebook: ~/train.ipynb\ndirectory: $RUNS/sweep\n")
    plan = Plan.of(Sweep.read(Path("sweep.yaml")))
    assert plan.sweep.folder == home / "sweep"
    assert plan.from_anywhere.notebook == str(home / "train.ipynb")
    job = Job("sweep", plan.runs[0], "${RUNS}/own", 0.0, 1)
    assert job.run_dir.parent == home / "own"
    with pytest.raises(ConfigError, match=r"NO_SUCH_NAME.* of the worker on"):
        _ = replace(job, folder="$NO_SUCH_NAME/own").run_dir


def test_relative_paths_start_at_the_nearest_folder_with_a_pyproject(tmp_path, monkeypatch):
    deep = tmp_path / "project" / "notebooks" / "deep"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert project_root() == deep
    (tmp_path / "project" / "pyproject.toml").touch()
    assert project_root() == tmp_path / "project" == project_root(deep)


@pytest.mark.parametrize(
    ("given", "is_meant", "near"),
    [
        ("runs/dmo", Path.is_dir, "runs/demo"),
        ("runs/dmo/", Path.is_dir, "runs/demo"),
        ("rns/demo/step-1.h5", Path.is_file, "runs/demo/step-1.h5"),
        ("runs/demo/stp-1.h5", Path.is_file, "runs/demo/step-1.h5"),
        ("runs/lr-0.01", Path.is_dir, "runs/lr-0.001"),
        ("runs/dem", Path.is_file, "runs/deem"),  # to which the folder demo is as near
        ("rns/other", Path.exists, ""),  # which is in no folder of a like name
        ("nothing/alike", Path.exists, ""),
        ("runs/demo", Path.exists, ""),  # which is there
        ("", Path.exists, ""),
    ],
)
def test_what_may_be_meant_by_a_path_is_found_by_a_like_name_in_any_folder_of_it(tmp_path, given, is_meant, near):
    for folder in ("runs/demo", "runs/lr-0.001"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("runs/demo/step-1.h5", "runs/deem"):
        (tmp_path / file).touch()
    assert near_file(given, tmp_path / given, is_meant) == (near and f"; did you mean '{near}'?")
    whole = near and f"; did you mean '{tmp_path}/{near}'?"
    assert near_file(f"{tmp_path}/{given}", tmp_path / given, is_meant) == whole


def test_what_is_misspelt_in_a_variable_is_written_out(tmp_path):
    (tmp_path / "runs" / "demo").mkdir(parents=True)
    assert near_file("$MINE/demo", tmp_path / "rns" / "demo", Path.is_dir) == f"; did you mean '{tmp_path}/runs/demo'?"
    assert near_file("$MINE/dmo", tmp_path / "runs" / "dmo", Path.is_dir) == "; did you mean '$MINE/demo'?"


MISSPELT = {
    "inspect": "rns/demo",
    "history": "runs/dmo",
    "estimate": "runs/dmo/",
    "verify": "runs/dmo",
    "run": "runs/book.ipnyb",
    "sweep": "runs/swep.yaml",
}


@pytest.mark.parametrize("name", MISSPELT)
def test_a_command_tells_the_path_that_may_be_meant_and_its_own_once(name, tmp_path, monkeypatch):
    (tmp_path / "runs" / "demo").mkdir(parents=True)
    for file in ("runs/book.ipynb", "runs/sweep.yaml"):
        (tmp_path / file).touch()
    monkeypatch.chdir(tmp_path)
    meant = {"run": "runs/book.ipynb", "sweep": "runs/sweep.yaml"}.get(name, "runs/demo")
    given = MISSPELT[name]
    said = call(name, given).output
    assert said.count(given.rstrip("/")) == 1 and said.rstrip().endswith(f"; did you mean '{meant}'?"), said


CALLS = {
    "runs/demo": lambda: ep.Run("runs/dmo"),
    "runs/demo/checkpoints/step-1.h5": lambda: ep.load_checkpoint("runs/dmo/checkpoints/step-1.h5"),
    "runs/demo/checkpoints": lambda: ep.figures.loss_curves(["runs/demo/chekpoints"]),
    "runs/demo/": lambda: ep.train(ep.Config(steps=1), "runs/new", resume="runs/dmo/"),
}


@pytest.mark.parametrize("meant", CALLS)
def test_so_do_functions(meant, tmp_path, monkeypatch):
    (tmp_path / "runs" / "demo" / "checkpoints").mkdir(parents=True)
    (tmp_path / "runs" / "demo" / "checkpoints" / "step-1.h5").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ep.CheckpointError, FileNotFoundError), match=rf"; did you mean '{meant.rstrip('/')}'\?$"):
        CALLS[meant]()
