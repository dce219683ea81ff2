"""A homogeneous solid: lambda, mu and rho, of which some may be unknown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.numbers import finite_number

if TYPE_CHECKING:
    from elastic_pinn.physics.media.moduli import Values  # of torch, without which a config's material is read

UNITS = {"lambda": "Pa", "mu": "Pa", "rho": "kg/m3"}
PARAMETERS = tuple(UNITS)
DERIVED_UNITS = {"c_p": "m/s", "c_s": "m/s", "E": "Pa", "nu": "1"}
"""Of what follows from lambda, mu and rho: see `derived_constants.py`."""


def names_by_region(regions: int) -> tuple[dict[str, str], ...]:
    """Return, for each region, the names of its constants: "lambda", or with several regions "lambda_1", "lambda_2"."""
    if regions == 1:
        return ({name: name for name in PARAMETERS},)
    return tuple({name: f"{name}_{number}" for name in PARAMETERS} for number in range(1, regions + 1))


def unit_of(name: str) -> str:
    """Return the SI unit of a constant, as "lambda" or "c_p", or of one of several materials, as "lambda_2"; "" of
    others."""
    return (UNITS | DERIVED_UNITS).get(split_region(name)[0], "")


def split_region(name: str) -> tuple[str, str]:
    """Return the constant and the number of the material in a name, as ("c_p", "2") of "c_p_2"; ("c_p", "") of "c_p",
    where there is one material."""
    constant, _, region = name.rpartition("_")
    return (constant, region) if region.isdigit() else (name, "")


Plane = Literal["strain", "stress"]
"""What is zero out of the plane: the strain, as in a thick block, or the stress, as in a thin plate."""


@dataclass(frozen=True)
class Material:
    """A homogeneous isotropic elastic solid; for unknown parameters, the values that training starts from.

    Parameters
    ----------
    lame_lambda, lame_mu
        Pa; of the solid, in plane stress too.
    density
        kg/m3.
    unknowns
        Any of "lambda", "mu", "rho".
    unknown_range
        Dimensionless: unknowns are searched between start / range and start * range (for lambda: the bulk modulus
        lambda + 2 mu / 3).
    damping
        d of rho (u_tt + d u_t) = div sigma + f, 1/s.
    plane
        "strain" or "stress".
    density_plus_minus
        One standard deviation of the known density, kg/m3. Motion tells lambda and mu per density, and so their ±
        counts it where both are unknown.

    Raises
    ------
    ProblemError
        For a solid that is not stable (mu, rho and lambda + 2 mu / 3 must be positive), or not in all the range, and
        for an uncertain density that is not known, or beside moduli that are.
    """

    lame_lambda: float
    lame_mu: float
    density: float
    unknowns: tuple[str, ...] = ()
    unknown_range: float = 10.0
    damping: float = 0.0
    plane: Plane = "strain"
    density_plus_minus: float = 0.0

    def __post_init__(self) -> None:
        for name in ("lame_lambda", "lame_mu", "density", "unknown_range", "damping", "density_plus_minus"):
            object.__setattr__(self, name, finite_number(name, getattr(self, name)))
        unknowns = (self.unknowns,) if isinstance(self.unknowns, str) else tuple(self.unknowns)
        object.__setattr__(self, "unknowns", unknowns)
        if not (self.lame_mu > 0 and self.density > 0 and self.bulk_modulus > 0):
            raise ProblemError(
                f"no stable solid: lambda = {self.lame_lambda:g} Pa, mu = {self.lame_mu:g} Pa, "
                f"rho = {self.density:g} kg/m3; mu, rho and lambda + 2 mu / 3 must be positive"
            )
        if self.damping < 0:
            raise ProblemError(f"damping = {self.damping:g} 1/s: it must be at least 0")
        if self.density_plus_minus and not (
            0 < self.density_plus_minus < self.density and set(unknowns) == {"lambda", "mu"}
        ):
            raise ProblemError(
                f"density_plus_minus = {self.density_plus_minus:g} kg/m3 with the unknowns {list(unknowns)}: "
                "a part of a known density, 0 or more, beside lambda and mu that are both unknown, is needed"
            )
        if self.plane not in get_args(Plane):
            raise ProblemError(f"plane = {in_one_line(self.plane)}: legal are 'strain' and 'stress'")
        if any(name not in PARAMETERS for name in unknowns) or len(set(unknowns)) < len(unknowns):
            raise ProblemError(f"unknowns {list(unknowns)}: legal are any of {', '.join(PARAMETERS)}, each once")
        if not self.unknown_range > 1:
            raise ProblemError(f"unknown_range = {self.unknown_range:g}: it must be above 1")
        softest = self.lame_mu / self.unknown_range
        if "mu" in self.unknowns and "lambda" not in self.unknowns and self.lame_lambda + 2.0 / 3.0 * softest <= 0:
            raise ProblemError(
                f"lambda = {self.lame_lambda:g} Pa is no stable solid with all of mu's range, from {softest:g} Pa: "
                "narrow unknown_range, or let lambda be unknown too"
            )

    @classmethod
    def from_speeds(cls, c_p: float, c_s: float, density: float, **others: Any) -> Self:
        """Make the solid in which waves have given speeds: mu = rho c_s^2, lambda = rho (c_p^2 - 2 c_s^2).

        Parameters
        ----------
        c_p, c_s
            Speeds of P and S waves in the unbounded solid, m/s; in plane stress, P waves are slower than c_p.
        density
            kg/m3.
        **others
            Unknowns and the further parameters of a Material.

        Returns
        -------
        Material
            The solid.

        Raises
        ------
        ProblemError
            As a Material does: c_s must be above 0 and c_p above sqrt(4/3) c_s.
        """
        c_p, c_s, density = finite_number("c_p", c_p), finite_number("c_s", c_s), finite_number("density", density)
        if not (c_s > 0 and 3.0 * c_p**2 > 4.0 * c_s**2 and c_p > 0):
            raise ProblemError(
                f"no stable solid: c_p = {c_p:g} m/s, c_s = {c_s:g} m/s; c_s must be positive, and c_p above "
                "sqrt(4/3) c_s"
            )
        return cls(density * (c_p**2 - 2.0 * c_s**2), density * c_s**2, density, **others)

    @classmethod
    def from_young(cls, young_modulus: float, poisson_ratio: float, density: float, **others: Any) -> Self:
        """Make the solid of a Young's modulus and a Poisson's ratio.

        mu = E / (2 (1 + nu)), lambda = E nu / ((1 + nu) (1 - 2 nu)).

        Parameters
        ----------
        young_modulus
            E, Pa.
        poisson_ratio
            nu, dimensionless; of the solid, in plane stress too.
        density
            kg/m3.
        **others
            Unknowns and the further parameters of a Material.

        Returns
        -------
        Material
            The solid.

        Raises
        ------
        ProblemError
            As a Material does: E must be above 0, nu above -1 and below 0.5.
        """
        young, nu = finite_number("young_modulus", young_modulus), finite_number("poisson_ratio", poisson_ratio)
        density = finite_number("density", density)
        if not (young > 0 and -1.0 < nu < 0.5):
            raise ProblemError(
                f"no stable solid: E = {young:g} Pa, nu = {nu:g}; E must be positive, and nu above -1 and below 0.5"
            )
        return cls(young * nu / ((1.0 + nu) * (1.0 - 2.0 * nu)), young / (2.0 * (1.0 + nu)), density, **others)

    @property
    def bulk_modulus(self) -> float:
        """The bulk modulus of the solid, Pa: lambda + 2 mu / 3."""
        return self.lame_lambda + 2.0 / 3.0 * self.lame_mu

    @property
    def p_modulus(self) -> float:
        """The modulus of longitudinal waves in the plane, Pa: lambda + 2 mu, with the lambda of the plane."""
        return self.in_plane_lambda + 2.0 * self.lame_mu

    @property
    def in_plane_lambda(self) -> float:
        """The lambda of the equations in the plane, Pa: in plane stress 2 lambda mu / (lambda + 2 mu)."""
        return self.lame_lambda if self.plane == "strain" else plane_stress_lambda(self.lame_lambda, self.lame_mu)

    @property
    def c_p(self) -> float:
        """Speed of P waves, m/s: sqrt((lambda + 2 mu) / rho), with the lambda of the plane."""
        return math.sqrt(self.p_modulus / self.density)

    @property
    def c_s(self) -> float:
        """Speed of S waves, m/s: sqrt(mu / rho)."""
        return math.sqrt(self.lame_mu / self.density)


ALUMINIUM = Material(lame_lambda=5.76e10, lame_mu=2.6e10, density=2700.0)
STEEL = Material(lame_lambda=1.0e11, lame_mu=8.0e10, density=7800.0)
RUBBER = Material(lame_lambda=1.0e6, lame_mu=5.0e5, density=1200.0)
PRESETS = {"aluminium": ALUMINIUM, "steel": STEEL, "rubber": RUBBER}


def plane_stress_lambda(lame_lambda: Values, lame_mu: Values) -> Any:
    """Compute the lambda of the equations in plane stress, 2 lambda mu / (lambda + 2 mu).

    Source: Timoshenko and Goodier, Theory of Elasticity, 1970, section 11.
    """
    return 2.0 * lame_lambda * lame_mu / (lame_lambda + 2.0 * lame_mu)
