"""Time over the position along a line of receivers, as an image.

Letters: P positions, T times.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from elastic_pinn.physics import Problem
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.workbench.figures.picture import Picture
from elastic_pinn.workbench.figures.problem_plot import window_unit
from elastic_pinn.workbench.figures.sources import Source, checkpoint_of, shown_quantity
from elastic_pinn.workbench.figures.units import Unit, unit_for
from elastic_pinn.workbench.figures.wavefields import DIVERGING

POSITIONS, INSTANTS = 121, 161
MOST = 99.5  # percent of the image that its colour scale covers: near a source waves are far stronger than elsewhere

Array = np.ndarray


def b_scan(
    source: Source,
    points: Sequence[Sequence[float]] | None = None,
    problem: Problem | ProblemMaker | None = None,
) -> Picture:
    """Draw the motion at a line of receivers: the position along the line to the right, time downwards.

    A wave that runs along the line is a slanted stripe, the steeper, the slower it is. Where the line passes a hole,
    the image is grey.

    Parameters
    ----------
    source
        A run (its newest checkpoint), a checkpoint, or a path of either.
    points
        The corners of the line, two or more, (K, 2) in m; if not given, it crosses the middle of the window along x.
    problem
        The user's problem, or the function that makes it; required if the run has one.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    ValueError
        For a static problem, for fewer than two points, and for a line of no length.
    """
    checkpoint = checkpoint_of(source)
    problem = checkpoint.problem(problem)
    domain = problem.domain
    if domain.is_static:
        raise ValueError("a static problem has no B-scan: its only instant is 0 s")
    (left, right), middle = domain.x, sum(domain.y) / 2.0
    corners = np.asarray([(left, middle), (right, middle)] if points is None else points, dtype=np.float64)
    position, places = _along(corners)
    times, quantity = np.linspace(*domain.t, INSTANTS), shown_quantity(problem)
    inside = domain.shape.mask(*places.T)
    found = np.full((POSITIONS, INSTANTS, 2), np.nan)
    x, y = places[inside].T[:, :, None]  # each (P', 1)
    found[inside] = checkpoint.predict(x, y, times, quantity.name)
    limit = float(np.nanpercentile(np.abs(found), MOST)) or 1.0
    unit, time, length = unit_for(limit, quantity.unit), unit_for(times[-1], "s"), window_unit(domain)
    figure = Picture(4.8)
    for axes, values, title in zip(
        figure.subplots(1, 2, sharey=True), found.transpose(2, 1, 0), quantity.components, strict=True
    ):
        image = axes.imshow(
            values / unit.size, cmap=DIVERGING, vmin=-limit / unit.size, vmax=limit / unit.size, aspect="auto",
            extent=(0.0, position[-1] / length.size, times[-1] / time.size, times[0] / time.size),
        )  # fmt: skip
        axes.set_facecolor("0.8")
        axes.set_title(title, fontsize=11)
        axes.set_xlabel(f"position along the line ({length.name})")
    figure.axes[0].set_ylabel(f"t ({time.name})")
    figure.colorbar(image, ax=figure.axes, label=f"{quantity.name} ({unit.name})", extend="both")
    figure.suptitle("along " + _in_words(corners, length), fontsize=10)
    return figure


def _along(corners: Array) -> tuple[Array, Array]:
    """Positions along a line of some corners (K, 2), m: (P,) and (P, 2) in m."""
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 2:
        raise ValueError(f"points of shape {corners.shape}: the corners of a line, two or more, (K, 2), are needed")
    ways = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))]  # (K,)
    if not ways[-1] > 0.0:
        raise ValueError(f"points = {corners.tolist()}: a line of no length")
    position = np.linspace(0.0, ways[-1], POSITIONS)
    return position, np.stack([np.interp(position, ways, axis) for axis in corners.T], axis=1)


def _in_words(corners: Array, length: Unit) -> str:
    """The corners of a line, as text."""
    return " – ".join(f"({x / length.size:.3g}, {y / length.size:.3g})" for x, y in corners) + f" {length.name}"
