"""The delivered notebooks and data are copied whole, and nobody's changes are lost."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from elastic_pinn.paths import project_root
from elastic_pinn.workbench.cli.app import app
from elastic_pinn.workbench.starter import copy_starter

PROJECT = Path(__file__).parents[2]


def test_notebooks_and_data_are_copied_to_a_folder_that_is_their_root(tmp_path):
    folder = tmp_path / "work"
    written = copy_starter(folder)
    notebook = folder / "notebooks" / "02_inverse.ipynb"
    assert notebook in written and notebook.read_bytes() == (PROJECT / "notebooks" / "02_inverse.ipynb").read_bytes()
    data = "data/aluminium_receivers.h5"
    assert (project_root(folder / "notebooks") / data).read_bytes() == (PROJECT / data).read_bytes()


def test_copying_twice_changes_nothing(tmp_path):
    copy_starter(tmp_path)
    assert copy_starter(tmp_path) == []


def test_a_changed_notebook_is_named_and_nothing_is_written(tmp_path):
    changed = tmp_path / "notebooks" / "01_forward.ipynb"
    changed.parent.mkdir()
    changed.write_text("mine")
    with pytest.raises(FileExistsError, match=r"other versions of notebooks/01_forward\.ipynb"):
        copy_starter(tmp_path)
    assert changed.read_text() == "mine" and [p.name for p in tmp_path.iterdir()] == ["notebooks"]


def test_a_project_of_ones_own_keeps_its_root_file(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'mine'\n")
    copy_starter(tmp_path)
    assert (tmp_path / "pyproject.toml").read_text() == "[project]\nname = 'mine'\n"


def test_the_command_says_how_many_files_it_wrote_and_knows_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    done = CliRunner().invoke(app, ["notebooks", "~/lab"])
    written = [path for path in (tmp_path / "lab").rglob("*") if path.is_file()]
    assert done.exit_code == 0 and f"{len(written)} files written to {tmp_path}/lab" in done.output.replace("\n", "")
