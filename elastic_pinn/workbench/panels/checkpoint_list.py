"""A list of the checkpoints of all runs, to resume from."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import ipywidgets as widgets

from elastic_pinn.paths import project_root
from elastic_pinn.run import Run
from elastic_pinn.storage import CHECKPOINTS
from elastic_pinn.workbench.panels.callbacks import acknowledge
from elastic_pinn.workbench.panels.tooltips import tooltips
from elastic_pinn.workbench.run_folders import RUNS
from elastic_pinn.workbench.run_table import find_runs

NONE = ""
MOST = 500  # entries: the newest


class CheckpointList(widgets.HBox):
    """A list of the checkpoints under runs/, the newest first, with a refresh button.

    on_choice: called after each choice.
    """

    def __init__(self, on_choice: Callable[[], None]) -> None:
        layout = {"width": "auto", "flex": "1 1 auto", "min_width": "0"}
        style = {"description_width": "initial"}
        tooltip = "the checkpoint that Resume starts from, in its own run directory; the fields above take its values"
        self._list = widgets.Dropdown(description="Resume from", tooltip=tooltip, layout=layout, style=style)
        self._refresh = refresh = widgets.Button(
            icon="refresh", tooltip="read the list of checkpoints anew", layout={"width": "40px"}
        )
        refresh.on_click(lambda _: self.refresh())
        super().__init__([self._list, refresh, tooltips(self._list)])
        self.refresh()
        acknowledge(self._list)
        self._list.observe(lambda _: on_choice(), "value")

    @property
    def chosen(self) -> Path | None:
        """The selected checkpoint; None for the newest of the panel's own run."""
        return self._list.value or None

    def refresh(self) -> None:
        """Read the list again; keep the selection if it still exists."""
        before = self.chosen
        found = newest_checkpoints(project_root() / RUNS)
        self._list.options = [("the newest checkpoint of this panel's run", NONE), *found]
        self._list.value = before if any(path == before for _, path in found) else NONE

    def enable(self, is_enabled: bool) -> None:
        """Enable or disable the list."""
        for child in (self._list, self._refresh):
            child.disabled = not is_enabled

    def forget(self) -> None:
        """Clear the selection."""
        self._list.value = NONE


def newest_checkpoints(folder: Path) -> list[tuple[str, Path]]:
    """Return a description and the path of each checkpoint of each run below a folder, the newest first."""
    return list(islice(_checkpoints(folder), MOST))


def _checkpoints(folder: Path) -> Iterator[tuple[str, Path]]:
    runs = [run_dir for run_dir in find_runs(folder) if (run_dir / CHECKPOINTS).is_dir()]
    for run_dir in sorted(runs, key=_written, reverse=True):
        for entry in reversed(Run(run_dir).checkpoints()):
            header = entry.header
            description = f"step {header.step:,} (g{header.generation}) · {header.metric_name} {header.metric:.2e}"
            yield f"{run_dir.relative_to(folder)} · {description}", Path(entry.path)


def _written(run_dir: Path) -> float:
    """Return when the newest checkpoint was written."""
    return (run_dir / CHECKPOINTS).stat().st_mtime
