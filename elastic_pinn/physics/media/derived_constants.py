"""What lambda, mu and rho of an isotropic solid mean: the speeds of its waves, Young's modulus, Poisson's ratio.

Letters: K draws.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from elastic_pinn.physics.media.material import DERIVED_UNITS, PARAMETERS, Plane, plane_stress_lambda

SPEEDS = ("c_p", "c_s")

Formula = Callable[..., Any]
"""Of lambda (Pa), mu (Pa) and rho (kg/m3), numbers or arrays of one shape, real or complex, and of the plane."""


def _p_speed(lame_lambda: Any, mu: Any, rho: Any, plane: Plane) -> Any:
    in_plane = lame_lambda if plane == "strain" else plane_stress_lambda(lame_lambda, mu)
    return np.sqrt((in_plane + 2.0 * mu) / rho)


FORMULAS: Mapping[str, Formula] = {
    "c_p": _p_speed,
    "c_s": lambda lame_lambda, mu, rho, plane: np.sqrt(mu / rho),
    "E": lambda lame_lambda, mu, rho, plane: mu * (3.0 * lame_lambda + 2.0 * mu) / (lame_lambda + mu),
    "nu": lambda lame_lambda, mu, rho, plane: lame_lambda / (2.0 * (lame_lambda + mu)),
}
"""The derived constants, by name: see `derived_constants`."""

NEEDS = {"c_p": PARAMETERS, "c_s": ("mu", "rho"), "E": ("lambda", "mu"), "nu": ("lambda", "mu")}
assert FORMULAS.keys() == NEEDS.keys() == DERIVED_UNITS.keys()


def derived_constants(constants: Mapping[str, Any], plane: Plane, is_static: bool) -> dict[str, float]:
    """Compute the constants that follow from lambda, mu and rho, in SI units, of one or of several materials.

    c_p = sqrt((lambda + 2 mu) / rho), with the lambda of the plane, c_s = sqrt(mu / rho),
    E = mu (3 lambda + 2 mu) / (lambda + mu), nu = lambda / (2 (lambda + mu)).

    Parameters
    ----------
    constants
        "lambda" (Pa), "mu" (Pa) and "rho" (kg/m3); of several materials "lambda_1", ...
    plane
        "strain" or "stress": E and nu are those of the solid in both, c_p is that of waves in the plane.
    is_static
        Whether nothing moves: there are no speeds then.

    Returns
    -------
    dict
        "c_p" and "c_s" (m/s), "E" (Pa) and "nu"; of several materials "c_p_1", ... Those of which a constant is not
        given, or varies from place to place, are left out.

    References
    ----------
    Timoshenko and Goodier, Theory of Elasticity, 1970, sections 6 and 168.
    """
    found: dict[str, float] = {}
    for region in [name.removeprefix("mu") for name in constants if name.partition("_")[0] == "mu"]:
        values = [constants.get(f"{name}{region}") for name in PARAMETERS]
        if all(isinstance(each, float) for each in values):
            found |= {f"{name}{region}": float(FORMULAS[name](*values, plane)) for name in names_derived(is_static)}
    return found


def names_derived(is_static: bool) -> list[str]:
    """Return the names of what follows from lambda, mu and rho; of what does not move, without speeds."""
    return [name for name in FORMULAS if not (is_static and name in SPEEDS)]


def gradient(name: str, constants: np.ndarray, plane: Plane) -> np.ndarray:
    """Compute the derivatives of a derived constant by lambda, mu and rho, SI, exact to rounding.

    Parameters
    ----------
    name
        One of `FORMULAS`.
    constants
        (3,), SI.
    plane
        As of `derived_constants`.

    Returns
    -------
    ndarray
        (3,).

    References
    ----------
    Squire and Trapp, SIAM Review 40, 1998: derivatives by steps along the imaginary axis.
    """
    step = 1e-20 * np.abs(constants).max()
    return np.array([FORMULAS[name](*(constants + 1j * step * unit), plane).imag / step for unit in np.eye(3)])


def depends_on(name: str, unknowns: Collection[str]) -> bool:
    """Return whether a derived constant is unknown where some of lambda, mu and rho are."""
    return not set(NEEDS[name]).isdisjoint(unknowns)
