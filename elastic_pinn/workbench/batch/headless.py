"""Run one notebook from its first cell to its last. The import takes seconds, so import this only to run one."""

from __future__ import annotations

import logging
import resource
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError

from elastic_pinn import training
from elastic_pinn.config import ConfigError
from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.storage import InUseError, owner_of
from elastic_pinn.summary import Summary
from elastic_pinn.training import RunDirectoryError
from elastic_pinn.training.lifecycle.record import amend_summary
from elastic_pinn.workbench.batch.executed_copy import ExecutedCopy
from elastic_pinn.workbench.batch.notebook import EXECUTED, RUN_DIR, Notebook, Value
from elastic_pinn.workbench.batch.notebook_kernel import ENGINE
from elastic_pinn.workbench.batch.supervisor import Supervisor
from elastic_pinn.workbench.run_folders import run_folder

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}  # of this Python environment

logger = logging.getLogger(__name__)
logging.getLogger("papermill").setLevel(logging.ERROR)  # it warns of names that `Notebook.config` has accepted


ENOUGH_FILES = 256  # a kernel has about 70 open
REFUSED = "The run that is there stays as it was, with the executed copy beside it"


class NotebookError(ElasticPinnError, RuntimeError):
    """A notebook did not finish; the text names the cell, the error and the executed copy.

    Attributes:
        fault: where and why.
        name: the class name of the exception that a cell raised; "" if the kernel died.
        is_refusal: whether resuming a run was refused; the run and its executed copy are unchanged.
    """

    def __init__(
        self, notebook: str, fault: str, name: str, executed: Path | None, was_only_drawing: bool = False
    ) -> None:
        kept = f"The executed copy with the whole traceback is {executed}" if executed else REFUSED
        ended = ": training was completed; drawing was interrupted" if was_only_drawing else " failed"
        super().__init__(f"{notebook}{ended} {fault}. {kept}")
        self.fault, self.name, self.is_refusal = fault, name, executed is None

    @property
    def is_dead_kernel(self) -> bool:
        """Whether the kernel was killed or crashed, rather than a cell failing."""
        return not self.name


def run_notebook(
    notebook: Notebook,
    run_dir: Path | None,
    parameters: Mapping[str, Value] | None = None,
    supervisor: Supervisor | None = None,
    echo_output: bool = True,
) -> Path:
    """Run a notebook with its `run_dir` set to the given folder.

    Args:
        notebook: what to run.
        run_dir: the run directory, made if it does not exist; None for a new runs/TIME-NOTEBOOK.
        parameters: values for names of the notebook's parameters cell, or for any field of the config.
        supervisor: may stop the notebook from outside.
        echo_output: whether the notebook's output is printed.

    Returns:
        The executed copy, `run_dir/notebook.ipynb`: updated during the run, kept if a cell fails, and signed, so that
        JupyterLab shows its panel. The run's summary then has "executed" under "notebook".

    Raises:
        ElasticPinnError: what `require_possible` refuses; the folder is a file, or contains a run that is not resumed.
        RunDirectoryError: another process uses the folder.
        NotebookError: a cell failed, or the kernel died. Unless training was completed, the summary's status is then
            "failed", or "stopped" if the supervisor stopped it. If resuming an existing run was refused, that run is
            not changed.
    """
    parameters, supervisor = parameters or {}, supervisor or Supervisor()
    require_possible(notebook, parameters)
    if run_dir:
        _require_free(notebook, run_dir, parameters)
    node = _with_kernel(notebook)
    run_dir = run_dir or run_folder("", notebook.name)  # after all checks, so that no empty folder is left
    run_dir.mkdir(parents=True, exist_ok=True)
    given = {**parameters, RUN_DIR: str(run_dir.resolve())}
    before = Summary.of(run_dir)
    with ExecutedCopy(run_dir, before, supervisor) as copy:
        try:
            papermill.execute_notebook(
                node,
                str(copy.draft).replace("{", "{{").replace("}", "}}"),  # papermill substitutes text in braces
                given,
                engine_name=ENGINE,
                kernel_name=KERNEL["name"],
                progress_bar=False,
                supervisor=supervisor,
                current_path=copy.current_path,
                stdout_file=sys.stdout if echo_output else None,
                stderr_file=sys.stderr if echo_output else None,
            )
        except (papermill.PapermillExecutionError, DeadKernelError) as error:
            fault, name = _fault_and_name(error, copy)
            is_refusal = copy.held_a_run and not copy.is_lost and _was_refused(copy, before, supervisor, name)
            if not is_refusal:
                if not copy.is_lost:  # otherwise the folder may be another run's
                    _summarise_end(run_dir, before, supervisor, fault)
                copy.finish(is_whole=bool(name))
            was_only_drawing = bool(supervisor.reason) and Summary.of(run_dir).status == "completed"
            kept = None if is_refusal else copy.path
            raise NotebookError(f"{notebook.name}.ipynb", fault, name, kept, was_only_drawing) from error
        if not copy.is_lost:
            _summarise_end(run_dir, before, supervisor)
        copy.finish(is_whole=True)
    return copy.path


