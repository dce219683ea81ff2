"""The Cramer-Rao bound: how accurately data can determine a material at best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

STEP = 1e-4  # of a logarithm: central differences are then right to about 1e-8

Array = np.ndarray[Any, np.dtype[np.float64]]


def cramer_rao(record: Callable[[Mapping[str, float]], Array], values: Mapping[str, float], noise: float) -> Array:
    """Compute the least relative standard errors of an unbiased estimate of positive unknowns, (U,).

    record: what would be recorded without noise, an array of any shape, given the unknowns; values: the true unknowns,
    all else being known; noise: the standard deviation of white Gaussian noise on every number recorded.

        cov >= noise^2 (J^T J)^-1,   J = d record / d log values

    Source: Kay, Fundamentals of Statistical Signal Processing: Estimation Theory, 1993, section 3.8. Raises ValueError
    where the record does not determine the unknowns.
    """
    columns = [_by_logarithm(record, values, name) for name in values]
    return standard_errors(np.stack(columns, axis=1), noise)


def standard_errors(sensitivities: Array, noise: float) -> Array:
    """Compute the bound from the derivatives of N recorded numbers by U unknowns, (N, U) -> (U,)."""
    _, lengths, turned = np.linalg.svd(sensitivities, full_matrices=False)  # (U,), (U, U)
    if lengths[-1] <= lengths[0] * sensitivities.size * np.finfo(np.float64).eps:
        raise ValueError("the record does not tell the unknowns apart: some change of them leaves it as it is")
    return noise * np.linalg.norm(turned / lengths[:, None], axis=0)


def _by_logarithm(record: Callable[[Mapping[str, float]], Array], values: Mapping[str, float], name: str) -> Array:
    """The derivative of all numbers recorded by the logarithm of one unknown, (N,)."""
    above, below = (record({**values, name: values[name] * np.exp(step)}) for step in (STEP, -STEP))
    return (above - below).ravel() / (2.0 * STEP)
