"""The views of a checkpoint's wavefield: any quantity over time, and the motion at a point."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as widgets
import numpy as np

from elastic_pinn.physics import Problem
from elastic_pinn.run import Checkpoint
from elastic_pinn.run.shot import SOLVED_BY, wavefield_of
from elastic_pinn.workbench.exports.wavefields import FORMATS, can_write
from elastic_pinn.workbench.figures.records.shown_records import strongest_receiver
from elastic_pinn.workbench.figures.style.picture import Picture
from elastic_pinn.workbench.figures.wavefields.field_maps import COARSE, FieldMap, instant_text, length_unit, trace
from elastic_pinn.workbench.panels.widgets.movie_view import MovieView
from elastic_pinn.workbench.panels.widgets.view import View
from elastic_pinn.workbench.quantities import FRAMES, GridFields

ALIKE = 0.05  # relative difference below which energies count as equal
POINT = 0.37, 0.58  # of the window, the first position of a trace; standing waves often have a node in the middle

Export = Callable[[GridFields, str, str], None]


class WavefieldViews:
    """A map of the wavefield, with a slider over time, and its trace at a point.

    fields: those of the checkpoint's wavefield. problem: None where it is not known. export: called with the fields, a
    quantity's name and the ending of a file.

    Attributes:
        field, trace: the views.
    """

    def __init__(self, checkpoint: Checkpoint, fields: GridFields, problem: Problem | None, export: Export) -> None:
        self._checkpoint, self._fields, self._problem = checkpoint, fields, problem
        self._maps: dict[str, FieldMap] = {}
        times = [(instant_text(fields, t), t) for t in fields.instants(FRAMES)]
        first = most_energetic_instant(fields, [t for _, t in times])
        exports = [self._button(name, ending, export) for ending, name in FORMATS.items()]
        self.field = MovieView(self._frame, fields.names, times, first, *exports)
        self._x, self._y = (self._coordinate(axis, where) for axis, where in enumerate(self._first_point()))
        self.trace = View(self.draw_trace, self._x, self._y)

    def draw_field(self) -> Picture:
        """Return the map that is chosen, as a new figure."""
        return FieldMap(self._fields, self.field.quantity.value).at(self.field.instant.value)

    def _frame(self, name: str, t: float) -> Picture:
        """Return the same quickly, from a map that was drawn before."""
        if name not in self._maps:
            self._maps[name] = FieldMap(self._fields, name)
        return self._maps[name].at(t)

    def draw_trace(self) -> Picture:
        """Return the motion at the point that is chosen, as a new figure."""
        fields, size = self._fields, length_unit(self._fields).size
        x, y = self._x.value * size, self._y.value * size
        wavefield = wavefield_of(self._checkpoint, "", self._problem)
        receivers = self._checkpoint.shot("", self._problem).receivers if self._problem else None
        by = SOLVED_BY[fields.is_by_elements]
        return trace(wavefield.predict, (fields.start, fields.end), x, y, self._problem, receivers, by)

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

    def _button(self, name: str, ending: str, export: Export) -> widgets.Button:
        is_possible = can_write(ending)
        button = widgets.Button(
            description=name if is_possible else f"{name} (needs ffmpeg)", icon="download", layout={"width": "auto"},
            disabled=not is_possible,
        )  # fmt: skip
        button.on_click(lambda _: export(self._fields, self.field.quantity.value, ending))
        return button


def most_energetic_instant(fields: GridFields, times: Sequence[float]) -> int:
    """Return the index of the instant (s) with the most energy; among about equal ones, as between rigid walls, the one
    with the largest displacement."""
    coarse = fields.coarser(COARSE)
    energy = np.array([np.nansum(coarse.at("energy", t)) for t in times])
    size = np.array([np.nansum(np.square(coarse.at("magnitude", t))) for t in times])
    return int(np.where(energy >= (1.0 - ALIKE) * energy.max(), size, -1.0).argmax())
