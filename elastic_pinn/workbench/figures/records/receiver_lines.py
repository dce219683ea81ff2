"""Lines of receivers, along which B-scans and f-k images are drawn.

Letters: R receivers, L receivers of a line, K corners.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from elastic_pinn.workbench.figures.drawn_from import FigureError
from elastic_pinn.workbench.figures.style.units import Unit

Array = np.ndarray
ON = 1e-3  # of the receivers' extent: how far beside a line a receiver may be


class Line(NamedTuple):
    """The receivers along a line: rows (L,), their positions along it (L,) in m, increasing, and its corners (K, 2)."""

    rows: Array
    position: Array
    corners: Array


def line_of(xy: Array, points: Sequence[Sequence[float]] | None = None) -> Line:
    """Return the receivers, at xy (R, 2) in m, along a line of some corners, m.

    If these are not given, it is that through most receivers along x or y.

    Raises ValueError for corners that make no line, FigureError for one with fewer than two receivers.
    """
    corners = _most_of(xy) if points is None else np.asarray(points, dtype=np.float64)
    ways = lengths_along(corners)
    position, distance = np.zeros(len(xy)), np.full(len(xy), np.inf)
    for start, end, way in zip(corners[:-1], corners[1:], ways[:-1], strict=True):
        length = float(np.linalg.norm(end - start))
        along = np.clip((xy - start) @ (end - start) / (length or 1.0), 0.0, length)
        aside = np.linalg.norm(xy - start - np.outer(along, (end - start) / (length or 1.0)), axis=1)
        position = np.where(aside < distance, way + along, position)
        distance = np.minimum(aside, distance)
    rows = np.flatnonzero(distance <= ON * np.ptp(xy, axis=0).max())
    _, first = np.unique(position[rows], return_index=True)
    rows = rows[first]
    if len(rows) < 2:
        raise FigureError(f"points = {corners.tolist()}: {len(rows)} receivers lie on this line, where two are needed")
    return Line(rows, position[rows], corners)


def lengths_along(corners: Array) -> Array:
    """Return how far along a line its corners (K, 2) are, (K,) in m. Raises ValueError for what makes no line."""
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 2:
        raise ValueError(f"points of shape {corners.shape}: the corners of a line, two or more, (K, 2), are needed")
    ways = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))]
    if not ways[-1] > 0.0:
        raise ValueError(f"points = {corners.tolist()}: a line of no length")
    return ways


def corners_text(corners: Array, length: Unit) -> str:
    """Return the corners of a line, as text."""
    return " – ".join(f"({x / length.size:.3g}, {y / length.size:.3g})" for x, y in corners) + f" {length.name}"


def _most_of(xy: Array) -> Array:
    """The ends of the straight line that most receivers are on: all of them, else of equal y or x, near the middle."""
    middle = xy.mean(0)
    spread, axes = np.linalg.eigh((xy - middle).T @ (xy - middle))
    if spread[0] <= ON**2 * spread[1]:
        direction = axes[:, 1] * np.sign(axes[np.abs(axes[:, 1]).argmax(), 1])  # to the right, or upwards
        along = (xy - middle) @ direction
        return middle + np.outer([along.min(), along.max()], direction)
    near = ON * float(np.ptp(xy, axis=0).max())
    lines = [np.flatnonzero(np.abs(xy[:, axis] - place) <= near) for axis in (1, 0) for place in np.unique(xy[:, axis])]
    away = [float(np.abs(xy[rows].mean(0) - middle).max()) for rows in lines]
    best = xy[lines[max(range(len(lines)), key=lambda i: (len(lines[i]), -round(away[i] / near), -i))]]
    if len(best) < 2:
        raise FigureError("no two of these receivers share an x or a y, as those of a line would: name one by points")
    order = np.argsort(best.sum(1))
    return best[order[[0, -1]]]
