"""What all cylinder functions have in common: their derivatives along straight lines.

With C_m any of J_m, Y_m and H_m and E_m = C_m(k r) e^i m theta,

    (d/dx + i d/dy) E_m = -k E_(m + 1),   (d/dx - i d/dy) E_m = k E_(m - 1)

Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, section 9.1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from itertools import product


@cache
def ladder(in_x: int, in_y: int) -> Mapping[int, complex]:
    """Return the factors of E_n in so many derivatives of E_m by x and y, over k for each, by n - m.

    d/dx is half the sum of the two operators above, d/dy their difference over 2 i.
    """
    factors: dict[int, complex] = {}
    steps = [((1, -0.5 + 0j), (-1, 0.5 + 0j))] * in_x + [((1, 0.5j), (-1, 0.5j))] * in_y
    for way in product(*steps):
        shift = sum(each for each, _ in way)
        factors[shift] = factors.get(shift, 0.0) + math.prod((factor for _, factor in way), start=1.0 + 0j)
    return factors
