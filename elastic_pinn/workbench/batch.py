"""One notebook, run headless from its first cell to its last; the only importer of papermill."""

import ast
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from nbformat.sign import NotebookNotary

from elastic_pinn.config import Config
from elastic_pinn.storage import replace_file

Value = bool | int | float | str | list[int] | list[float] | list[str]


class NotebookError(RuntimeError):
    """A cell of a notebook failed; the text names the cell, the error and where the executed copy lies."""


def parameters_of(notebook: Path) -> dict[str, Value]:
    """Names and plain values of a notebook's parameters cell; {} where it has none.

    Raises FileNotFoundError for a notebook that is not there.
    """
    cells = nbformat.read(notebook, as_version=4).cells
    sources = [cell.source for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    found = {}
    for statement in ast.parse("\n".join(sources)).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                found[statement.targets[0].id] = ast.literal_eval(statement.value)
            except ValueError:  # a notebook of somebody's own, with more than plain values
                continue
    return found


def check(notebook: Path, given: Mapping[str, Value]) -> None:
    """Refuse, before a kernel is started, what the notebook would refuse in its first cell, or papermill ignore.

    Raises ConfigError for a name that is unknown, or for values that are not legal with the notebook's own.
    """
    own = {name: value for name, value in parameters_of(notebook).items() if name in Config.model_fields}
    Config.from_namespace(own | dict(given))


def run_notebook(notebook: Path, run_dir: Path, parameters: Mapping[str, Value] | None = None) -> Path:
    """Run a notebook with its `run_dir` set to the given folder, and pass on what it prints as it comes.

    Args:
        notebook: the notebook, which is left as it is.
        run_dir: the run directory, made here where it does not exist.
        parameters: values for names of the notebook's parameters cell, or for any field of the config.

    Returns:
        The executed copy, `run_dir/notebook.ipynb`: written as the run goes on, kept when a cell fails, and trusted by
        JupyterLab, which then shows its panel.

    Raises:
        ConfigError: a parameter has no legal name, or no legal value.
        NotebookError: a cell failed, or the kernel died. The summary then says "failed", unless training was over.
    """
    given = {**(parameters or {}), "run_dir": str(run_dir.resolve())}
    check(notebook, given)
    run_dir.mkdir(parents=True, exist_ok=True)
    executed = run_dir / "notebook.ipynb"
    try:
        papermill.execute_notebook(
            notebook,
            executed,
            given,
            kernel_name="python3",
            progress_bar=False,
            stdout_file=sys.stdout,
            stderr_file=sys.stderr,
        )
    except (papermill.PapermillExecutionError, DeadKernelError) as error:
        fault = _told(error)
        _summarise_failure(run_dir, fault)
        raise NotebookError(
            f"{notebook.name} failed {fault}\nThe executed copy with the whole traceback is {executed}"
        ) from error
    finally:
        if executed.exists():
            NotebookNotary().sign(nbformat.read(executed, as_version=4))
    return executed


def _told(error: Exception) -> str:
    """Where a notebook failed, and why."""
    if isinstance(error, papermill.PapermillExecutionError):
        return f"in its cell [{error.exec_count}], {error.ename}: {error.evalue}"
    return f"as its kernel died: {error}"


def _summarise_failure(run_dir: Path, fault: str) -> None:
    """Say so in the summary, where training has not said how it ended itself."""
    path = run_dir / "summary.json"
    summary = json.loads(path.read_bytes()) if path.exists() else {"step": 0, "wall_s": 0.0, "checkpoint": None}
    if summary.get("status", "running") == "running":
        failed = summary | {"status": "failed", "reason": f"its notebook failed {fault}"}
        replace_file(path, json.dumps(failed, indent=2).encode())
