"""The estimated error of a run's newest checkpoint, when a click asks for it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from elastic_pinn.physics import Problem
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.readable import percent
from elastic_pinn.run import Run
from elastic_pinn.workbench.panels.widgets.background import Background
from elastic_pinn.workbench.panels.widgets.status_line import StatusLine


class ErrorLine(StatusLine):
    """A line of text: empty for each run, until `estimate`."""

    def __init__(self) -> None:
        super().__init__()
        self.begin(Path())

    def begin(self, run_dir: Path) -> None:
        """Forget what was estimated of another run; what is still estimated of it is not shown."""
        self._run_dir, self.value = run_dir, ""
        self._background = Background(partial(self._report, run_dir))

    def estimate(self, own: Problem | ProblemMaker | None) -> None:
        """Estimate the error in a thread, while training goes on. own: the user's problem, as train() takes it."""
        work = partial(_estimated, self._run_dir, own)
        self._background.submit("estimating the error of the newest checkpoint", work, str)

    def _report(self, run_dir: Path, status: str, text: str) -> None:
        if run_dir == self._run_dir:
            self.show("failed" if status == "failed" else "", text)


def _estimated(run_dir: Path, own: Problem | ProblemMaker | None) -> str:
    checkpoint = Run(run_dir).latest()
    found = checkpoint.estimate_error(own)
    errors = f"{percent(found.displacement)} of the displacement, {percent(found.stress)} of the stress"
    return f"estimated error at step {checkpoint.step:,}: {errors}"
