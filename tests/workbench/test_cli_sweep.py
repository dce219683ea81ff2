"""elastic-pinn sweep and status: what is refused, in one line, with the run and the reason."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from elastic_pinn.workbench.cli import app

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def one_line(*words: object) -> tuple[int, str]:
    """The exit status, and the only line of a command that is refused."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("error: ")
    return done.exit_code, line


@pytest.fixture
def sweep(tmp_path):
    """A function that writes a sweep file of some lines, and returns its path."""

    def write(*lines: str, notebook: Path | str = NOTEBOOKS / "01_forward.ipynb") -> Path:
        path = tmp_path / "sweep.yaml"
        path.write_text("\n".join([f"notebook: {notebook}", f"directory: {tmp_path / 'runs'}", *lines]))
        return path

    return write


@pytest.mark.parametrize("words", [[], ["--dry-run"]], ids=["run", "dry-run"])
@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["grid: {stesp: [1]}"], ["the run stesp=1", "'stesp' is not a field"]),
        (["grid: {lame_lambda: [5.0e+10, -5.0e+10]}"], ["the run lame_lambda=-5e+10-", "no stable solid"]),
        (["parameters: {device: cuda:9}"], ["the run 01_forward-", "no such device"]),
        (
            ["parameters: {steps: 1}", "grid: {seed: [1]}", "parameters: {steps: 2}"],
            ["line 5", "'parameters' is there"],
        ),
        (["grid: {steps: [1, 2}"], ["sweep.yaml: line 3"]),
        (["parameters: {init_from: $NO_SUCH_NAME/a}"], ["no such variable"]),
    ],
)
def test_each_foreseen_fault_is_one_line_with_the_run_and_the_reason(sweep, tmp_path, words, lines, told):
    status, line = one_line("sweep", sweep(*lines), *words)
    assert status == 1 and all(each in line for each in told), line
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("words", [[], ["--dry-run"]], ids=["run", "dry-run"])
@pytest.mark.parametrize(("data", "told"), [("nowhere.h5", "no such file"), ("README.md", "not a whole HDF5 file")])
def test_data_that_cannot_be_used_is_one_line_with_the_run_and_the_reason(sweep, tmp_path, words, data, told):
    file = sweep(f"grid: {{data: [{data}]}}", notebook=NOTEBOOKS / "02_inverse.ipynb")
    status, line = one_line("sweep", file, *words)
    assert status == 1 and f"the run data={data}-" in line and told in line, line
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["sweep", "nowhere.yaml"], 1, "no sweep file could be read at nowhere.yaml: No such file"),
        (["sweep", "$NO_SUCH_NAME/a.yaml"], 1, "no such variable"),
        (["status", "nowhere"], 2, "nowhere is no folder of a sweep"),
        (["run", "nowhere.ipynb"], 1, "no notebook could be read at nowhere.ipynb: No such file"),
    ],
)
def test_what_is_not_there_is_named(tmp_path, monkeypatch, words, status, told):
    monkeypatch.chdir(tmp_path)
    found, line = one_line(*words)
    assert found == status and told in line


def test_a_notebook_that_is_not_there_or_cannot_be_swept_is_named(sweep):
    assert "nowhere.ipynb" in one_line("sweep", sweep(notebook="nowhere.ipynb"))[1]
    assert (
        "no parameters run_dir and resume"
        in one_line("sweep", sweep(notebook=NOTEBOOKS / "00_reference_data.ipynb"))[1]
    )
