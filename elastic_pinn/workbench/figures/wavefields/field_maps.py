"""Maps of a quantity over the window, traces at a point, and histograms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from textwrap import fill

import numpy as np
import torch

from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import Receivers, RecordedQuantity
from elastic_pinn.physics.domains import Rectangle
from elastic_pinn.physics.fields import evaluate
from elastic_pinn.workbench.figures.drawn_from import Predict, shown_quantity
from elastic_pinn.workbench.figures.maps.rims import draw_map, draw_rims, up_to_rims
from elastic_pinn.workbench.figures.maps.window import WIDE, draw_inclusions
from elastic_pinn.workbench.figures.records.shown_records import on_common_times
from elastic_pinn.workbench.figures.style.colors import BLACK, BLUE, DIVERGING, SEQUENTIAL, SERIES
from elastic_pinn.workbench.figures.style.layout import legend_below
from elastic_pinn.workbench.figures.style.picture import WIDTH, Picture, light_grid
from elastic_pinn.workbench.figures.style.units import Unit, unit_for
from elastic_pinn.workbench.quantities import QUANTITIES, Array, GridFields

BESIDE, ABOVE_AND_BELOW = 1.9, 0.9  # inches that colour bar, title and axes' labels take
HIGHEST = 5.1  # inches of a map
LOWEST = 0.3  # inches that a map has, in which labels have room
BAR = 0.8  # inches of a colour bar below a wide map
LEAST = 2.8, 5.5  # inches of a figure: height for a colour bar's label, width for a title
LETTERS = 13  # of a title, on an inch
COARSE = 50  # nodes on a side of the grid on which the largest value is searched
CURVE = 400  # points
BINS = 60


class FieldMap:
    """A map of a quantity over the window, drawn once; then only its image and title change.

    All instants have one scale, symmetric about zero if the quantity has a sign.
    """

    def __init__(self, fields: GridFields, name: str) -> None:
        self._fields, self._name = fields, name
        quantity, length = QUANTITIES[name], length_unit(fields)
        self._is_wide = float(np.ptp(fields.y)) < WIDE * float(np.ptp(fields.x))
        height, width = _size(fields, self._is_wide)
        self._columns = int(width * LETTERS)
        self._figure = Picture(height, width)
        axes = self._figure.subplots()
        shape = fields.shape or Rectangle((fields.x[0], fields.x[-1]), (fields.y[0], fields.y[-1]))
        self._image = draw_map(
            axes,
            np.zeros((len(fields.y), len(fields.x))),
            shape,
            length,
            cmap=DIVERGING if quantity.is_signed else SEQUENTIAL,
        )
        draw_rims(axes, shape, length)
        draw_inclusions(axes, fields.regions, length)
        axes.set_xlabel(f"x ({length.name})")
        axes.set_ylabel(f"y ({length.name})")
        self._title = axes.set_title(" ", fontsize=10, parse_math=False)
        self._bar = self._figure.colorbar(
            self._image, ax=axes, location="bottom" if self._is_wide else "right", aspect=40 if self._is_wide else 20
        )
        self._scale()
        self._tell(fields.end)
        self._figure.set_layout_engine("compressed")
        self._figure.draw_without_rendering()
        self._figure.set_layout_engine("none")  # the layout is fixed now; computing it takes a third of a frame

    def follow(self, fields: GridFields) -> None:
        """Show other fields over the same window from now on, with the scale that these have."""
        if fields is not self._fields:
            self._fields = fields
            self._scale()

    def at(self, t: float) -> Picture:
        """Return the figure, at an instant (s)."""
        return next(self.over([t]))

    def over(self, times: Sequence[float]) -> Iterator[Picture]:
        """Yield the figure at each of several instants (s), which takes less time than one after another."""
        for t, values in zip(times, self._fields.over([self._name], times), strict=True):
            yield self._showing(values[self._name], t)

    def _showing(self, values: Array, t: float) -> Picture:
        """The figure, with values (G, G) at an instant (s)."""
        self._image.set_data(up_to_rims(values.T) / self._unit.size)
        self._tell(t)
        return self._figure

    def _tell(self, t: float) -> None:
        text = f"{self._fields.told}t = {instant_text(self._fields, t)}"
        self._title.set_text(fill(text, self._columns))

    def _scale(self) -> None:
        """Set colours, their unit and its label by the largest value over the window of time."""
        quantity, largest = QUANTITIES[self._name], self._fields.coarser(COARSE).largest(self._name)
        self._unit = unit_for(largest, quantity.unit)
        top = largest / self._unit.size or 1.0
        self._image.set_clim(-top if quantity.is_signed else 0.0, top)
        self._bar.set_label(f"{quantity.symbol} ({self._unit.name.replace('m3', 'm³')})")


def _size(fields: GridFields, is_wide: bool) -> tuple[float, float]:
    """Return height and width of a figure, in inches, that a window of any shape fills."""
    width, height = float(np.ptp(fields.x)), float(np.ptp(fields.y))
    if is_wide:
        return max(height * (WIDTH - ABOVE_AND_BELOW) / width, LOWEST) + ABOVE_AND_BELOW + BAR, WIDTH
    inches = min((WIDTH - BESIDE) / width, HIGHEST / height)  # of 1 m
    return max(height * inches + ABOVE_AND_BELOW, LEAST[0]), max(width * inches + BESIDE, LEAST[1])


def length_unit(fields: GridFields) -> Unit:
    """Return the unit of positions."""
    return unit_for(float(np.abs(fields.x).max()), "m")


def instant_text(fields: GridFields, t: float) -> str:
    """Return an instant (s) as text, such as 2.5 µs."""
    unit = unit_for(fields.end, "s")
    return f"{t / unit.size:.3g} {unit.name}"


def trace(
    predict: Predict,
    window: tuple[float, float],
    x: float,
    y: float,
    problem: Problem | None,
    receivers: Receivers | None = None,
    by: str = "network",
) -> Picture:
    """Draw the displacement at a point over time, with the exact one, if any, or what receivers recorded, with the
    record of the nearest one.

    window: start and end, s; x, y: m. receivers: the problem's with gains that were found; None: as they are. by: what
    solved for the wavefield.
    """
    receivers = receivers or (problem.receivers if problem else None)
    t = np.linspace(*window, CURVE)
    quantity = shown_quantity(problem)
    found, others = predict(x, y, t, quantity.name), _known(problem, receivers, quantity, t, x, y)  # (T, 2)
    largest = max(float(np.nanmax(np.abs(values))) for values in (found, *(values for _, _, values in others)))
    time, unit = unit_for(window[1], "s"), unit_for(largest, quantity.unit)
    figure = Picture(3.4)
    axes = figure.subplots(1, 2, sharex=True, sharey=True)
    for i, where in enumerate(axes):
        marker = "o" if t[0] == t[-1] else ""  # of a static problem
        where.plot(t / time.size, found[:, i] / unit.size, color=BLUE, marker=marker, label=by)
        where.set_title(quantity.symbols[i], fontsize=11)
        where.set_xlabel(f"t ({time.name})")
        light_grid(where)
    for label, times, known in others:
        style = {"linestyle": "--"} if len(times) == CURVE else {"linestyle": "", "marker": "o", "markersize": 3}
        for i, where in enumerate(axes):
            where.plot(times / time.size, known[:, i] / unit.size, color=BLACK, label=label, **style)
    axes[0].set_ylabel(f"{quantity.name} ({unit.name})")
    legend_below(figure)
    return figure


def _known(
    problem: Problem | None, receivers: Receivers | None, quantity: RecordedQuantity, t: Array, x: float, y: float
) -> list[tuple[str, Array, Array]]:
    """Return what is known at a point: a name, times (T,) and values (T, 2)."""
    if problem and problem.exact:
        points = torch.from_numpy(np.stack(np.broadcast_arrays(x, y, t), axis=-1))  # (T, 3)
        return [("exact", t, evaluate(problem.exact, points).numpy())]
    if receivers:
        own = [each for each in receivers.records if each.kind is quantity and each.are_components]
        if not own:
            return []
        records = on_common_times(own[0])
        row = int(np.square(records.xy - [x, y]).sum(1).argmin())
        unit = unit_for(float(np.abs(records.xy).max()), "m")
        position = ", ".join(f"{value / unit.size:.3g}" for value in records.xy[row])
        return [(f"recorded at ({position}) {unit.name}", records.time, records.values[row])]
    return []


def histogram(groups: Mapping[str, Array]) -> Picture:
    """Draw how large the numbers of each group are: a histogram of the decimal logarithms, without zeros."""
    figure = Picture(3.4)
    axes = figure.subplots()
    sizes = {name: np.log10(np.abs(values[np.nonzero(values)])) for name, values in groups.items()}
    sizes = {name: size[np.isfinite(size)] for name, size in sizes.items()}
    all_sizes = np.concatenate([*sizes.values(), np.zeros(0)])
    edges = np.linspace(all_sizes.min(), all_sizes.max() + 1e-9, BINS) if len(all_sizes) else np.linspace(-1, 1, BINS)
    for (name, size), color in zip(sizes.items(), SERIES, strict=False):
        share, _ = np.histogram(size, edges)
        axes.stairs(100 * share / max(1, len(size)), 10**edges, label=f"{name} ({len(groups[name]):,})", color=color)
    axes.set_xscale("log")
    axes.set_xlabel("size (dimensionless)")
    axes.set_ylabel("share (%)")
    light_grid(axes)
    figure.legend(loc="outside right upper", fontsize=9, frameon=False)
    return figure
