"""The executed copy of a notebook, in its run directory."""

from __future__ import annotations

import logging
import socket
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

import nbformat
from nbformat.sign import NotebookNotary

from elastic_pinn.storage import HeldFolder, replace_file
from elastic_pinn.summary import Summary
from elastic_pinn.workbench.batch.notebook import EXECUTED_FILE
from elastic_pinn.workbench.batch.supervisor import Supervisor

logger = logging.getLogger(__name__)


class ExecutedCopy:
    """Where a notebook's executed copy is written: in the run directory, or to a temporary folder first.

    The temporary folder is used if the run directory contains a run already, until the notebook's kernel trains it,
    since a refused resume must not replace that run's own copy. It is also used once the run directory is lost, since
    that of another run may have replaced it. Use it as a context manager, which removes the temporary folder.

    Arguments:
        run_dir: the run directory, which must exist.
        before: the run's summary when the notebook began.
        supervisor: of the notebook's kernel.

    Attributes:
        path: the final path, run_dir/notebook.ipynb.
        draft: the path in the temporary folder, to which papermill also writes the copy at the end.
        held_a_run: whether the run directory contained a run.
    """

    def __init__(self, run_dir: Path, before: Summary, supervisor: Supervisor) -> None:
        self._run_dir, self._before, self._supervisor = run_dir, before, supervisor
        self.path, self.held_a_run = run_dir / EXECUTED_FILE, (run_dir / "config.json").exists()
        self._folder = HeldFolder(run_dir)
        self._aside = TemporaryDirectory(prefix="elastic_pinn-")
        self.draft = Path(self._aside.name) / EXECUTED_FILE
        self._newest = self.draft if self.held_a_run else self.path

    @property
    def has_started_training(self) -> bool:
        """Whether the notebook's kernel has started to train in this run directory."""
        summary = Summary.of(self._run_dir)
        mine = (summary.pid, summary.host) == (self._supervisor.kernel, socket.gethostname())
        return mine and summary.started != self._before.started

    @property
    def is_lost(self) -> bool:
        """Whether the folder has been removed, moved or replaced."""
        return bool(self._folder.loss)

    def current_path(self) -> Path:
        """Return where the copy is written at present."""
        is_there = (self._newest == self.path or self.has_started_training) and not self.is_lost
        self._newest = self.path if is_there else self.draft
        return self._newest

    def finish(self, is_whole: bool) -> None:
        """Write the copy to its final path and sign it, so that JupyterLab trusts it and shows its panels.

        If the folder is lost, the final path is in the folder's new location, or beside its old one.
        is_whole: whether papermill has written the complete copy, which it does unless the kernel died.
        """
        if self.is_lost:
            moved = self._folder.moved_to
            beside = self._run_dir.with_name(f"{self._run_dir.name}-lost-{EXECUTED_FILE}")
            self.path = moved / EXECUTED_FILE if moved else beside
        if is_whole or self._newest == self.draft:
            notebook = nbformat.read(self.draft, as_version=4)
            notebook.metadata.papermill["output_path"] = str(self.path)
            replace_file(self.path, nbformat.writes(notebook).encode())
        try:
            NotebookNotary().sign(nbformat.read(self.path, as_version=4))
        except Exception as error:  # an unsigned copy does no harm to the run
            logger.warning("%s could not be signed: %s", self.path, error)

    @property
    def last_line(self) -> str:
        """The last line that a cell printed to stderr; "" if there is none."""
        try:
            cells = nbformat.read(self._newest, as_version=4).cells
        except (OSError, ValueError):
            return ""
        outputs = [output for cell in cells for output in cell.get("outputs", ())]
        texts = [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
        return next((line.strip() for line in reversed("\n".join(texts).splitlines()) if line.strip()), "")

    def __enter__(self) -> ExecutedCopy:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._folder.close()
        self._aside.cleanup()
