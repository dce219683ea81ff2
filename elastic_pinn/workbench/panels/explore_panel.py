"""Look into one checkpoint: its wavefield over time, traces, numbers, bytes."""

from __future__ import annotations

import html
from pathlib import Path, PurePosixPath

import ipywidgets as widgets
import numpy as np
import torch

from elastic_pinn.config import ConfigError, project_root
from elastic_pinn.physics import Problem, problem_from
from elastic_pinn.physics.receivers import ReceiverFileError
from elastic_pinn.run import Checkpoint, Run, load_checkpoint
from elastic_pinn.storage import CHECKPOINTS, CheckpointError
from elastic_pinn.workbench.contents import lines_of
from elastic_pinn.workbench.fields import QUANTITIES, Fields
from elastic_pinn.workbench.figures.fields import Map, histogram, trace
from elastic_pinn.workbench.figures.picture import Picture
from elastic_pinn.workbench.folders import RUNS
from elastic_pinn.workbench.movie import WRITERS, write
from elastic_pinn.workbench.panels.answers import answer
from elastic_pinn.workbench.panels.background import Background
from elastic_pinn.workbench.panels.checkpoint_list import newest_checkpoints
from elastic_pinn.workbench.panels.views import View

NODES, INSTANTS, FRAME_MS = 200, 41, 250
EXPORTS = "exports"  # the folder below runs/ that exports go to, in a folder of the run's name


class ExplorePanel(widgets.VBox):
    """A checkpoint to choose, and what is in it.

    place: a run (its newest checkpoint) or a checkpoint, from the project's root; "" for the newest checkpoint under
    runs/. isolated: read it in a process of its own, as a file from people whom you do not know should be.

    Attributes:
        checkpoint: what is looked at; None as long as nothing is.
    """

    def __init__(self, place: str = "", isolated: bool = False) -> None:
        self.checkpoint: Checkpoint | None = None
        self._maps: dict[str, Map] = {}
        known = newest_checkpoints(project_root() / RUNS)
        tip = "a run's folder or a checkpoint's file, from the project's root, or a URL"
        self._place = widgets.Combobox(
            value=place or (str(known[0][1]) if known else ""), options=[str(path) for _, path in known],
            description="Checkpoint", continuous_update=False, tooltip=tip, layout={"flex": "1 1 400px"},
        )  # fmt: skip
        self._isolated = widgets.Checkbox(isolated, description="isolated", indent=False, layout={"width": "auto"})
        verify = widgets.Button(
            description="Verify", icon="check", tooltip="read every byte anew, in a process of its own",
            layout={"width": "auto"},
        )  # fmt: skip
        verify.on_click(lambda _: self._verify())
        self._said, self._background = widgets.HTML(), Background(self._say)
        self._tabs = widgets.Tab(layout={"display": "none"})
        answer(self._place, self._isolated, self._tabs)
        row = widgets.HBox([self._place, self._isolated, verify], layout={"align_items": "center"})
        super().__init__([row, self._said, self._tabs])
        self._place.observe(lambda _: self._open(), "value")
        self._isolated.observe(lambda _: self._open(), "value")
        self._tabs.observe(lambda _: self._draw(), "selected_index")
        self._open()

    def figure(self, name: str = "magnitude") -> Picture:
        """A quantity at the end of the window, of the checkpoint that is open."""
        return Map(self._fields, name).at(self._fields.end)

    def _open(self) -> None:
        """Read what the field names; say what is wrong where that cannot be."""
        self.checkpoint, self._maps, self._tabs.layout.display = None, {}, "none"
        if not (place := self._place.value.strip()):
            nothing = f"no checkpoint under {project_root() / RUNS}: train one with 01_forward or 02_inverse"
            self._say("", "choose a checkpoint" if self._place.options else nothing)
            return
        try:
            found = self._read(place)
            self._fields = Fields(found.model(), NODES)
        except (CheckpointError, FileNotFoundError) as error:
            self._say("not opened", str(error))
            return
        self.checkpoint, self._problem = found, _problem_if_known(found)
        self._say("open", f"{found.path}: step {found.step:,}, written {found.snapshot.created}")
        self._show(found)

    def _read(self, place: str) -> Checkpoint:
        path = place if "://" in place else str(project_root() / place)
        isolated = self._isolated.value
        return load_checkpoint(path, isolated) if path.endswith(".h5") else Run(path).latest(isolated)

    def _show(self, found: Checkpoint) -> None:
        views = {
            "Field": self._field_view(),
            "Trace": self._trace_view(found),
            "Numbers": View(lambda: _histogram(found)),
            "Contents": widgets.HTML(f"<pre>{html.escape(chr(10).join(lines_of(found.snapshot)))}</pre>"),
        }
        self._tabs.children, self._tabs.titles = tuple(views.values()), tuple(views)
        self._tabs.selected_index, self._tabs.layout.display = 0, None
        self._draw()

    def _draw(self) -> None:
        shown = self._tabs.children[self._tabs.selected_index or 0] if self._tabs.children else None
        if isinstance(shown, View):
            shown.draw()

    def _field_view(self) -> View:
        quantity = widgets.Dropdown(options=list(QUANTITIES), description="Quantity", layout={"width": "auto"})
        instant = widgets.IntSlider(
            max=INSTANTS - 1, description="t", readout=False, tooltip="the instant shown, over the time window"
        )
        play = widgets.Play(max=INSTANTS - 1, interval=FRAME_MS, description="Play")
        widgets.jslink((play, "value"), (instant, "value"))
        times = np.linspace(self._fields.start, self._fields.end, INSTANTS)
        exports = [self._export_button(ending, quantity) for ending in WRITERS]
        controls = widgets.HBox([quantity, play, instant, *exports], layout={"flex_flow": "row wrap"})
        view = View(lambda: self._map(quantity.value).at(times[instant.value]), quantity, instant)
        view.children = (controls, view.children[-1])
        return view

    def _trace_view(self, found: Checkpoint) -> View:
        fields = self._fields
        middle = [float(f"{axis.mean():.4g}") for axis in (fields.x, fields.y)]
        x, y = (
            widgets.BoundedFloatText(
                start, min=axis[0], max=axis[-1], step=(axis[-1] - axis[0]) / 50, description=f"{name} (m)"
            )
            for name, axis, start in zip("xy", (fields.x, fields.y), middle, strict=True)
        )
        predict, window, problem = found.predict, (fields.start, fields.end), self._problem
        return View(lambda: trace(predict, window, x.value, y.value, problem), x, y)

    def _map(self, name: str) -> Map:
        if name not in self._maps:
            self._maps[name] = Map(self._fields, name)
        return self._maps[name]

    def _export_button(self, ending: str, quantity: widgets.Dropdown) -> widgets.Button:
        button = widgets.Button(
            description=ending.upper(), icon="download", layout={"width": "auto"},
            tooltip=f"write the quantity over all times as .{ending}, into {RUNS}/{EXPORTS}/RUN",
        )  # fmt: skip
        button.on_click(lambda _: self._export(ending, quantity.value))
        return button

    def _export(self, ending: str, name: str) -> None:
        if self.checkpoint:
            fields, path = self._fields, export_path(self.checkpoint.path, name, ending)
            self._background.do(f"writing {path}", lambda: write(fields, name, path), f"written: {path}")

    def _verify(self) -> None:
        if self.checkpoint:
            path = self.checkpoint.path
            self._background.do(
                f"verifying {path}",
                lambda: load_checkpoint(path, isolated=True).model(),
                f"every byte of {path} is good",
            )

    def _say(self, status: str, text: str) -> None:
        self._said.value = f"<b>{status}</b> {html.escape(text)}"


