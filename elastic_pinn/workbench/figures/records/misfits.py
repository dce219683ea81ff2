"""How far a prediction is from what receivers recorded, beside their noise: by receiver, by size, over time.

Letters: R receivers, T times, C channels of a receiver.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import Colormap, ListedColormap, LogNorm, Normalize
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import RecordedQuantity, Records, noise_of, noises_of
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.readable import percent
from elastic_pinn.run.shot import Shot
from elastic_pinn.workbench.figures.drawn_from import Source, checkpoint_of, receivers_of
from elastic_pinn.workbench.figures.maps.rims import draw_outline
from elastic_pinn.workbench.figures.maps.window import format_map_axes, window_unit
from elastic_pinn.workbench.figures.records.receiver_labels import label_receivers
from elastic_pinn.workbench.figures.records.shown_records import (
    chosen,
    have_common_times,
    missed,
    noise_alone,
    row_labels,
    titles,
)
from elastic_pinn.workbench.figures.style.colors import BLACK, BLUE, DIVERGING, SEQUENTIAL, VERMILLION
from elastic_pinn.workbench.figures.style.layout import legend_below
from elastic_pinn.workbench.figures.style.picture import VERDICT, Picture, light_grid
from elastic_pinn.workbench.figures.style.units import unit_for

NEAR = 2.0  # a residual is near the noise from 1 / this of it to this many times it
PARTS_OF_DECADE = (1.0,), (1.0, 2.0, 5.0), tuple(map(float, range(1, 10)))  # ticks of a scale, the first that are 3
TALLEST, ABOUT, MAPS = 6.0, 1.9, 8.0  # inches: of a figure, of what is about its maps, of these side by side
MOST_BINS = 61  # of a histogram
CURVE = 200  # points
WIDEST = 6.0  # standard deviations that it reaches to, at most; what is beyond is in its last bin
SHADES = 256  # of a scale of colours
MARGIN = 0.03  # of the window, around a map: markers on its rim are whole

Array = np.ndarray


class Residuals(NamedTuple):
    """Records less what is predicted, (R, T, C), NaN where nothing was recorded, and the unit of their numbers: the
    noise of each sample where that is known, else that of what was recorded. remark: as `noise_alone`."""

    values: Array
    unit: str
    is_of_noise: bool
    kind: RecordedQuantity
    titles: list[str]
    told: str
    remark: str


def misfit_map(
    source: Source,
    problem: Problem | ProblemMaker | None = None,
    records: int = 0,
    shot: str | int = "",
) -> Picture:
    """Draw where receivers are, each in the colour of its root mean square residual over its noise.

    There is a map for each direction that was recorded. White is a residual as large as the noise, red a larger one,
    which the wavefield does not explain, and blue a smaller one: noise that is fitted, or overstated. Where all are far
    above the noise, or far below, the colours are of what there is between the least and the largest. A receiver
    without a sample along a direction is a grey cross there. Where nobody knows the noise, the residual is in the
    records' unit.

    Parameters
    ----------
    source
        A run (its newest checkpoint), a checkpoint, or a path of either.
    problem
        The user's problem, or the function that makes it; required if the run has one.
    records
        Which of several records is drawn, from 0.
    shot
        The name of one of several shots, as in `run.fit.shots`; not given: the first. Of others finite elements solve
        for the wavefield.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    FigureError
        For a problem without receivers.
    ValueError
        For records that are not there.
    """
    return draw_misfit_map(checkpoint_of(source).shot(shot, problem), records)


def draw_misfit_map(seen: Shot, records: int = 0, picked: int | None = None) -> Picture:
    """Draw `misfit_map` of any shot and its prediction, with a ring around the receiver in a picked row of these
    records."""
    found = _residuals(seen, records, "misfit_map")
    receivers, domain = receivers_of(seen, "misfit_map"), seen.problem.domain
    size = _rms(found.values, axis=1)  # (R, C)
    length, (norm, colors) = window_unit(domain), _scale(size, found.is_of_noise)
    x, y = chosen(receivers, records).xy.T / length.size
    (left, right), (bottom, top) = domain.x, domain.y
    figure = Picture(min(TALLEST, ABOUT + MAPS / len(found.titles) * (top - bottom) / (right - left)))
    axes = figure.subplots(1, len(found.titles), sharex=True, sharey=True, squeeze=False)[0]
    for column, (where, title, values) in enumerate(zip(axes, found.titles, size.T, strict=True)):
        live = np.isfinite(values)
        format_map_axes(where, seen.problem, length)
        draw_outline(where, domain.shape, length)
        _widen(where)
        dots = where.scatter(
            x[live], y[live], c=values[live], norm=norm, cmap=colors, s=55,
            edgecolors=BLACK, linewidths=0.6, zorder=3,
        )  # fmt: skip
        cross = None if live.all() else "nothing recorded along this direction"
        where.scatter(x[~live], y[~live], color="0.55", marker="x", s=45, zorder=3, label=cross)
        label_receivers(where, row_labels(receivers, records, column), x, y)
        if picked is not None:
            ring = where.scatter(
                x[picked],
                y[picked],
                s=190,
                facecolors="none",
                edgecolors=BLACK,
                linewidths=1.8,
                zorder=4,
                clip_on=False,
            )
            ring.set_in_layout(False)  # maps stay where they are, whichever is picked
        where.set_title(title, fontsize=11)
        where.label_outer()
    _draw_scale(figure, axes, dots, found)
    legend_below(figure)
    dead = int(np.isnan(size).all(axis=1).sum())
    of_dead = f"; {dead} recorded nothing: grey" if dead else ""
    figure.suptitle(
        f"{found.told}; all: {_rms_text(_rms(found.values), found)}{of_dead}{found.remark}", fontsize=VERDICT
    )
    return figure


def residuals(
    source: Source,
    problem: Problem | ProblemMaker | None = None,
    records: int = 0,
    shot: str | int = "",
) -> Picture:
    """Draw how large residuals are beside the noise: how often each size is, and their root mean square over time.

    Where all is explained, residuals over the noise have a normal distribution of standard deviation 1, and their root
    mean square is 1 at all times. It is over all receivers; where these have clocks or delays of their own, over bins
    of time with about as many samples as there are receivers. Where it grows with time, or where waves pass, the
    prediction lacks a wave there; a distribution with wide flanks has outliers, as of a wrong receiver. Where nobody
    knows the noise, residuals are over their own root mean square, and beside a normal distribution of that width.

    Parameters
    ----------
    source
        A run (its newest checkpoint), a checkpoint, or a path of either.
    problem
        The user's problem, or the function that makes it; required if the run has one.
    records
        Which of several records is drawn, from 0.
    shot
        The name of one of several shots, as in `run.fit.shots`; not given: the first. Of others finite elements solve
        for the wavefield.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    FigureError
        For a problem without receivers.
    ValueError
        For records that are not there.
    """
    return draw_residuals(checkpoint_of(source).shot(shot, problem), records)


def draw_residuals(seen: Shot, records: int = 0) -> Picture:
    """Draw `residuals` of any shot and its prediction."""
    found = _residuals(seen, records, "residuals")
    raw = chosen(receivers_of(seen, "residuals"), records)
    rms = float(_rms(found.values))
    scale, name = (1.0, "noise") if found.is_of_noise else (rms or 1.0, "their rms")
    figure = Picture(3.8)
    sizes, over_time = figure.subplots(1, 2)
    _draw_sizes(sizes, found.values / scale, name)
    time = unit_for(float(raw.instants[raw.is_there].max()), "s")
    for column, (title, color) in enumerate(zip(found.titles, _colors(len(found.titles)), strict=True)):
        times, size = _rms_over_time(raw, column, found.values[..., column] / scale)
        over_time.plot(times / time.size, size, color=color, linewidth=1.0, label=title)
    over_time.axhline(1.0, color=BLACK, linestyle="--", linewidth=1.0, label=name)
    over_time.set_xlabel(f"t ({time.name})")
    over_time.set_ylabel(f"rms residual over receivers / {name}")
    over_time.set_ylim(bottom=0.0)
    legend_below(figure)
    light_grid(over_time)
    figure.suptitle(f"{found.told}; all: {_rms_text(rms, found)}{found.remark}", fontsize=VERDICT)
    return figure


def _residuals(seen: Shot, records: int, figure: str) -> Residuals:
    """The residuals of one of the records."""
    receivers = receivers_of(seen, figure)
    own = chosen(receivers, records)
    off, kind = missed(seen.predict, own), own.kind
    of_what = f"{seen.told}{kind.name.replace('_', ' ')} at {len(own.xy)} receivers"
    if not np.isnan(noise_of(receivers).level):
        over = off / np.where(own.is_there, noises_of(receivers)[records], np.nan)
        return Residuals(over, "noise", True, kind, titles(own), of_what, noise_alone(seen.problem))
    unit = unit_for(float(_rms(off)), kind.unit)
    return Residuals(off / unit.size, unit.name, False, kind, titles(own), of_what, "")


def _rms(values: Array, axis: int | None = None) -> Array:
    """The root mean square of what there is along an axis; NaN where there is nothing."""
    count = np.isfinite(values).sum(axis=axis)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sqrt(np.nansum(np.square(values), axis=axis) / count))


def _rms_over_time(records: Records, column: int, values: Array) -> tuple[Array, Array]:
    """Times (B,), and the root mean square over receivers of the values (R, T) of one channel of each."""
    if have_common_times(records):
        return records.time, _rms(values, axis=0)
    # Samples are binned, since a value that is interpolated has less noise than those beside it.
    there = np.isfinite(values)
    instants, values = records.instants[..., column][there], values[there]
    order, count = np.argsort(instants), int(there.sum(axis=1).max())
    bins = np.array_split(order, count) if count else []
    return np.array([instants[each].mean() for each in bins]), np.array([float(_rms(values[each])) for each in bins])


def _rms_text(rms: float | Array, found: Residuals) -> str:
    return f"rms residual {rms:.3g} {'times the noise' if found.is_of_noise else found.unit}"


def _scale(size: Array, is_of_noise: bool) -> tuple[Normalize, Colormap]:
    """The scale, and its colours: from 0, or, of what is over the noise, even steps of a factor.

    Some near the noise: white at 1, as far to either side as there are residuals. Else all are far from it, and one
    side would be empty: the scale is of what there is, at least of a factor.
    """
    if not is_of_noise:
        return Normalize(0.0, float(np.nanmax(size)) or 1.0), colormaps[SEQUENTIAL]
    there = size[np.isfinite(size) & (size > 0.0)]
    low, high = (float(there.min()), float(there.max())) if len(there) else (1.0, 1.0)
    if low > NEAR or high < 1.0 / NEAR:
        wider = max(1.0, NEAR * low / high) ** 0.5
        return LogNorm(low / wider, high * wider), colormaps[SEQUENTIAL]
    low, high = min(low, 1.0 / NEAR), max(high, NEAR)
    most = math.log(max(high, 1.0 / low))
    first, last = (0.5 + 0.5 * math.log(each) / most for each in (low, high))
    return LogNorm(low, high), ListedColormap(colormaps[DIVERGING](np.linspace(first, last, SHADES)))


def _widen(axes: Axes) -> None:
    """Leave a margin around a map."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    margin = MARGIN * max(right - left, top - bottom)
    axes.set_xlim(left - margin, right + margin)
    axes.set_ylim(bottom - margin, top + margin)


