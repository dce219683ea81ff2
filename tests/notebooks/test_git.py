"""What git sees of a notebook that was opened, run and saved."""

import copy
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

from elastic_pinn.workbench import saved_notebook
from elastic_pinn.workbench.saved_notebook import compared_by_content, without_versions

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def git(folder, *words):
    return subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A repository with the notebooks, in which `make lab` has been called, but for JupyterLab."""
    monkeypatch.setattr(saved_notebook, "TIMEOUT_S", 600.0)  # on a busy machine the filter takes longer than usual
    git(tmp_path, "init", "-q")
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    for path in NOTEBOOKS:
        shutil.copy2(path, tmp_path)  # old enough for git to trust its sizes
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "as delivered")
    lines = subprocess.run(["make", "-n", "lab"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    (line,) = [line for line in lines.splitlines() if "git config" in line]
    subprocess.run(line, shell=True, cwd=tmp_path, check=True)
    return tmp_path


def saved(notebook, path):
    """Save as JupyterLab does that `make lab` starts, after a kernel has begun."""
    notebook.metadata["language_info"] = {"name": "python", "version": "3.13.1", "pygments_lexer": "ipython3"}
    model = {"type": "notebook", "content": notebook}
    without_versions(model, path=path.name, contents_manager=None)
    nbformat.write(notebook, path)
    compared_by_content(str(path), model, contents_manager=None)


def as_run(path):
    """A notebook with an output in each cell of code."""
    notebook = nbformat.read(path, as_version=4)
    for count, cell in enumerate(cell for cell in notebook.cells if cell.cell_type == "code"):
        cell.execution_count = count
        cell.outputs = [nbformat.v4.new_output("stream", text="57.6 GPa")]
    return notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_look_leaves_a_notebook_as_it_was(path, tmp_path):
    saved(nbformat.read(path, as_version=4), tmp_path / path.name)
    assert (tmp_path / path.name).read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_a_run_leaves_nothing_to_commit_and_a_change_of_the_code_is_seen(clone):
    path = NOTEBOOKS[-1]
    notebook = as_run(clone / path.name)
    saved(notebook, clone / path.name)
    assert "57.6 GPa" in (clone / path.name).read_text()
    assert git(clone, "status", "--short") == git(clone, "diff") == ""

    notebook.cells[1].source += "\nchanged"
    saved(notebook, clone / path.name)
    assert '+    "changed"' in git(clone, "diff")
    assert git(clone, "status", "--short") == f" M {path.name}\n"


def test_what_is_staged_or_hidden_stays_so_when_a_notebook_is_saved(clone):
    staged, hidden, added = (clone / NOTEBOOKS[i].name for i in (0, 1, 2))
    notebook = nbformat.read(staged, as_version=4)
    notebook.cells[1].source += "\nchanged"
    nbformat.write(notebook, staged)
    git(clone, "add", staged)
    git(clone, "update-index", "--skip-worktree", hidden)
    new = clone / "new.ipynb"
    shutil.copy(added, new)
    git(clone, "add", "--intent-to-add", new)
    before = git(clone, "ls-files", "--stage", "-v"), git(clone, "status", "--short")
    for path in (staged, hidden, new):
        saved(nbformat.read(path, as_version=4), path)
    assert (git(clone, "ls-files", "--stage", "-v"), git(clone, "status", "--short")) == before


@pytest.mark.slow
def test_a_name_with_brackets_is_that_of_one_notebook(clone):
    one, other = clone / "run[1].ipynb", clone / "run1.ipynb"
    for path in (one, other):
        shutil.copy2(NOTEBOOKS[0], path)
    git(clone, "add", ".")
    git(clone, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "both")
    other.write_text(other.read_text().replace("import ", "import  "))
    saved(as_run(one), one)
    assert git(clone, "status", "--short") == f" M {other.name}\n"


def test_what_is_staged_while_a_notebook_is_saved_stays_staged(clone, monkeypatch):
    path = clone / NOTEBOOKS[0].name
    run_git = saved_notebook._git

    def staged_before_the_last_command(path, *words):
        if words == ("add",):
            notebook = nbformat.read(path, as_version=4)
            notebook.cells[1].source += "\nchanged"
            nbformat.write(notebook, path)
            git(clone, "add", path)
        return run_git(path, *words)

    monkeypatch.setattr(saved_notebook, "_git", staged_before_the_last_command)
    saved(as_run(path), path)
    assert '+    "changed"' in git(clone, "diff", "--cached")


@pytest.mark.slow
def test_a_filter_that_hangs_fails_no_save_and_leaves_no_lock(clone, monkeypatch):
    path = clone / NOTEBOOKS[0].name
    monkeypatch.setattr(saved_notebook, "TIMEOUT_S", 1.0)
    git(clone, "config", "filter.notebooks.clean", "sleep 5")
    saved(as_run(path), path)
    with pytest.raises(subprocess.TimeoutExpired):
        saved_notebook._git(path, "add")
    assert not (clone / ".git/index.lock").exists()


def test_files_and_notebooks_of_other_languages_are_saved_as_they_are():
    text = {"type": "file", "content": "a"}
    other = {"type": "notebook", "content": {"metadata": {"language_info": {"name": "julia", "version": "1"}}}}
    for model in (text, other, {"type": "notebook", "content": {"metadata": {}}}):
        before = copy.deepcopy(model)
        without_versions(model)
        compared_by_content("/no/repository/here", model)
        assert model == before