def export_path(checkpoint: Path | str, name: str, ending: str) -> Path:
    """Where a quantity of a checkpoint is written: runs/exports/RUN/STEP-QUANTITY.ENDING."""
    file, runs = PurePosixPath(checkpoint), project_root() / RUNS
    run = file.parent.parent if file.parent.name == CHECKPOINTS else file.parent
    return (
        runs
        / EXPORTS
        / (run.relative_to(runs) if run.is_relative_to(runs) else run.name)
        / f"{file.stem}-{name}.{ending}"
    )


def _problem_if_known(checkpoint: Checkpoint) -> Problem | None:
    """What was solved; None for a problem of somebody's own, or where its data are not here."""
    try:
        return problem_from(checkpoint.config)
    except (ConfigError, ReceiverFileError):
        return None


def _histogram(checkpoint: Checkpoint) -> Picture:
    contents = checkpoint.snapshot
    weights = [weight.numpy().ravel() for weight in contents.weights.values() if weight.is_floating_point()]
    moments = {
        name: np.concatenate([value.numpy().ravel() for value in _tensors(values)] or [np.zeros(0)])
        for name, values in contents.state.get("optimizer", {}).items()
    }
    return histogram({"weights": np.concatenate(weights)} | {k: v for k, v in moments.items() if v.size > 1})


def _tensors(tree: object) -> list[torch.Tensor]:
    """All floating-point tensors in lists of lists, but for counters."""
    if isinstance(tree, list | tuple):
        return [tensor for item in tree for tensor in _tensors(item)]
    return [tree] if isinstance(tree, torch.Tensor) and tree.is_floating_point() and tree.ndim else []
