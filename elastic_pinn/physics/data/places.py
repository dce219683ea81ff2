"""Which places, or rows of other numbers, are the same but for rounding.

Letters of shapes: N rows of D columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from elastic_pinn.physics.numbers import Array

NEAR = 1e-6  # of the extent of all receivers, or of a time step: so far apart are no two places, and no two instants
ROUNDING = 8 * float(np.finfo(np.float64).eps)  # of a number, by sums and by units


def at_one_place(xy: Array) -> np.ndarray[Any, Any]:
    """Return the number of the first receiver that is at the place of each (N, 2) but for rounding, (N,)."""
    return first_alike(xy, np.full(2, nearest_place(xy)))


def nearest_place(xy: Array) -> float:
    """Return the distance in m within which two of the places (N, 2) are one but for rounding."""
    return NEAR * float(np.ptp(xy, axis=0).max()) + ROUNDING * float(np.abs(xy).max())


def nearest_instant(time: Array) -> float:
    """Return the time in s within which two of the times (T,) or (R, T), NaN after their ends, are one likewise."""
    steps = np.diff(time, axis=-1)
    step = float(np.median(steps[np.isfinite(steps)])) if np.isfinite(steps).any() else 0.0
    return NEAR * step + ROUNDING * float(np.nanmax(np.abs(time)))


def first_alike(rows: Array, tolerance: Array) -> np.ndarray[Any, Any]:
    """Return the number of the first row that is each row (N, D) but for a tolerance of its columns (D,), (N,)."""
    from scipy.sparse import coo_array  # slow to import
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    number, first = _numbered(rows)
    looked_at = [0, 1, *([2, -1] if rows.shape[1] > 2 else [])]  # a place, and the first and the last time
    scaled = rows[first][:, looked_at] / np.maximum(tolerance[looked_at], np.finfo(np.float64).tiny ** 0.5)
    one, other = cKDTree(scaled).query_pairs(1.0, p=np.inf, output_type="ndarray").T
    is_alike = (np.abs(rows[first[one]] - rows[first[other]]) <= tolerance).all(axis=1)
    links = coo_array((np.ones(is_alike.sum()), (one[is_alike], other[is_alike])), shape=(len(first), len(first)))
    _, group = connected_components(links, directed=False)
    _, leader = np.unique(group, return_index=True)
    return first[leader[group]][number]


def _numbered(rows: Array) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The number of each row among the different ones, in the order in which they appear, and where each first is."""
    _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[inverse.reshape(-1)], first[order]
