"""Explore one checkpoint: its wavefield over time, traces, numbers, bytes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from threading import Lock

import ipywidgets as widgets

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.paths import from_root, project_root
from elastic_pinn.physics import Problem
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.run import Checkpoint, Run, load_checkpoint
from elastic_pinn.workbench.exports.wavefields import export, export_path
from elastic_pinn.workbench.figures.style.picture import Picture
from elastic_pinn.workbench.panels.exploration.tabs import CheckpointTabs
from elastic_pinn.workbench.panels.widgets.background import Background
from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge
from elastic_pinn.workbench.panels.widgets.checkpoint_list import newest_checkpoints
from elastic_pinn.workbench.panels.widgets.dark_theme import dark_theme
from elastic_pinn.workbench.panels.widgets.rows import row
from elastic_pinn.workbench.panels.widgets.status_line import StatusLine
from elastic_pinn.workbench.panels.widgets.tooltips import tooltips
from elastic_pinn.workbench.quantities import GridFields
from elastic_pinn.workbench.run_folders import RUNS

LEGAL = "a run's folder or a checkpoint's file (.h5), from the project's root, or the URL of either"


class ExplorePanel(widgets.VBox):
    """A choice of a checkpoint, and its contents.

    location: a run (its newest checkpoint) or a checkpoint, from the project's root; "" for the newest checkpoint under
    runs/. isolated: read it in a child process, as is advisable for a file from an unknown source. problem: the user's
    own, or the function that makes it, of a run that has one.
    """

    def __init__(
        self, location: str = "", isolated: bool = False, problem: Problem | ProblemMaker | None = None
    ) -> None:
        self._problem = problem
        self._opened: CheckpointTabs | None = None
        self._last_request, self._lock = 0, Lock()  # clicks arrive in several threads: only the last request is shown
        known = newest_checkpoints(project_root() / RUNS)
        self._location = widgets.Combobox(
            value=location or (str(known[0]) if known else ""), options=list(map(str, known)),
            description="Checkpoint", continuous_update=False, tooltip=LEGAL, layout={"flex": "1 1 400px"},
        )  # fmt: skip
        self._isolated = widgets.Checkbox(isolated, description="isolated", indent=False, layout={"width": "auto"})
        verify = widgets.Button(
            description="Verify", icon="check", tooltip="read every byte anew, in a process of its own",
            layout={"width": "auto"},
        )  # fmt: skip
        verify.on_click(lambda _: self._verify())
        self._message, self._background = StatusLine(), Background(self._show_message)
        acknowledge(self._location, self._isolated)
        self._row = row([self._location, self._isolated, verify, tooltips(self._location, verify)])
        self._style = dark_theme()
        super().__init__([self._row, self._message, self._style])
        self._location.observe(lambda _: self._open(), "value")
        self._isolated.observe(lambda _: self._open(), "value")
        self._open()

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The open checkpoint; None while none is open."""
        return self._opened.checkpoint if self._opened else None

    def figure(self) -> Picture | None:
        """Return the visible view as a new figure; None while no checkpoint is open."""
        return self._opened.figure() if self._opened else None

    def _open(self) -> None:
        """Open the checkpoint in the field; if that fails, show the fault and keep the open one."""
        with self._lock:
            self._last_request += 1
            number, location = self._last_request, self._location.value.strip()
            self._show_message(
                "", f"reading {location} ..." if location else f"{self._prompt()}{self._still_open_text()}"
            )
        if not location:
            return
        try:
            opened, fault = self._tabs(self._read(location)), ""
        except (ElasticPinnError, OSError, ValueError) as error:
            opened, fault = None, str(error).rstrip(".")
        with self._lock:
            if number != self._last_request:
                return
            if opened is None:
                self._show_message("not opened", f"{fault}. What can be opened: {LEGAL}.{self._still_open_text()}")
                return
            self._opened, self.children = opened, (self._row, self._message, opened, self._style)
            found = opened.checkpoint
            without = f". Without its problem: {opened.fault}" if opened.fault else ""
            told = f"{found.path}: step {found.step:,}, written {found.snapshot.created}{without}"
            self._show_message("open", told)

    def _read(self, location: str) -> Checkpoint:
        path = location if "://" in location else str(from_root(location))
        isolated = self._isolated.value
        is_file = path.endswith(".h5") or Path(path).is_file()
        return load_checkpoint(path, isolated) if is_file else Run(path).latest(isolated)

    def _tabs(self, checkpoint: Checkpoint) -> CheckpointTabs:
        problem = self._problem if checkpoint.config.problem == "own" else None
        return CheckpointTabs(checkpoint, partial(self._export, checkpoint), problem)

    def _prompt(self) -> str:
        nothing = f"no checkpoint under {project_root() / RUNS}: train one with 01_forward or 02_inverse"
        return "choose a checkpoint." if self._location.options else nothing

    def _still_open_text(self) -> str:
        return f" {self._opened.checkpoint.path} stays open." if self._opened else ""

    def _export(self, checkpoint: Checkpoint, fields: GridFields, name: str, ending: str) -> None:
        path = export_path(checkpoint.path, name, ending)
        self._background.submit(f"writing {path}", lambda: export(fields, name, path), lambda _: f"written: {path}")

    def _verify(self) -> None:
        if self.checkpoint:
            path = self.checkpoint.path
            self._background.submit(
                f"verifying {path}",
                lambda: load_checkpoint(path, isolated=True).model(),
                lambda _: f"every byte of {path} is good",
            )

    def _show_message(self, status: str, text: str) -> None:
        self._message.show(status, text)
