"""What changed under way of how training weighs its terms and points, and where it puts these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.typing import LineStyleType
from torch import Tensor

from elastic_pinn.physics import Problem
from elastic_pinn.physics.points import probe_points
from elastic_pinn.workbench.figures.style.colors import BLUE
from elastic_pinn.workbench.figures.style.picture import dots, legend_beside, light_grid
from elastic_pinn.workbench.figures.style.units import unit_for

Curve = tuple[np.ndarray, np.ndarray]
"""Steps, values."""
Curves = Mapping[str, Curve]

DRAWS = "points/draws"
WEIGHTS: Mapping[str, tuple[LineStyleType, str]] = {
    "weight/": ("-", "of a term"),
    "point_weight/": ("--", "of its points, mean"),
    "point_weight_max/": (":", "of its points, most"),
}
"""Line styles of the columns of weights, and what these are, by their prefixes."""
POINTS_A_CELL = 8  # of a map of densities, about
MOST_CELLS = 30  # along an axis
EVEN = 20  # evenly spread points for each


def weights_in(columns: Iterable[str]) -> list[str]:
    """Return those of a history's columns that are weights."""
    return [column for column in columns if column.startswith(tuple(WEIGHTS))]


def redraws_in(history: pd.DataFrame) -> Curve:
    """Return the steps before which points were drawn anew or moved, and how often they had been by then."""
    draws = history[DRAWS].to_numpy() if DRAWS in history else np.zeros(len(history))
    steps = history["step"].to_numpy()[1:][np.diff(draws) > 0]
    return steps, np.arange(1, len(steps) + 1)


def draw_weights(axes: Axes, weights: Curves, colors: Mapping[str, str]) -> None:
    """Draw the weights of terms and points over the steps, on a log axis, in the colours of their terms."""
    of_terms, of_styles = {}, {}
    for column, (steps, values) in weights.items():
        prefix, _, term = column.partition("/")
        (style, meaning), color = WEIGHTS[f"{prefix}/"], colors.get(term, "0.4")
        counts = values > 0  # a term of weight 0 counts for nothing
        axes.plot(steps[counts], values[counts], color=color, linestyle=style, linewidth=1.2, **dots(counts.sum()))
        of_terms[term] = Line2D([], [], color=color, label=term)
        of_styles[meaning] = Line2D([], [], color="0.3", linestyle=style, label=meaning)
    axes.set_yscale("log")
    axes.set_ylabel("weight (dimensionless)")
    light_grid(axes)
    in_order = [of_terms[term] for term in sorted(of_terms, key=[*colors, *of_terms].index)]
    legend_beside(axes, in_order + list(of_styles.values()) * (len(of_styles) > 1))


def draw_redraws(axes: Axes, redraws: Curve) -> None:
    """Mark the steps before which points were drawn anew or moved, on the lower edge of the axes."""
    steps, counts = redraws
    if not len(steps):
        return
    axes.plot(
        steps,
        np.zeros(len(steps)),
        color=BLUE,
        linestyle="none",
        marker="|",
        markersize=9,
        transform=axes.get_xaxis_transform(),
        clip_on=False,
        label=f"points moved: {counts[-1]:.0f} times",
    )


def draw_density(figure: FigureBase, points: Tensor, step: int, problem: Problem) -> None:
    """Draw how dense points inside (N, 3) are, relative to evenly spread ones, over x and y and over x and t."""
    even = problem.domain.interior(probe_points(3, EVEN * len(points)))
    pairs = [(0, 1)] if problem.domain.is_static else [(0, 1), (0, 2)]
    count = int(np.clip(np.sqrt(len(points) / POINTS_A_CELL), 2, MOST_CELLS))
    ends = problem.domain.x, problem.domain.y, problem.domain.t
    axes_of = figure.subplots(1, len(pairs), squeeze=False)[0]
    for axes, (first, second) in zip(axes_of, pairs, strict=True):
        units = [unit_for(max(map(abs, ends[i])), "s" if i == 2 else "m") for i in (first, second)]
        there, everywhere = (
            np.stack([each[:, i].numpy() / unit.size for i, unit in zip((first, second), units, strict=True)], axis=1)
            for each in (points, even)
        )  # (N, 2)
        edges = [
            np.linspace(low, high, count + 1) for low, high in zip(everywhere.min(0), everywhere.max(0), strict=True)
        ]
        expected = np.histogramdd(everywhere, edges)[0] * len(points) / len(even)  # (count, count)
        found = np.histogramdd(there, edges)[0]
        density = np.divide(found, expected, out=np.full_like(found, np.nan), where=expected > 0.5)
        image = axes.pcolormesh(*edges, density.T, cmap="viridis", vmin=0.0)
        axes.set_xlabel(f"{'xyt'[first]} ({units[0].name})")
        axes.set_ylabel(f"{'xyt'[second]} ({units[1].name})")
        axes.figure.colorbar(image, ax=axes, label="relative density")
    figure.suptitle(f"density of the points inside at step {step:,}, relative to evenly spread ones", fontsize=10)
