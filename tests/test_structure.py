"""The rules of the house: who imports whom, how long a file gets, what a notebook looks like."""

import ast
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from elastic_pinn.config import FIELDS
from elastic_pinn.physics.import_options import ImportOptions
from elastic_pinn.workbench.own_data import OwnData

PROJECT = Path(__file__).parents[1]
MODULES = sorted((PROJECT / "elastic_pinn").rglob("*.py"))
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
TRAINING_NOTEBOOKS = [path for path in NOTEBOOKS if path.stem in ("01_forward", "02_inverse", "06_plate")]
TRAINING_PARAMETERS = {"run_dir", "steps", "seed", "device", "checkpoint_every", "resume"}

each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PROJECT)))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
each_training_notebook = pytest.mark.parametrize("path", TRAINING_NOTEBOOKS, ids=lambda path: path.name)


def cells(path: Path, kind: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def parameters_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in cells(path, "code") if "parameters" in cell.metadata.get("tags", [])]


def bound_names(source: str) -> set[str]:
    return {ast.unparse(statement.targets[0]) for statement in ast.parse(source).body}


def test_each_wing_imports_only_from_those_below_it():
    # In a process of its own: import-linter sets up logging anew, which would silence every logger of the tests here.
    contracts = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", contracts], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@each_module
def test_no_module_is_longer_than_400_lines(path):
    assert len(path.read_text().splitlines()) <= 400


@each_module
def test_nothing_imports_pyplot(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            assert all("pyplot" not in alias.name and alias.name != "pylab" for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            assert "pyplot" not in f"{node.module} {names}"


@each_module
def test_text_is_read_and_written_as_utf_8_whatever_the_locale(path):
    for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
        name = ast.unparse(call.func)
        if name == "open" or (name.endswith((".read_text", ".write_text")) and not name.startswith("guard.")):
            is_binary = any(isinstance(part, ast.Constant) and "b" in str(part.value) for part in call.args[1:2])
            assert is_binary or "encoding" in {keyword.arg for keyword in call.keywords}, f"{name} at {call.lineno}"


def test_the_notebooks_of_the_whole_line_are_there():
    questions = {"00_reference_data", "01_forward", "02_inverse", "03_sweep", "04_compare", "05_explore", "06_plate"}
    assert {path.stem for path in NOTEBOOKS} == {*questions, "07_own_data"}


@each_notebook
def test_a_notebook_is_valid_and_committed_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in cells(path, "code"):
        assert cell.outputs == []
        assert cell.execution_count is None


@each_notebook
def test_a_notebook_is_committed_without_traces_of_a_kernel_or_a_run(path):
    metadata = nbformat.read(path, as_version=4).metadata
    assert set(metadata) <= {"kernelspec", "language_info"}
    assert metadata.kernelspec.name == "python3"
    assert metadata.kernelspec.language == "python"  # or plain papermill refuses the notebook
    assert set(metadata.get("language_info", {})) <= {"name"}
    for cell in [*cells(path, "code"), *cells(path, "markdown")]:
        assert set(cell.metadata) <= {"tags"}, f"the cell that starts {cell.source[:40]!r}"


@each_notebook
def test_a_notebook_is_thin(path):
    code = cells(path, "code")
    assert len(code) <= 12
    for cell in code:
        kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        assert not any(isinstance(node, kinds) for node in ast.walk(ast.parse(cell.source)))


@each_notebook
def test_a_notebook_begins_with_its_question(path):
    first = nbformat.read(path, as_version=4).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert "**Question.**" in first.source and "**Cost.**" in first.source


@each_training_notebook
def test_a_training_notebook_has_one_parameters_cell_with_the_common_names(path):
    [cell] = parameters_cells(path)
    names, own = bound_names(cell.source), {"data"} if path.name == "02_inverse.ipynb" else set()
    chosen = {"steps"} if "tolerance" in names else set()
    assert names >= TRAINING_PARAMETERS - chosen | own


@each_notebook
def test_each_parameter_is_a_config_field_or_one_of_a_recording(path):
    of_recording = {*OwnData.model_fields, *ImportOptions.model_fields}
    legal = of_recording if path.stem == "07_own_data" else {"run_dir", "resume", *FIELDS}
    legal |= {"03_sweep": {"notebook"}, "06_plate": {"reference"}}.get(path.stem, set())
    for cell in parameters_cells(path):
        assert bound_names(cell.source) <= legal


@each_training_notebook
def test_the_panel_is_given_what_only_the_notebook_reads(path):
    """Else the parameters cell that it writes would lack it."""
    [cell] = parameters_cells(path)
    sources = (each.source for each in nbformat.read(path, as_version=4).cells if each.cell_type == "code")
    [panel] = [each for each in sources if "TrainPanel(" in each and "import" not in each]
    for name in bound_names(cell.source) - {"run_dir", "resume", *FIELDS}:
        assert f'"{name}": {name}' in panel


@each_notebook
def test_each_parameter_and_each_key_of_a_dict_is_one_line_with_a_plain_value_and_a_comment(path):
    source = "\n".join(cell.source for cell in parameters_cells(path))
    lines = source.splitlines()
    for statement in ast.parse(source).body:
        assert isinstance(statement, ast.Assign), f"not a plain assignment: {ast.unparse(statement)}"
        assert isinstance(ast.literal_eval(statement.value), int | float | bool | str | list | None)
        values = [value for each in ast.walk(statement) if isinstance(each, ast.Dict) for value in each.values]
        for value in values or [statement]:
            assert value.lineno == value.end_lineno
            assert lines[value.lineno - 1][value.end_col_offset :].lstrip(", ").startswith("# ")
