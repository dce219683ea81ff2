"""Arrays of real numbers, as people give them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from elastic_pinn.physics.errors import ProblemError

Array = np.ndarray[Any, np.dtype[np.float64]]


def real_array(role: str, values: Any) -> Array:
    """Return a copy of real numbers in double precision. Raises ProblemError, naming `role`, for anything else."""
    values = values.detach().cpu() if isinstance(values, torch.Tensor) else values
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
