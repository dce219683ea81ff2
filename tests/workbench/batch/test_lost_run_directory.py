"""A run directory that goes away under a notebook: that is told, and what is in its place is left alone."""

import nbformat
import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.batch import Notebook
from elastic_pinn.workbench.batch.headless import NotebookError, run_notebook
from tests.files import contents
from tests.headless import write_notebook
from tests.workbench.batch.conftest import TINY

LOSING = """
import shutil
from pathlib import Path
import elastic_pinn as ep
from elastic_pinn.training.lifecycle import record

record.CHECK_EVERY_S = 0.0

def on_step(row):
    if row["step"] == 5:
        {lose}

ep.train(ep.Config.from_namespace(globals()), run_dir, control=ep.Control(on_step))
"""
REMOVED = "shutil.rmtree(run_dir)"
REPLACED = """Path(run_dir).rename(Path(run_dir).with_name("moved"))
        shutil.copytree(Path(run_dir).with_name("another"), run_dir)"""


@pytest.fixture
def lose(tmp_path):
    """A function that runs a notebook whose run directory goes away, and returns the error."""

    def run(how: str) -> NotebookError:
        path = write_notebook(tmp_path / "train.ipynb", "run_dir = ''", LOSING.format(lose=how))
        with pytest.raises(NotebookError, match="LostRunDirectoryError") as caught:
            run_notebook(Notebook.read(path), tmp_path / "run", TINY | {"checkpoint_every": 0}, echo_output=False)
        return caught.value

    return run


@pytest.mark.slow
def test_a_removed_run_directory_is_told_and_the_executed_copy_lies_beside_where_it_was(lose, tmp_path):
    error = lose(REMOVED)
    assert "run was removed" in error.fault and not error.is_refusal
    assert sorted(path.name.partition("rescued-")[0] for path in tmp_path.iterdir()) == [
        "run-", "run-lost-notebook.ipynb", "train.ipynb",
    ]  # fmt: skip
    assert "LostRunDirectoryError" in (tmp_path / "run-lost-notebook.ipynb").read_text()


@pytest.mark.slow
def test_the_run_in_the_place_of_a_moved_one_keeps_its_summary_and_its_executed_copy(lose, tmp_path):
    another = ep.train(ep.Config(**TINY), tmp_path / "another").path
    (another / "notebook.ipynb").write_text("what was executed there")
    error = lose(REPLACED)
    assert contents(tmp_path / "run") == contents(another)
    assert "something else is in its place" in error.fault
    assert "LostRunDirectoryError" in str(nbformat.read(tmp_path / "moved" / "notebook.ipynb", as_version=4).cells)
