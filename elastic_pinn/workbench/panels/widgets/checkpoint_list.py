"""A list of runs, and of the checkpoints of the chosen one, to resume from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import ipywidgets as widgets

from elastic_pinn.paths import project_root
from elastic_pinn.run import Run
from elastic_pinn.storage import CHECKPOINTS
from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge
from elastic_pinn.workbench.panels.widgets.tooltips import tooltips
from elastic_pinn.workbench.run_folders import RUNS
from elastic_pinn.workbench.run_table import find_runs

NONE = ""
MOST = 500  # entries: the newest


class CheckpointList(widgets.HBox):
    """A list of the runs under runs/, and one of the checkpoints of the chosen run; the newest first, with a refresh
    button.

    on_choice: called after each choice.
    """

    def __init__(self, on_choice: Callable[[], None]) -> None:
        style = {"description_width": "initial"}
        self._on_choice = on_choice
        self._runs = widgets.Dropdown(
            description="Resume from", style=style, layout={"width": "auto", "flex": "1 1 280px", "min_width": "0"},
            tooltip="the run that Resume goes on with, in its own run directory; the fields above take its values",
        )  # fmt: skip
        self._checkpoints = widgets.Dropdown(
            description="at", style=style, layout={"width": "auto", "flex": "1 1 280px", "min_width": "0"},
            tooltip="the checkpoint of that run",
        )  # fmt: skip
        self._refresh = refresh = widgets.Button(
            icon="refresh", tooltip="read the list of runs anew", layout={"width": "40px"}
        )
        refresh.on_click(lambda _: self.refresh())
        super().__init__([self._runs, self._checkpoints, refresh, tooltips(self._runs, self._checkpoints)])
        self._is_reading = False
        self.refresh()
        acknowledge(self._runs, self._checkpoints)
        self._runs.observe(lambda _: self._choose_run(), "value")
        self._checkpoints.observe(lambda _: self._choose_checkpoint(), "value")

    @property
    def chosen(self) -> Path | None:
        """The selected checkpoint; None for the newest of the panel's own run."""
        return self._checkpoints.value or None

    def refresh(self) -> None:
        """Read the lists again; keep the selection if it still exists."""
        run, checkpoint = self._runs.value, self.chosen
        folder = project_root() / RUNS
        found = [(str(path.relative_to(folder)), path) for path in newest_runs(folder)]
        with self._reading():
            self._runs.options = [("the newest checkpoint of this panel's run", NONE), *found]
            self._runs.value = run if any(path == run for _, path in found) else NONE
            self._list_checkpoints(checkpoint)
        if self.chosen != checkpoint:
            self._on_choice()

    def enable(self, is_enabled: bool) -> None:
        """Enable or disable the lists."""
        for child in (self._runs, self._checkpoints, self._refresh):
            child.disabled = not is_enabled

    def forget(self) -> None:
        """Clear the selection."""
        self._runs.value = NONE

    def _choose_run(self) -> None:
        if not self._is_reading:
            with self._reading():
                self._list_checkpoints()
            self._on_choice()

    def _choose_checkpoint(self) -> None:
        if not self._is_reading:
            self._on_choice()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Take no change of the lists for a choice."""
        self._is_reading = True
        try:
            yield
        finally:
            self._is_reading = False

    def _list_checkpoints(self, chosen: Path | None = None) -> None:
        """List the checkpoints of the chosen run; choose one that is there, or else the newest."""
        run = self._runs.value
        found = list(_checkpoints(run)) if run else []
        self._checkpoints.layout.display = None if run else "none"
        self._checkpoints.options = found or [("no checkpoint", NONE)]
        paths = [path for _, path in self._checkpoints.options]
        self._checkpoints.value = chosen if chosen in paths else paths[0]


def newest_runs(folder: Path) -> list[Path]:
    """Return the directories of the runs with checkpoints below a folder, that with the newest one first."""
    runs = [run_dir for run_dir in find_runs(folder) if (run_dir / CHECKPOINTS).is_dir()]
    return sorted(runs, key=_written, reverse=True)


def newest_checkpoints(folder: Path) -> list[Path]:
    """Return the paths of the checkpoints of each run below a folder, the newest first."""
    every = (path for run_dir in newest_runs(folder) for _, path in _checkpoints(run_dir))
    return list(islice(every, MOST))


def _checkpoints(run_dir: Path) -> Iterator[tuple[str, Path]]:
    """Yield a description and the path of each checkpoint of a run, the newest first."""
    for entry in reversed(Run(run_dir).checkpoints()):
        header = entry.header
        yield (
            f"step {header.step:,} (g{header.generation}) · {header.metric_name} {header.metric:.2e}",
            Path(entry.path),
        )


def _written(run_dir: Path) -> float:
    """Return when the newest checkpoint was written."""
    return (run_dir / CHECKPOINTS).stat().st_mtime
