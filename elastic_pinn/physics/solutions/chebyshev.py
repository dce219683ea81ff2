"""Interpolation of smooth functions between Chebyshev points. Letters: N places, n nodes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]


def chebyshev_points(first: float, last: float, phase: float, spare: int) -> Array:
    """Return Chebyshev points of an interval, ends among them, (n,).

    phase: by which the function's shortest waves turn over the interval, radians. spare: nodes beyond half of that, on
    which the error depends.
    """
    count = math.ceil(phase / 2.0) + spare
    points = first + (last - first) * (1.0 - np.cos(math.pi * np.arange(count) / (count - 1))) / 2.0
    points[-1] = last
    return points


def interpolation(nodes: Array, at: Array) -> Array:
    """Return the values (N, n) at places (N,) of the polynomials that are 1 at one of the nodes (n,), else 0.

    Source: Berrut and Trefethen, SIAM Review 46, 2004.
    """
    signs = (-1.0) ** np.arange(len(nodes))
    signs[[0, -1]] /= 2.0
    off = at[:, None] - nodes  # (N, n)
    hit = off == 0.0
    weights = np.where(hit.any(1, keepdims=True), hit, signs / np.where(hit, 1.0, off))
    return np.asarray(weights / weights.sum(1, keepdims=True))
