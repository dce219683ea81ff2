"""Look into one checkpoint: its wavefield over time, traces, numbers, bytes."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable
from pathlib import Path

import ipywidgets as widgets
import numpy as np
import torch

from elastic_pinn.config import ConfigError, project_root
from elastic_pinn.physics import Problem, problem_from
from elastic_pinn.physics.receivers import ReceiverFileError
from elastic_pinn.run import Checkpoint, Run
from elastic_pinn.storage import CheckpointError, Snapshot, read_isolated, read_snapshot
from elastic_pinn.workbench.cli.contents import lines_of
from elastic_pinn.workbench.fields import QUANTITIES, Fields
from elastic_pinn.workbench.figures.fields import Map, histogram, trace
from elastic_pinn.workbench.figures.picture import Picture
from elastic_pinn.workbench.folders import RUNS
from elastic_pinn.workbench.movie import WRITERS
from elastic_pinn.workbench.panels.answers import answer
from elastic_pinn.workbench.panels.checkpoint_list import newest_checkpoints
from elastic_pinn.workbench.panels.views import View

logger = logging.getLogger(__name__)

NODES, INSTANTS, FRAME_MS = 200, 41, 250
EXPORTS = "exports"  # the folder below runs/ that exports go to


class ExplorePanel(widgets.VBox):
    """A checkpoint to choose, and what is in it.

    place: a run (its newest checkpoint) or a checkpoint, from the project's root; "" for the newest checkpoint under
    runs/. A file from people whom you do not know: tick *isolated*, and it is read in a process of its own.

    Attributes:
        checkpoint: what is looked at; None as long as nothing is.
    """

    def __init__(self, place: str = "") -> None:
        self.checkpoint: Checkpoint | None = None
        self._maps: dict[str, Map] = {}
        known = newest_checkpoints(project_root() / RUNS)
        tip = "a run's folder or a checkpoint's file, from the project's root, or a URL"
        self._place = widgets.Combobox(
            value=place or (str(known[0][1]) if known else ""), options=[str(path) for _, path in known],
            description="Checkpoint", continuous_update=False, tooltip=tip, layout={"flex": "1 1 400px"},
        )  # fmt: skip
        self._isolated = widgets.Checkbox(False, description="isolated", indent=False, layout={"width": "auto"})
        verify = widgets.Button(
            description="Verify", icon="check", tooltip="read every byte anew, in a process of its own",
            layout={"width": "auto"},
        )  # fmt: skip
        verify.on_click(lambda _: self._verify())
        self._said = widgets.HTML()
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
        return self._map(name).at(self._fields.end)

    def _open(self) -> None:
        """Read what the field names; say what is wrong where that cannot be."""
        self.checkpoint, self._maps = None, {}
        if not self._place.value.strip():
            self._say("", f"no checkpoint under {project_root() / RUNS}: train one with 01_forward or 02_inverse")
            return
        try:
            self._snapshot, path = self._read()
            self.checkpoint = Checkpoint(path, self._snapshot)
            self._fields = Fields(self.checkpoint.model(), NODES)
        except (CheckpointError, FileNotFoundError) as error:
            self.checkpoint = None
            self._say("not opened", str(error))
            self._tabs.layout.display = "none"
            return
        self._problem = self._problem_if_known()
        self._say("open", f"{path}: step {self.checkpoint.step:,}, written {self._snapshot.created}")
        self._show()

    def _read(self) -> tuple[Snapshot, Path | str]:
        place = self._place.value.strip()
        path = place if "://" in place else str(project_root() / place)
        file = path if path.endswith(".h5") else Run(path).latest().path
        return (read_isolated if self._isolated.value else read_snapshot)(file), file

    def _problem_if_known(self) -> Problem | None:
        """What was solved; None for a problem of somebody's own, or where its data are not here."""
        assert self.checkpoint
        try:
            return problem_from(self.checkpoint.config)
        except (ConfigError, ReceiverFileError):
            return None

    def _show(self) -> None:
        views = {
            "Field": self._field_view(),
            "Trace": self._trace_view(),
            "Numbers": View(self._histogram),
            "Contents": widgets.HTML(f"<pre>{html.escape(chr(10).join(lines_of(self._snapshot)))}</pre>"),
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

    def _trace_view(self) -> View:
        fields = self._fields
        middle = [float(f"{axis.mean():.4g}") for axis in (fields.x, fields.y)]
        x, y = (
            widgets.BoundedFloatText(
                start, min=axis[0], max=axis[-1], step=(axis[-1] - axis[0]) / 50, description=f"{name} (m)"
            )
            for name, axis, start in zip("xy", (fields.x, fields.y), middle, strict=True)
        )
        assert self.checkpoint
        predict, window = self.checkpoint.predict, (fields.start, fields.end)
        return View(lambda: trace(predict, window, x.value, y.value, self._problem), x, y)

    def _map(self, name: str) -> Map:
        if name not in self._maps:
            self._maps[name] = Map(self._fields, name)
        return self._maps[name]

    def _histogram(self) -> Picture:
        weights = [weight.numpy().ravel() for weight in self._snapshot.weights.values() if weight.is_floating_point()]
        moments = {
            name: np.concatenate([value.numpy().ravel() for value in _tensors(values)] or [np.zeros(0)])
            for name, values in self._snapshot.state.get("optimizer", {}).items()
        }
        return histogram({"weights": np.concatenate(weights)} | {k: v for k, v in moments.items() if v.size > 1})

    def _export_button(self, ending: str, quantity: widgets.Dropdown) -> widgets.Button:
        button = widgets.Button(
            description=ending.upper(), icon="download", layout={"width": "auto"},
            tooltip=f"write the quantity over all times as .{ending}, into {RUNS}/{EXPORTS}",
        )  # fmt: skip
        button.on_click(lambda _: self._export(ending, quantity.value))
        return button

    def _export(self, ending: str, name: str) -> None:
        assert self.checkpoint
        folder = project_root() / RUNS / EXPORTS
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{Path(self.checkpoint.path).stem}-{name}.{ending}"
        self._try(f"writing {path}", lambda: WRITERS[ending](self._fields, name, path), f"written: {path}")

    def _verify(self) -> None:
        if self.checkpoint:
            path = self.checkpoint.path
            self._try(
                f"verifying {path}",
                lambda: Checkpoint(path, read_isolated(path)).model(),
                f"every byte of {path} is good",
            )

    def _try(self, doing: str, work: Callable[[], object], done: str) -> None:
        self._say("", f"{doing} ...")
        try:
            work()
            self._say("done", done)
        except (OSError, CheckpointError) as error:
            self._say("failed", str(error))

    def _say(self, status: str, text: str) -> None:
        self._said.value = f"<b>{status}</b> {html.escape(text)}"


def _tensors(tree: object) -> list[torch.Tensor]:
    """All floating-point tensors in lists of lists, but for counters."""
    if isinstance(tree, list | tuple):
        return [tensor for item in tree for tensor in _tensors(item)]
    return [tree] if isinstance(tree, torch.Tensor) and tree.is_floating_point() and tree.ndim else []
