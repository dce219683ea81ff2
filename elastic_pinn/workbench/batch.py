"""One notebook, run headless from its first cell to its last; the only importer of papermill."""

import sys
from collections.abc import Mapping
from pathlib import Path

import papermill

from elastic_pinn.config import BESIDE_CONFIG, Config

Value = bool | int | float | str | list[int] | list[float] | list[str]


class NotebookError(RuntimeError):
    """A cell of a notebook failed; the text names the cell, the error and where the executed copy lies."""


def check_names(parameters: Mapping[str, Value]) -> None:
    """Refuse, before a kernel is started, names that papermill itself would only log and then ignore.

    Raises:
        ConfigError: names what is unknown, the nearest legal name and all of them.
    """
    unknown = set(parameters) - set(Config.model_fields) - set(BESIDE_CONFIG)
    if unknown:
        Config(**{name: parameters[name] for name in sorted(unknown)})  # raises: it knows none of them


def run_notebook(notebook: Path, run_dir: Path, parameters: Mapping[str, Value] | None = None) -> Path:
    """Run a notebook with its `run_dir` set to the given folder, and pass on what it prints as it comes.

    Args:
        notebook: the notebook, which is left as it is.
        run_dir: the run directory, made here where it does not exist.
        parameters: values for names of the notebook's parameters cell, or for any field of the config.

    Returns:
        The executed copy, `run_dir/notebook.ipynb`: written as the run goes on, and kept when a cell fails.

    Raises:
        ConfigError: a parameter has no legal name.
        NotebookError: a cell failed.
    """
    given = {**(parameters or {}), "run_dir": str(run_dir.resolve())}
    check_names(given)
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
    except papermill.PapermillExecutionError as error:
        raise NotebookError(
            f"{notebook.name} failed in its cell [{error.exec_count}], {error.ename}: {error.evalue}\n"
            f"The executed copy with the whole traceback is {executed}"
        ) from error
    return executed
