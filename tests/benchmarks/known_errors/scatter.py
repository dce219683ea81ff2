"""The figure of estimated against true errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
from matplotlib.axes import Axes

from elastic_pinn.workbench.figures.style.colors import SERIES
from elastic_pinn.workbench.figures.style.picture import Picture, light_grid
from tests.benchmarks.known_errors.cases import FAMILIES
from tests.benchmarks.known_errors.section import FACTOR
from tests.benchmarks.known_errors.ways import Measured

ROOM = 2.0  # beyond the lowest and the highest error: a factor
STYLES = dict(zip(FAMILIES, product("os^", SERIES), strict=False))
"""The marker and the colour of each family."""


def scatter(runs: Sequence[Measured]) -> Picture:
    """Draw them for displacement and stress, with the band in which an estimate is right within a factor of 3."""
    figure = Picture(5.6)
    of_displacement, of_stress = figure.subplots(1, 2)
    _draw(of_displacement, runs, "displacement", lambda run: (run.true, run.estimate))
    _draw(of_stress, runs, "stress", lambda run: (run.true_stress, run.stress))
    handles, labels = of_displacement.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, fontsize=8, frameon=False)
    return figure


def _draw(axes: Axes, runs: Sequence[Measured], name: str, pair: Callable[[Measured], tuple[float, float]]) -> None:
    known = np.array([each for each in map(pair, runs) if np.isfinite(each).all()])  # (N, 2)
    ends = np.array([known.min() / ROOM, known.max() * ROOM])
    axes.fill_between(
        ends, ends / FACTOR, ends * FACTOR, color="0.92", linewidth=0.0, label=f"within a factor of {FACTOR:g}"
    )
    axes.plot(ends, ends, color="0.6", linewidth=0.8)
    for family, (marker, color) in STYLES.items():
        for is_drawn in (False, True):
            found = [pair(run) for run in runs if (run.case.family, run.case.is_drawn) == (family, is_drawn)]
            if found:
                x, y = zip(*found, strict=True)
                style = {"facecolors": "none"} if is_drawn else {"label": family}
                axes.scatter(x, y, s=22, marker=marker, edgecolors=color, **{"facecolors": color} | style)
    axes.set(xscale="log", yscale="log", xlim=ends, ylim=ends, aspect="equal")
    axes.set_xlabel("true relative L2 error (dimensionless)")
    axes.set_ylabel("estimated (dimensionless)")
    axes.set_title(f"{name}; hollow: drawn at random", fontsize=10)
    light_grid(axes)
