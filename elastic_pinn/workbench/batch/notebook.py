"""One notebook, run headless from its first cell to its last."""

from __future__ import annotations

import ast
import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from nbformat.sign import NotebookNotary

from elastic_pinn.config import Config
from elastic_pinn.storage import replace_file
from elastic_pinn.workbench.batch.kernels import ENGINE, Leash

logging.getLogger("papermill").setLevel(logging.ERROR)  # it warns of names that `Notebook.config` has found legal

Value = bool | int | float | str | list[int] | list[float] | list[str]

EXECUTED = "executed"  # what a summary says under "notebook" when every cell ran


class NotebookError(RuntimeError):
    """A notebook did not come to its end; the text names the cell, the error and where the executed copy lies.

    Attributes:
        fault: where and why.
        name: of the exception that a cell raised; "" where the kernel died.
    """

    def __init__(self, notebook: str, fault: str, name: str, executed: Path) -> None:
        super().__init__(f"{notebook} failed {fault}\nThe executed copy with the whole traceback is {executed}")
        self.fault, self.name = fault, name

    @property
    def is_dead_kernel(self) -> bool:
        """Whether it was no cell that failed: the kernel was killed, or crashed."""
        return not self.name


@dataclass(frozen=True)
class Notebook:
    """A notebook as it was read; it can be sent to where its file is not.

    Attributes:
        name: its file's name, without .ipynb.
        text: the file's content, JSON.
    """

    name: str
    text: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """The notebook in a file. Raises FileNotFoundError, and ValueError for a file that holds none."""
        return cls(path.stem, nbformat.writes(nbformat.read(path, as_version=4)))

    @cached_property
    def parameters(self) -> dict[str, Value]:
        """Names and plain values of its parameters cell; {} where it has none."""
        cells = json.loads(self.text)["cells"]
        sources = ["".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
        found = {}
        for statement in ast.parse("\n".join(sources)).body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                try:
                    found[statement.targets[0].id] = ast.literal_eval(statement.value)
                except ValueError:  # a notebook of somebody's own, with more than plain values
                    continue
        return found

    def config(self, given: Mapping[str, Value]) -> Config:
        """The config that it makes of its own parameters and those given.

        Raises ConfigError for what it would refuse in its first cell, or papermill ignore: a name that is unknown, and
        values that are not legal with the notebook's own.
        """
        own = {name: value for name, value in self.parameters.items() if name in Config.model_fields}
        return Config.from_namespace(own | dict(given))


def run_notebook(
    notebook: Notebook,
    run_dir: Path,
    parameters: Mapping[str, Value] | None = None,
    leash: Leash | None = None,
    aloud: bool = True,
) -> Path:
    """Run a notebook with its `run_dir` set to the given folder.

    Args:
        notebook: what to run.
        run_dir: the run directory, made here where it does not exist.
        parameters: values for names of the notebook's parameters cell, or for any field of the config.
        leash: what may stop it from outside.
        aloud: whether what it prints is passed on as it comes.

    Returns:
        The executed copy, `run_dir/notebook.ipynb`: written as the run goes on, kept when a cell fails, and trusted by
        JupyterLab, which then shows its panel. The run's summary then says "executed" under "notebook".

    Raises:
        ConfigError: a parameter has no legal name, or no legal value.
        NotebookError: a cell failed, or the kernel died. Unless training was completed, the summary then says "failed",
            or "stopped" where somebody pulled the leash.
    """
    given = {**(parameters or {}), "run_dir": str(run_dir.resolve())}
    notebook.config(given)
    leash = leash or Leash()
    run_dir.mkdir(parents=True, exist_ok=True)
    executed = run_dir / "notebook.ipynb"
    try:
        papermill.execute_notebook(
            nbformat.reads(notebook.text, as_version=4),
            executed,
            given,
            engine_name=ENGINE,
            kernel_name="python3",
            progress_bar=False,
            leash=leash,
            stdout_file=sys.stdout if aloud else None,
            stderr_file=sys.stderr if aloud else None,
        )
    except (papermill.PapermillExecutionError, DeadKernelError) as error:
        fault, name = _told(error)
        _summarise_end(run_dir, leash, fault)
        raise NotebookError(f"{notebook.name}.ipynb", fault, name, executed) from error
    finally:
        if executed.exists():
            NotebookNotary().sign(nbformat.read(executed, as_version=4))
    _summarise_end(run_dir, leash)
    return executed


def send_to_mirror(run_dir: Path) -> None:
    """Copy a run's notebook and figures to where its checkpoints have their copies, if anywhere."""
    mirror = read_summary(run_dir).get("mirror")
    if not mirror:
        return
    from elastic_pinn.storage.remote.folder import RemoteFolder  # only those who use a remote store need fsspec

    folder = RemoteFolder(mirror)
    for path in (run_dir / "notebook.ipynb", *(run_dir / "figures").glob("*")):
        folder.replace(str(path.relative_to(run_dir)), path.read_bytes())


def update_summary(run_dir: Path, changes: Mapping[str, Any]) -> None:
    """Change some of what a run's summary says, here and in its copy, if there is one; nobody may be training it."""
    summary = {**read_summary(run_dir), **changes}
    text = json.dumps(summary, indent=2).encode()
    replace_file(run_dir / "summary.json", text)
    if mirror := summary.get("mirror"):
        from elastic_pinn.storage.remote.folder import RemoteFolder  # only those who use a remote store need fsspec

        RemoteFolder(mirror).replace("summary.json", text)


def read_summary(run_dir: Path) -> dict[str, Any]:
    """What the summary of a run here says; of one that was not begun, what it would say first."""
    path = run_dir / "summary.json"
    return json.loads(path.read_bytes()) if path.exists() else {"step": 0, "wall_s": 0.0, "checkpoint": None}


def _told(error: Exception) -> tuple[str, str]:
    """Where a notebook failed and why, and the name of the exception that a cell raised."""
    if isinstance(error, papermill.PapermillExecutionError):
        return f"in its cell [{error.exec_count}], {error.ename}: {error.evalue}", error.ename
    return f"as its kernel died: {error}", ""


def _summarise_end(run_dir: Path, leash: Leash, fault: str = "") -> None:
    """Say how the notebook ended; and how the run did, where training has not come to an end of its own."""
    status = read_summary(run_dir).get("status", "running")
    ended = f"failed {fault}" if fault else EXECUTED
    if status == "completed" or not (fault or leash.reason):
        changes = {"notebook": "" if leash.reason and fault else ended}  # "": the same again may bring it to its end
    elif leash.reason:
        changes = {"status": "failed" if leash.is_out_of_time else "stopped", "reason": leash.reason}
    else:
        changes = {"status": "failed", "notebook": ended}
        changes |= {"reason": f"its notebook {ended}"} if status == "running" else {}
    update_summary(run_dir, changes)