def _was_refused(copy: ExecutedCopy, before: Summary, supervisor: Supervisor, name: str) -> bool:
    """Return whether a cell failed before it trained; train() returns a completed run without training."""
    if supervisor.reason or not name or copy.has_started_training:
        return False
    return before.status != "completed" or name in _names_below(ElasticPinnError)


def _names_below(kind: type) -> set[str]:
    """Return the names of all subclasses."""
    below: list[type] = kind.__subclasses__()
    return {name for each in below for name in {each.__name__} | _names_below(each)}


def _with_kernel(notebook: Notebook) -> nbformat.NotebookNode:
    """Return the notebook for papermill, with the kernel of this environment.

    Raises ConfigError for an invalid notebook.
    """
    node = nbformat.reads(notebook.text, as_version=4)
    node.metadata["kernelspec"] = KERNEL
    try:
        nbformat.validate(node)
    except nbformat.ValidationError as error:
        raise ConfigError(f"{notebook.name}.ipynb is no valid notebook: {error.message}") from None
    return node


def require_possible(notebook: Notebook, given: Mapping[str, Value]) -> None:
    """Refuse, before a kernel starts, what the notebook's first cells would refuse or ignore: an unknown name, an
    illegal value, a data file that is missing or unusable.

    Raises ConfigError, ProblemError, ReceiverFileError.
    """
    config = notebook.check(given)
    if config:
        training.require_possible(config)


def _require_free(notebook: Notebook, run_dir: Path, given: Mapping[str, Value]) -> None:
    """Refuse to replace the executed copy of a run that the notebook does not resume, or that another process uses."""
    if run_dir.exists() and not run_dir.is_dir():
        raise ConfigError(f"run_dir = {str(run_dir)!r} is a file: name a folder")
    if (run_dir / "config.json").exists() and notebook.directive("resume", given) in ("", "never"):
        raise ConfigError(
            f"{run_dir} already holds a run, with its executed notebook: choose another run_dir, or give resume=auto"
        )
    if owner := owner_of(run_dir):
        raise RunDirectoryError(
            f"{run_dir} is in use by {owner}. Wait for it to end, stop it, or choose another run_dir"
        )


def _fault_and_name(error: Exception, copy: ExecutedCopy) -> tuple[str, str]:
    """Return where and why a notebook failed, and the name of the exception that a cell raised."""
    if not isinstance(error, papermill.PapermillExecutionError):
        why = "" if str(error) == "Kernel died" else f": {error}"  # nbclient has no details
        return f"as its kernel died{why}{_open_files_hint()}", ""
    why = f"{error.ename}: {error.evalue}" if error.evalue else error.ename
    if not error.evalue and error.ename == "CellExecutionError":  # the kernel could not report its error
        why = f"without an error that could be shown; the last line: {copy.last_line or 'nothing'}{_open_files_hint()}"
    return f"in its cell [{error.exec_count}], {why}", error.ename


def _open_files_hint() -> str:
    """Return advice if the limit of open files is too low for a kernel; "" otherwise."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return f"; its limit is {limit} open files: raise it (`ulimit -n`)" if 0 <= limit < ENOUGH_FILES else ""


def _summarise_end(run_dir: Path, before: Summary, supervisor: Supervisor, fault: str = "") -> None:
    """Write into the summary how the notebook ended, and how the run ended unless training has written that.

    before: the summary when the notebook began.
    """
    summary = Summary.of(run_dir)
    status = summary.status or "running"
    ended = f"failed {fault}" if fault else EXECUTED
    if supervisor.has_timed_out and fault:
        ended = f"failed: {supervisor.reason}"
    if status == "completed" or not (fault or supervisor.reason):
        was_stopped = supervisor.reason and fault and not supervisor.has_timed_out
        changes = {"notebook": "" if was_stopped else ended}  # "": the same command may finish it
    elif supervisor.reason:
        changes = {"status": "failed" if supervisor.has_timed_out else "stopped", "reason": supervisor.reason}
    else:
        changes = {"status": "failed", "notebook": ended}
        was_summarised = summary != before and status != "running"  # training has written the reason itself
        changes |= {} if was_summarised else {"reason": f"its notebook {ended}"}
    try:
        amend_summary(run_dir, changes)
    except InUseError as error:  # another process uses the run and writes its own end
        logger.warning("the summary is left as it is: %s", error)
