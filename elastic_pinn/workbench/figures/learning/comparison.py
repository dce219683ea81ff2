"""Loss curves of many runs in one figure: each run, or the median and range over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.typing import ColorType

from elastic_pinn.physics.media.material import unit_of
from elastic_pinn.storage import CheckpointError
from elastic_pinn.workbench.figures.drawn_from import Source, open_source, require_several
from elastic_pinn.workbench.figures.learning.losses import NAMED, at_weights, is_rounding
from elastic_pinn.workbench.figures.style.colors import SERIES
from elastic_pinn.workbench.figures.style.labels import by_fields, letter_by_letter, short_names
from elastic_pinn.workbench.figures.style.layout import legend_below
from elastic_pinn.workbench.figures.style.picture import Picture, dots, light_grid, whole_ticks

Over = Literal["step", "wall_s"]
AXES = {"step": "optimizer step", "wall_s": "training time (s)"}
MOST_LOST = 3  # runs without a history that are named
MOST_POINTS = 2000  # of a curve: more are not visible at notebook width

Array = np.ndarray


class Curve(NamedTuple):
    """The curve of a run, or of runs that differ only by their seed: x (N,), and the median, the lowest and the highest
    value at each (N,)."""

    name: str
    x: Array
    median: Array
    low: Array
    high: Array


def compare(
    sources: Sequence[Source], column: str = "loss/total", over: Over = "step", smooth: int = 1, by_seed: bool = False
) -> Picture:
    """Draw one column of the history of several runs, on a log axis; `stage` on a linear one.

    Parameters
    ----------
    sources
        Runs, checkpoints, or paths of either.
    column
        Such as "loss/pde" or "error/displacement"; runs that lack it are left out. No more than named are runs whose
        history cannot be read, and a loss term that is zero but for rounding, unless it is so in all of them.
    over
        "step", or "wall_s": seconds of training.
    smooth
        Over how many rows a running median is taken.
    by_seed
        One curve, with its range, for all runs whose configs differ by the seed alone.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    ValueError
        For no source, and where no run has the column, with those that there are.
    CheckpointError
        Where none of the runs has a history that can be read.
    """
    require_several(sources, "compare")
    curves = curves_of(sources, column, over, smooth, by_seed)
    figure = Picture(4.4)
    axes = figure.subplots()
    many = len(curves) > len(SERIES)
    colors = colormaps["viridis"](np.linspace(0, 0.95, len(curves))) if many else SERIES
    lines = [_draw(axes, curve, color) for curve, color in zip(curves, colors, strict=False)]
    axes.set_yscale("linear" if column == "stage" else "log")  # stages are counted from 0
    axes.set_xlabel(AXES[over])
    if over == "step":
        whole_ticks(axes)
    axes.set_ylabel(_with_unit(column) + (f"\nmedian over {smooth} rows" if smooth > 1 else ""))
    light_grid(axes)
    if len(curves) <= NAMED:
        legend_below(figure, lines, [letter_by_letter(curve.name) for curve in curves])
    else:
        named = [f"\n{curve.name}" for curve in curves if not len(curve.x)]
        told = f"{len(curves) - len(named)} curves, the first dark and the last bright"
        axes.set_title("".join([told, *named]), fontsize=10, loc="left", parse_math=False)
    return figure


def curves_of(sources: Sequence[Source], column: str, over: Over, smooth: int, by_seed: bool) -> list[Curve]:
    """Return the curves of those sources that have the column, in their order, and without points one for all sources
    whose history cannot be read. Raises as `compare`."""
    opened = [open_source(source) for source in sources]
    paths = short_names([str(each.path) for each in opened])
    names = by_fields([each.config for each in opened]) if by_seed else paths
    histories, faults = [], []
    for each in opened:
        try:
            histories.append(each.history().dropna(axis="columns", how="all"))
        except CheckpointError as fault:
            faults.append(fault)
            histories.append(None)
    if len(faults) == len(opened):
        raise faults[0]
    known = dict.fromkeys(name for each in histories if each is not None for name in each)
    if column not in known:
        raise ValueError(f"none of these {len(sources)} runs has a column {column!r}; they have: {', '.join(known)}")
    are_zero = all(is_rounding(column, each) for each in histories if each is not None and column in each)
    groups: dict[str, list[pd.Series]] = {}
    for name, history in zip(names, histories, strict=True):
        if history is None or column not in history:
            continue
        if is_rounding(column, history) and not are_zero:  # it would only stretch the axis
            groups[f"{name}: zero but for rounding"] = []
        else:
            groups.setdefault(name, []).append(_series(history, column, over, smooth))
    if lost := [path for path, history in zip(paths, histories, strict=True) if history is None]:
        named = ", ".join([*lost[:MOST_LOST], *["..."] * (len(lost) > MOST_LOST)])
        groups[f"{len(lost)} run{'s' * (len(lost) > 1)} without a history that can be read: {named}"] = []
    return [_curve(name, members) for name, members in groups.items()]


def drawable(source: Source) -> list[str]:
    """Return the columns of a history that were measured."""
    return [name for name in open_source(source).history().dropna(axis="columns", how="all") if name != "stage"]


def _series(history: pd.DataFrame, column: str, over: Over, smooth: int) -> pd.Series:
    values = history.set_axis(at_weights(history, column) if over == "step" else history["wall_s"])[column].dropna()
    smoothed = values.rolling(smooth, center=True, min_periods=1).median()
    stride = max(1, -(-len(smoothed) // MOST_POINTS))
    return smoothed.iloc[(len(smoothed) - 1) % stride :: stride]  # includes the last one


def _curve(name: str, members: list[pd.Series]) -> Curve:
    """Return the curve of some runs: interpolated at the x of the shortest run; without runs the curve has no
    points."""
    if not members:
        return Curve(name, *(np.empty(0),) * 4)
    shortest = min(members, key=lambda series: series.index.max())
    x = shortest.index.to_numpy(dtype=float)
    values = np.stack([np.interp(x, series.index.to_numpy(dtype=float), series) for series in members])  # (runs, N)
    label = f"{name} ({len(members)} seeds)" if len(members) > 1 else name
    return Curve(label, x, np.median(values, axis=0), values.min(axis=0), values.max(axis=0))


def _with_unit(column: str) -> str:
    """Return the axis label of a column. Only time and the material have units: errors are relative, and gradients and
    learning rates are those of the dimensionless problem."""
    return AXES.get(column, f"{column} ({unit_of(column.removeprefix('material/')) or 'dimensionless'})")


def _draw(axes: Axes, curve: Curve, color: ColorType) -> Line2D:
    """Draw the median and, if there is one, the range."""
    (line,) = axes.plot(curve.x, curve.median, color=color, linewidth=1.4, **dots(len(curve.x)))
    if (curve.low < curve.high).any():
        if len(curve.x) > 1:
            axes.fill_between(curve.x, curve.low, curve.high, color=color, alpha=0.2, linewidth=0)
        else:  # a filled area would have no width
            ends = [curve.median - curve.low, curve.high - curve.median]
            axes.errorbar(curve.x, curve.median, ends, fmt="none", color=color, capsize=4)
    return line
