"""The results of a sweep: a metric over the varied field, each run a dot, medians over seeds as lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from elastic_pinn.workbench.figures.style.colors import SERIES
from elastic_pinn.workbench.figures.style.labels import letter_by_letter
from elastic_pinn.workbench.figures.style.layout import legend_below
from elastic_pinn.workbench.figures.style.picture import Picture, light_grid

MOST_GROUPS = len(SERIES)


def sweep_results(table: pd.DataFrame, metric: str, varied: Sequence[str]) -> Picture:
    """Draw a metric of completed runs, on a log axis, over the first varied field; a line for each set of the others.

    A dot is a run, a line leads through the medians over seeds. Of many groups, the best ones, as many as there are
    colours.

    Parameters
    ----------
    table
        A row a run, with columns `status`, the metric and the varied fields.
    metric
        A column of the table.
    varied
        The fields that the sweep varied.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    ValueError
        Where no run has the metric.
    """
    shown = table[table["status"] == "completed"].dropna(subset=[metric]) if metric in table else table[:0]
    if not len(shown):
        raise ValueError(f"no completed run has {metric or 'a metric'}")
    fields = [name for name in varied if name != "seed"] or ["seed"]
    shown = shown.assign(**{name: shown[name].map(str) for name in fields[1:]})
    figure = Picture(4.2)
    axes = figure.subplots()
    over, others = fields[0], fields[1:]
    positions = _positions(shown[over])
    groups = dict(list(shown.groupby(others, sort=False))) if others else {(): shown}
    best = sorted(groups, key=lambda key: groups[key][metric].median())[:MOST_GROUPS]
    for key, color in zip((key for key in groups if key in best), SERIES, strict=False):
        label = letter_by_letter(", ".join(f"{name} = {value}" for name, value in zip(others, key, strict=True)))
        _draw(axes, groups[key], over, metric, positions, label, color)
    axes.set_yscale("log")
    axes.set_xlabel(over)
    axes.set_ylabel(f"{metric} (dimensionless)")
    if not _is_numeric(shown[over]) or len(positions) == 1:
        axes.set_xticks(list(positions.values()), list(positions), parse_math=False)
    elif _spans_decades(shown[over]):
        axes.set_xscale("log")
    light_grid(axes)
    if others:
        legend_below(figure)
    left_out = len(groups) - len(best)
    axes.set_title(f"each dot a run, lines through medians{f'; {left_out} worse sets left out' * bool(left_out)}",
                   fontsize=10, loc="left")  # fmt: skip
    return figure


def _draw(
    axes: Axes, group: pd.DataFrame, over: str, metric: str, positions: dict[str, float], label: str, color: str
) -> None:
    x = group[over].map(str).map(positions)
    medians = group[metric].groupby(x).median()
    axes.plot(x, group[metric], "o", color=color, markersize=4, alpha=0.6, linewidth=0)
    axes.plot(medians.index, medians, color=color, linewidth=1.4, label=label or None)


def _positions(values: pd.Series) -> dict[str, float]:
    """Return the position of each value on the axis: a number itself, anything else by its order."""
    unique = values.unique()
    return {str(value): float(value) if _is_numeric(values) else float(at) for at, value in enumerate(unique)}


def _is_numeric(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _spans_decades(values: pd.Series) -> bool:
    return bool(values.min() > 0 and np.log10(values.max() / values.min()) >= 1)
