"""How densely points are drawn along a side, an axis or the window's time, by the quantile function of the density."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

Quantile = Callable[[Tensor], Tensor]
"""From parts of all points to the part of the way that they lie within, of 0 to 1, increasing; any shape."""


def even(parts: Tensor) -> Tensor:
    """Return the quantiles of an even density, of any shape."""
    return parts


def arcsine(parts: Tensor) -> Tensor:
    """Return the quantiles of the arcsine, or Chebyshev, density 1 / (pi sqrt(s (1 - s))) at s, of any shape.

    A polynomial that least squares finds from evenly drawn points is right at these, and can be wrong by orders of
    magnitude between them near the ends, unless they are as many as the square of its coefficients; with this density a
    few times as many as the coefficients suffice. Sums of waves behave alike. Source: Cohen and Migliorati, Optimal
    weighted least-squares methods, SMAI J. Comput. Math. 3, 2017.
    """
    return (1.0 - (math.pi * parts).cos()) / 2.0
