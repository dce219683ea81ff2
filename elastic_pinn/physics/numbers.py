"""Numbers and arrays of real numbers, as people give them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.errors import ProblemError

EVEN = 1e-3  # of the mean time step

Array = np.ndarray[Any, np.dtype[np.float64]]


def real_array(role: str, values: Any) -> Array:
    """Return a copy of real numbers in double precision. Raises ProblemError, naming `role`, for anything else."""
    values = values.detach().cpu() if hasattr(values, "detach") else values
    if np.ma.is_masked(values):
        raise ProblemError(f"{role} has masked values, where a number is needed in each place: leave such places out")
    try:
        found = np.asarray(values)
    except ValueError:
        raise ProblemError(f"{role} is a list whose items are not equally long, where an array is needed") from None
    require_real(role, found.dtype)
    return np.array(found, dtype=np.float64, order="C")


def require_real(role: str, dtype: np.dtype[Any]) -> None:
    """Raise ProblemError for what holds no real numbers, or none to more than three digits."""
    if dtype.kind not in "fiu":
        raise ProblemError(f"{role} holds {dtype}, where real numbers are needed")
    if dtype == np.float16:
        raise ProblemError(
            f"{role} holds float16, which has three digits and makes small values zero: use float32 or 64"
        )


def is_even(times: Array, least: int = 3) -> bool:
    """Return whether there are so many times, and none of their steps is off the mean by more than a thousandth of it,
    as spectra and filters need."""
    steps = np.diff(times)
    return bool(len(times) >= least and np.ptp(steps) <= EVEN * steps.mean())


def finite_number(name: str, value: Any) -> float:
    """Return a finite number. Raises ProblemError, naming it, for anything else, text and truth values too."""
    try:
        if isinstance(value, str | bytes | bool):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise ProblemError(f"{name} = {in_one_line(value)}: one number is needed") from None
    if not math.isfinite(number):
        raise ProblemError(f"{name} = {number}: it must be finite")
    return number
