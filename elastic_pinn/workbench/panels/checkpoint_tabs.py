"""The views of one checkpoint, a tab each: its wavefield over time, traces, numbers, its file as a tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as widgets
import numpy as np
import torch

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.physics import Problem
from elastic_pinn.run import Checkpoint
from elastic_pinn.workbench.exports.wavefields import FORMATS, can_write
from elastic_pinn.workbench.figures.field_maps import COARSE, FieldMap, histogram, instant_text, length_unit, trace
from elastic_pinn.workbench.figures.inversion import strongest_receiver
from elastic_pinn.workbench.figures.picture import Picture
from elastic_pinn.workbench.file_tree import html_tree
from elastic_pinn.workbench.panels.callbacks import acknowledge
from elastic_pinn.workbench.panels.movie_view import MovieView
from elastic_pinn.workbench.panels.view import View
from elastic_pinn.workbench.quantities import FRAMES, QUANTITIES, GridFields, fields_of

NODES = 200
ALIKE = 0.05  # relative difference below which energies count as equal
POINT = 0.37, 0.58  # of the window, the first position of a trace; standing waves often have a node in the middle

Export = Callable[[Checkpoint, GridFields, str, str], None]


class CheckpointTabs(widgets.Tab):
    """The views of one checkpoint, which never change to another; only the visible one is drawn.

    export: called with the checkpoint, its fields, a quantity's name and the ending of a file. Raises CheckpointError
    for weights that do not fit their config.

    Attributes:
        checkpoint: the checkpoint that is shown.
        fault: why its problem, such as its receivers, is not shown; "" if it is, or if it is a user's own problem.
    """

    def __init__(self, checkpoint: Checkpoint, export: Export) -> None:
        self.checkpoint, self._export = checkpoint, export
        self._problem, self.fault = _problem_of(checkpoint)
        self._fields = fields_of(checkpoint, NODES)
        self._maps: dict[str, FieldMap] = {}
        times = [(instant_text(self._fields, t), t) for t in self._fields.instants(FRAMES)]
        first = most_energetic_instant(self._fields, [t for _, t in times])
        exports = [self._export_button(name, ending) for ending, name in FORMATS.items()]
        self._movie = MovieView(self._frame, list(QUANTITIES), times, first, *exports)
        self._x, self._y = (self._coordinate(axis, where) for axis, where in enumerate(self._first_point()))
        views = {
            "Field": self._movie,
            "Trace": View(self._trace, self._x, self._y),
            "Numbers": View(self._histogram),
            "Contents": widgets.HTML(),
        }
        super().__init__(list(views.values()), titles=list(views), selected_index=0)
        acknowledge(self)
        self.observe(lambda _: self._draw(), "selected_index")
        self._draw()

    def figure(self) -> Picture:
        """Return the visible view as a new figure; the field if the file's tree is visible."""
        pictures = {"Trace": self._trace, "Numbers": self._histogram}
        return pictures.get(self.titles[self.selected_index or 0], self._field)()

    def _draw(self) -> None:
        seen = self.children[self.selected_index or 0]
        if isinstance(seen, View):
            seen.draw()
        elif not seen.value:  # made when it is first visible: a large file takes seconds
            seen.value = html_tree(self.checkpoint.snapshot)

    def _field(self) -> Picture:
        return FieldMap(self._fields, self._movie.quantity.value).at(self._movie.instant.value)

    def _frame(self, name: str, t: float) -> Picture:
        """Return `_field` quickly, from a map that was drawn before."""
        if name not in self._maps:
            self._maps[name] = FieldMap(self._fields, name)
        return self._maps[name].at(t)

    def _trace(self) -> Picture:
        fields, size = self._fields, length_unit(self._fields).size
        x, y = self._x.value * size, self._y.value * size
        receivers = self.checkpoint.shot("", self._problem).receivers if self._problem else None
        return trace(self.checkpoint.predict, (fields.start, fields.end), x, y, self._problem, receivers)

    def _histogram(self) -> Picture:
        contents = self.checkpoint.snapshot
        weights = [weight.numpy().ravel() for weight in contents.weights.values() if weight.is_floating_point()]
        moments = {
            name: np.concatenate([value.numpy().ravel() for value in _tensors(values)] or [np.zeros(0)])
            for name, values in contents.state.get("optimizer", {}).items()
        }
        return histogram({"weights": np.concatenate(weights)} | {k: v for k, v in moments.items() if v.size > 1})

    def _first_point(self) -> tuple[float, float]:
        """Return the first position of the trace, x and y in m: the receiver with the strongest signal, if any."""
        if self._problem and (receivers := self._problem.receivers):
            x, y = receivers.places[strongest_receiver(receivers)].tolist()
            return x, y
        (x0, *_, x1), (y0, *_, y1) = self._fields.x.tolist(), self._fields.y.tolist()
        return x0 + POINT[0] * (x1 - x0), y0 + POINT[1] * (y1 - y0)

    def _coordinate(self, axis: int, where: float) -> widgets.BoundedFloatText:
        """Return the field for a trace's coordinate along an axis, in the unit of the plots; where: m."""
        unit = length_unit(self._fields)
        low, high = ((self._fields.x, self._fields.y)[axis][[0, -1]] / unit.size).tolist()
        return widgets.BoundedFloatText(
            min(max(float(f"{where / unit.size:.4g}"), low), high), min=low, max=high, step=(high - low) / 50,
            description=f"{'xy'[axis]}, {low:.4g} to {high:.4g} {unit.name}", style={"description_width": "initial"},
        )  # fmt: skip

    def _export_button(self, name: str, ending: str) -> widgets.Button:
        is_possible = can_write(ending)
        button = widgets.Button(
            description=name if is_possible else f"{name} (needs ffmpeg)", icon="download", layout={"width": "auto"},
            disabled=not is_possible,
        )  # fmt: skip
        button.on_click(lambda _: self._export(self.checkpoint, self._fields, self._movie.quantity.value, ending))
        return button


def _problem_of(checkpoint: Checkpoint) -> tuple[Problem | None, str]:
    """Return the problem, or None and the reason: its data are missing or have changed. A user's own problem is in no
    file, which is no fault."""
    if checkpoint.config.problem == "own":
        return None, ""
    try:
        return checkpoint.problem(), ""
    except ElasticPinnError as error:
        return None, str(error)


def most_energetic_instant(fields: GridFields, times: Sequence[float]) -> int:
    """Return the index of the instant (s) with the most energy; among about equal ones, as between rigid walls, the one
    with the largest displacement."""
    coarse = fields.coarser(COARSE)
    energy = np.array([np.nansum(coarse.at("energy", t)) for t in times])
    size = np.array([np.nansum(np.square(coarse.at("magnitude", t))) for t in times])
    return int(np.where(energy >= (1.0 - ALIKE) * energy.max(), size, -1.0).argmax())


def _tensors(tree: object) -> list[torch.Tensor]:
    """Return all floating-point tensors in nested lists, without counters."""
    if isinstance(tree, list | tuple):
        return [tensor for item in tree for tensor in _tensors(item)]
    return [tree] if isinstance(tree, torch.Tensor) and tree.is_floating_point() and tree.ndim else []
