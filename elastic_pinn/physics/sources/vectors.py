"""Two numbers along x and y, as they are given of a source."""

from __future__ import annotations

import math
from typing import Any

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.numbers import finite_number

Pair = tuple[float, float]


def pair(role: str, given: Any, unit: str) -> Pair:
    """Return two finite numbers. Raises ProblemError, naming `role`, for others."""
    try:
        first, second = given
    except (TypeError, ValueError):
        raise ProblemError(f"{role} = {in_one_line(given)}: two numbers in {unit} are needed, along x and y") from None
    return finite_number(role, first), finite_number(role, second)


def unit_vector(vector: Pair) -> Pair | None:
    """Return a vector's direction; None where it is zero."""
    length = math.hypot(*vector)
    return (vector[0] / length, vector[1] / length) if length else None
