"""How densely points are drawn along a side, an axis or the window's time, by the quantile function of the density.

Letters: N points.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

Quantile = Callable[[Tensor], Tensor]
"""From parts of all points to the part of the way that they lie within: (N,) -> (N,), of 0 to 1, increasing."""


def even(parts: Tensor) -> Tensor:
    """Return the quantiles of an even density, (N,)."""
    return parts


def arcsine(parts: Tensor) -> Tensor:
    """Return the quantiles of the arcsine, or Chebyshev, density 1 / (pi sqrt(s (1 - s))) at s, (N,).

    Least squares from evenly drawn points is right at these, and can be wrong by orders of magnitude between them near
    the ends, unless there are as many as the square of what is solved for; with this density a few times as many
    suffice. Source: Cohen and Migliorati, Optimal weighted least-squares methods, SMAI J. Comput. Math. 3, 2017.
    """
    return (1.0 - (math.pi * parts).cos()) / 2.0
