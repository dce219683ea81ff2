"""Time over the position along a line of receivers, as an image.

Letters: P positions, T times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh

from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import Receivers
from elastic_pinn.physics.domains import Domain
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.run.shot import Shot
from elastic_pinn.workbench.figures.drawn_from import FigureError, Source, checkpoint_of, receivers_of, shown_quantity
from elastic_pinn.workbench.figures.maps.window import window_unit
from elastic_pinn.workbench.figures.records.receiver_lines import corners_text, lengths_along, line_of
from elastic_pinn.workbench.figures.records.shown_records import (
    chosen,
    largest,
    missed,
    noise_alone,
    noise_by_channel,
    of_several,
    on_common_times,
    own_times,
    predicted,
    titles,
)
from elastic_pinn.workbench.figures.style.colors import DIVERGING
from elastic_pinn.workbench.figures.style.picture import Picture
from elastic_pinn.workbench.figures.style.units import unit_for

POSITIONS, INSTANTS = 121, 161
MOST = 99.5  # percent of the image that its colour scale covers: near a source waves are far stronger than elsewhere
ENDLESS = (math.inf, math.inf)
DEVIATIONS = 4.0  # of the noise, that the scale of residuals covers

Array = np.ndarray


def b_scan(
    source: Source | Receivers,
    points: Sequence[Sequence[float]] | None = None,
    problem: Problem | ProblemMaker | None = None,
    records: int = 0,
    shot: str | int = "",
) -> Picture:
    """Draw the motion at a line of receivers: the position along the line to the right, time downwards.

    A wave that runs along the line is a slanted stripe, the steeper, the slower it is. Where the line passes a hole,
    the image is grey.

    Parameters
    ----------
    source
        A run (its newest checkpoint), a checkpoint, or a path of either; or receivers, whose records are drawn alone.
    points
        The corners of the line, two or more, (K, 2) in m; if not given, it crosses the middle of the window along x,
        or is that along x or y with most receivers.
    problem
        The user's problem, or the function that makes it; required if the run has one.
    records
        Which of several records of receivers is drawn, from 0.
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
        For a static problem.
    ValueError
        For fewer than two points, for a line of no length, and for one with fewer than two
        receivers.
    """
    if isinstance(source, Receivers):
        own, told = on_common_times(chosen(source, records, shot)), of_several(source, records, shot)
        line, times, quantity, names = line_of(own.xy, points), own.time, own.kind, titles(own)
        corners, position, found = line.corners, line.position, own.values[line.rows]
        length = unit_for(float(np.abs(own.xy).max()), "m")
    else:
        seen = checkpoint_of(source).shot(shot, problem)
        domain, told = seen.problem.domain, seen.told
        if domain.is_static:
            raise FigureError("a static problem has no B-scan: its only instant is 0 s")
        (left, right), middle = domain.x, sum(domain.y) / 2.0
        corners = np.asarray([(left, middle), (right, middle)] if points is None else points, dtype=np.float64)
        ways = lengths_along(corners)
        position = np.linspace(0.0, ways[-1], POSITIONS)
        places = np.stack([np.interp(position, ways, axis) for axis in corners.T], axis=1)
        times, quantity, length = np.linspace(*domain.t, INSTANTS), shown_quantity(seen.problem), window_unit(domain)
        names = list(quantity.symbols)
        inside = domain.shape.mask(*places.T)
        found = np.full((POSITIONS, INSTANTS, 2), np.nan)
        x, y = places[inside].T[:, :, None]  # each (P', 1)
        found[inside] = seen.predict(x, y, times, quantity.name)
    limit = float(np.nanpercentile(np.abs(found), MOST)) or 1.0
    unit = unit_for(limit, quantity.unit)
    figure = Picture(4.8)
    axes = figure.subplots(1, len(names), sharex=True, sharey=True, squeeze=False)[0]
    image = _draw_row(axes, position / length.size, times, found / unit.size, limit / unit.size)
    for where, title in zip(axes, names, strict=True):
        where.set_title(title, fontsize=11)
        where.set_xlabel(f"position along the line ({length.name})")
    figure.colorbar(image, ax=axes, label=f"{quantity.name} ({unit.name})", extend="both")
    figure.suptitle(f"{told}along {corners_text(corners, length)}", fontsize=10)
    return figure


def fit_b_scan(
    source: Source,
    points: Sequence[Sequence[float]] | None = None,
    problem: Problem | ProblemMaker | None = None,
    records: int = 0,
    shot: str | int = "",
) -> Picture:
    """Draw what a line of receivers recorded, what is predicted there, and the difference, over position and time.

    The difference is in standard deviations of the noise, as stated or estimated from the records: where all is
    explained it has no stripes, and its root mean square, which the title has, is about 1. Where nobody knows the
    noise, it is in the records' unit.

    Parameters
    ----------
    source
        A run, a checkpoint, or a path of either.
    points
        The corners of the line, two or more, (K, 2) in m; that along x or y with most receivers if not given, and where
        no two are on one, all receivers by their rows.
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
        For records that are not there, and for a given line with fewer than two
        receivers.
    """
    return draw_fit_b_scan(checkpoint_of(source).shot(shot, problem), points, records)


def draw_fit_b_scan(seen: Shot, points: Sequence[Sequence[float]] | None = None, records: int = 0) -> Picture:
    """Draw `fit_b_scan` of any shot and its prediction."""
    receivers = receivers_of(seen, "fit_b_scan")
    raw, noises = chosen(receivers, records), noise_by_channel(receivers, records)
    rows, position, below, told, beyond = _columns(raw.xy, points, seen.problem.domain)
    raw = raw.at(rows)
    own, quantity, off = on_common_times(raw), raw.kind, missed(seen.predict, raw)
    recorded, found = own.values, predicted(seen.predict, own, own.time)  # (L, T, C)
    noise = noises[rows][:, None]  # (L, 1, C)
    limit = float(np.nanpercentile(np.abs(recorded), MOST)) or 1.0
    unit = unit_for(limit, quantity.unit)
    rest = unit_for(largest(off), quantity.unit)
    is_known = not np.isnan(noise).all()
    scale, name = (noise, "difference / noise") if is_known else (rest.size, f"difference ({rest.name})")
    most = DEVIATIONS if is_known else largest(off) / rest.size
    figure = Picture(8.4)
    axes = figure.subplots(3, recorded.shape[2], sharex=True, sharey=True, squeeze=False)
    images = {
        f"recorded ({unit.name})": (recorded / unit.size, limit / unit.size),
        f"predicted ({unit.name})": (found / unit.size, limit / unit.size),
        name: (off / scale, most),
    }
    for row, (label, (values, end)) in zip(axes, images.items(), strict=True):
        times = own_times(raw) if label == name else own.time
        image = _draw_row(row, position, times, values, end, beyond)
        figure.colorbar(image, ax=row, label=label, extend="both")
    for where, title in zip(axes[0], titles(own), strict=True):
        where.set_title(title, fontsize=11)
    for where in axes[-1]:
        where.set_xlabel(below)
    size = float(np.sqrt(np.nanmean(np.square(off / scale))))
    rms = f"{size:.3g} times the noise{noise_alone(seen.problem)}" if is_known else f"{size:.3g} {rest.name}"
    figure.suptitle(f"{seen.told}{quantity.name} {told}; rms difference: {rms}", fontsize=10)
    return figure


class _Columns(NamedTuple):
    """The rows of receivers that are drawn, where along an axis, what the axis is, and what they are, as text; and how
    far beyond the first and the last there is a domain, in the unit of the axis."""

    rows: Array
    position: Array
    axis: str
    told: str
    beyond: tuple[float, float]


def _columns(xy: Array, points: Sequence[Sequence[float]] | None, domain: Domain) -> _Columns:
    """The columns of receivers at xy (R, 2)."""
    length = unit_for(float(np.abs(xy).max()), "m")
    try:
        line = line_of(xy, points)
    except ValueError:
        if points is not None:
            raise
        rows = np.arange(len(xy))
        return _Columns(rows, rows, "row of the receiver", "at all receivers", ENDLESS)
    told, ends = f"along {corners_text(line.corners, length)}", xy[line.rows]
    first, last = (_room(end, beside, domain) / length.size for end, beside in (ends[:2], ends[-1:-3:-1]))
    axis = f"position along the line ({length.name})"
    return _Columns(line.rows, line.position / length.size, axis, told, (first, last))


def _room(end: Array, beside: Array, domain: Domain) -> float:
    """How far the window reaches beyond a place, (2,), on the way from the one beside it, m."""
    way = (end - beside) / np.linalg.norm(end - beside)
    ends = np.array([domain.x, domain.y])  # (2, 2)
    rooms = [(ends[i, int(way[i] > 0.0)] - end[i]) / way[i] for i in (0, 1) if way[i]]
    return max(0.0, float(min(rooms)))


def _draw_row(
    axes: Array, position: Array, times: Array, values: Array, limit: float, beyond: tuple[float, float] = ENDLESS
) -> QuadMesh:
    """Draw each channel of values (P, T, C), within -limit and limit, side by side; return the last image.

    times: common ones, (T,), s, or those of each, (P, T, C), between which nothing is interpolated. beyond: how far the
    first and the last cell reach beyond their positions, at most.
    """
    sides = _edges(position)
    sides[0], sides[-1] = max(sides[0], position[0] - beyond[0]), min(sides[-1], position[-1] + beyond[1])
    last = float(np.nanmax(times))
    time = unit_for(last, "s")
    for i, where in enumerate(axes):
        if times.ndim == 1:
            image = _draw_image(where, sides, times / time.size, values[..., i].T, limit)
        else:
            image = _draw_columns(where, sides, times[..., i] / time.size, values[..., i], limit)
        where.set_facecolor("0.8")
        where.set_ylim(last / time.size, float(np.nanmin(times)) / time.size)
    axes[0].set_ylabel(f"t ({time.name})")
    return image


def _draw_image(axes: Axes, sides: Array, times: Array, values: Array, limit: float) -> QuadMesh:
    """Draw values (T, P) as cells between sides, (P + 1,), and around their times, which need not be evenly spaced."""
    return axes.pcolormesh(sides, _edges(times), values, cmap=DIVERGING, vmin=-limit, vmax=limit, rasterized=True)


def _draw_columns(axes: Axes, sides: Array, times: Array, values: Array, limit: float) -> QuadMesh:
    """Draw values (P, T) likewise, each column at times of its own, (P, T), NaN where a column has none."""
    for left, right, own, column in zip(sides, sides[1:], times, values, strict=False):
        kept = np.isfinite(own)
        image = axes.pcolormesh(
            [left, right], _edges(own[kept]), column[kept][:, None], cmap=DIVERGING, vmin=-limit, vmax=limit,
            rasterized=True,
        )  # fmt: skip
    return image


def _edges(middles: Array) -> Array:
    """The edges of cells around middles (N,), (N + 1,); of one alone, a cell of width 1, which `pcolormesh` lacks."""
    if len(middles) < 2:
        return middles[:1] + np.array([-0.5, 0.5])
    between = 0.5 * (middles[:-1] + middles[1:])
    return np.r_[2.0 * middles[0] - between[0], between, 2.0 * middles[-1] - between[-1]]
