"""The speeds, Young's modulus and Poisson's ratio of what was found, with their ± and correlations.

The errors of lambda, mu and rho are propagated to first order. Where that is not good, since they are large and the
constant is no straight line over so wide a range, the central 68 % of it are given in its place, by draws in which
the logarithms of K = lambda + 2 mu / 3, mu and rho are normal: a fit is linear in these, and all draws are stable
solids.

Letters: R materials, K draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from elastic_pinn.fit import DerivedValue
from elastic_pinn.physics import Problem
from elastic_pinn.physics.media.derived_constants import (
    FORMULAS,
    depends_on,
    derived_constants,
    gradient,
    names_derived,
)
from elastic_pinn.physics.media.material import PARAMETERS, Plane

DRAWS = 100_000  # by which the ends of an interval are right to half a percent of its width
CENTRAL = (0.15866, 0.84134)  # quantiles one standard deviation either way of a normal distribution
LINEAR = 0.1  # of a standard deviation: both quantiles are nearer to the ends of ± where that holds


@dataclass(frozen=True)
class DerivedConstants:
    """The values, by "c_p", ..., or "c_p_2" of several materials, and the correlations of each two of one material's
    errors, by "c_p and c_s"."""

    values: Mapping[str, DerivedValue] = field(default_factory=dict)
    correlations: Mapping[str, float] = field(default_factory=dict)


def derived_of(problem: Problem, found: Mapping[str, float], covariance: np.ndarray | None) -> DerivedConstants:
    """Derive what is unknown of each material.

    Parameters
    ----------
    problem
        With unknowns.
    found
        All of lambda, mu and rho that do not vary from place to place, SI, in the order of the materials.
    covariance
        Of their errors, (3 R, 3 R), SI, with that of a known density; None where there is no ±.

    Returns
    -------
    DerivedConstants
        What is unknown, without ± where there is none.
    """
    plane, is_static = problem.reference.plane, problem.domain.is_static
    derived = derived_constants(found, plane, is_static)
    values: dict[str, DerivedValue] = {}
    correlations: dict[str, float] = {}
    for number, (names, material) in enumerate(problem.named_materials):
        region = names["mu"].removeprefix("mu")
        unknown = [
            name
            for name in names_derived(is_static)
            if f"{name}{region}" in derived and depends_on(name, material.unknowns)
        ]
        if covariance is None:
            values |= {f"{name}{region}": DerivedValue(derived[f"{name}{region}"]) for name in unknown}
        elif unknown:
            rows = slice(3 * number, 3 * number + 3)
            at = np.array([found[names[name]] for name in PARAMETERS])
            of_region = propagated(unknown, at, covariance[rows, rows], plane)
            values |= {f"{name}{region}": value for name, value in of_region.values.items()}
            correlations |= {
                " and ".join(f"{name}{region}" for name in pair.split(" and ")): value
                for pair, value in of_region.correlations.items()
            }
    return DerivedConstants(values, correlations)


def propagated(names: Sequence[str], constants: np.ndarray, covariance: np.ndarray, plane: Plane) -> DerivedConstants:
    """Derive constants of one material.

    Parameters
    ----------
    names
        Of `FORMULAS`.
    constants, covariance
        lambda, mu and rho, (3,), and the covariance of their errors, (3, 3), SI.
    plane
        As of the problem.

    Returns
    -------
    DerivedConstants
        Their values; the correlations are those of values that have a ±.
    """
    gradients = np.array([gradient(name, constants, plane) for name in names])  # (N, 3)
    spread = gradients @ covariance @ gradients.T  # (N, N)
    sizes = np.sqrt(np.maximum(spread.diagonal(), 0.0))
    drawn = _drawn(constants, covariance)
    values = {
        name: _with_errors(float(FORMULAS[name](*constants, plane)), float(size), name, drawn, plane)
        for name, size in zip(names, sizes, strict=True)
    }
    correlations = {
        f"{names[i]} and {names[j]}": float(spread[i, j] / (sizes[i] * sizes[j]))
        for i, j in combinations(range(len(names)), 2)
        if values[names[i]].plus_minus and values[names[j]].plus_minus
    }
    return DerivedConstants(values, correlations)


def _drawn(constants: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Materials by their errors, (K, 3): a lambda that is known stays as it is."""
    lame_lambda, mu, rho = constants
    bulk = lame_lambda + 2.0 / 3.0 * mu
    by_logarithms = np.array([[1.0 / bulk, 2.0 / 3.0 / bulk, 0.0], [0.0, 1.0 / mu, 0.0], [0.0, 0.0, 1.0 / rho]])
    variances, directions = np.linalg.eigh(by_logarithms @ covariance @ by_logarithms.T)
    unit = np.random.default_rng(0).standard_normal((DRAWS, 3))
    changes = unit * np.sqrt(np.maximum(variances, 0.0)) @ directions.T  # (K, 3), of the logarithms
    drawn_bulk, drawn_mu, drawn_rho = (np.array([bulk, mu, rho]) * np.exp(changes)).T
    drawn_lambda = drawn_bulk - 2.0 / 3.0 * drawn_mu if covariance[0, 0] else np.full(DRAWS, lame_lambda)
    return np.stack([drawn_lambda, drawn_mu, drawn_rho], axis=1)


def _with_errors(value: float, size: float, name: str, drawn: np.ndarray, plane: Plane) -> DerivedValue:
    """A value with its standard deviation to first order if that is good, else with its interval."""
    if not 0.0 < size < np.inf:
        return DerivedValue(value)
    low, high = np.quantile(FORMULAS[name](*drawn.T, plane), CENTRAL).tolist()
    if max(abs(value - size - low), abs(value + size - high)) <= LINEAR * size:
        return DerivedValue.symmetric(value, size)
    return DerivedValue(value, None, low, high)