def _draw_scale(figure: Picture, axes: Array, dots: PathCollection, found: Residuals) -> None:
    label = "rms residual / noise" if found.is_of_noise else f"rms residual ({found.unit})"
    bar = figure.colorbar(dots, ax=axes, label=label, location="bottom", shrink=0.6, aspect=35)
    if found.is_of_noise:
        low, high = dots.get_clim()
        if low <= 1.0 <= high:
            bar.ax.axvline(1.0, color=BLACK, linewidth=1.5)
        else:
            bar.set_label(f"{label}: all far {'above' if low > 1.0 else 'below'} the noise, which is 1")
        bar.set_ticks(_ticks(low, high))
        bar.ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        bar.ax.xaxis.set_minor_locator(LogLocator(10.0, "all"))
        bar.ax.xaxis.set_minor_formatter(NullFormatter())


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers on a logarithmic scale: powers of ten, or more where there are fewer than three of these."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for parts in PARTS_OF_DECADE:
        found = [part * 10.0**decade for decade in decades for part in parts if low <= part * 10.0**decade <= high]
        if len(found) > 2:
            return found
    return [each for each in MaxNLocator(4).tick_values(low, high) if low <= each <= high]


def _draw_sizes(axes: Axes, values: Array, name: str) -> None:
    """Draw how often each size of residuals is, beside the normal distribution."""
    there = values[np.isfinite(values)]
    most = min(max(3.0, float(np.abs(there).max())), WIDEST)
    count = min(MOST_BINS, math.ceil(2.0 * len(there) ** (1.0 / 3.0)))  # Rice's rule
    edges = np.linspace(-most, most, count + 1)
    density = np.histogram(np.clip(there, -most, most), edges)[0] / len(there) / np.diff(edges)
    fine = np.linspace(-most, most, CURVE)
    axes.stairs(density, edges, color=BLUE, fill=True, alpha=0.4, label="residuals")
    normal = np.exp(-0.5 * np.square(fine)) / math.sqrt(2.0 * math.pi)
    axes.plot(fine, normal, color=BLACK, linestyle="--", linewidth=1.2, label="normal distribution")
    axes.set_yscale("log")
    axes.set_ylim(0.3 / len(there) / float(edges[1] - edges[0]), 2.0 * max(float(density.max()), float(normal.max())))
    beyond = float((np.abs(there) > most).mean())
    axes.set_xlabel(f"residual / {name}{f' ({percent(beyond)} beyond, in the last bins)' if beyond else ''}")
    axes.set_ylabel("probability density (dimensionless)")
    light_grid(axes)


def _colors(count: int) -> list[str]:
    return [BLUE, VERMILLION, "0.5"][:count]
