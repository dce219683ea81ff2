"""The points of one place, as what moves them sees them. Letters: n points, m others, k dimensions of the unit cube."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, eq=False)
class Cloud:
    """The points of one place: present, (n, k) of its unit cube, float64, CPU.

    residuals: the lengths of the present model's residuals there, (n,), which are all that is evaluated of it. spread:
    draws m fresh points, (m, k), by the config's `sampling`, and is the only randomness.
    """

    present: Tensor
    residuals: Tensor
    spread: Callable[[int], Tensor]
