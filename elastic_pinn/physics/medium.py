"""A solid whose constants vary from place to place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, get_args

import torch
from torch import Tensor

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.coefficients import Grid, coefficient_of
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.material import Material, Plane, plane_stress_lambda
from elastic_pinn.physics.moduli import Moduli

if TYPE_CHECKING:
    from elastic_pinn.physics.domains import Domain, Interval

NODES = 65  # on a side of the grid on which a medium is looked at, and kept in a checkpoint
CONSTANTS = ("lame_lambda", "lame_mu", "density", "damping")


@dataclass(frozen=True)
class Medium:
    """An isotropic elastic solid whose constants vary from place to place, all of them known.

    Parameters
    ----------
    lame_lambda, lame_mu
        Pa: one number, a function (x, y) -> (N,) of torch operations, or an `ep.Grid`.
    density
        kg/m3, likewise, or an `ep.ByRegion`.
    damping
        d of rho (u_tt + d u_t) = div sigma + f, 1/s, likewise.
    plane
        "strain" or "stress".

    Raises
    ------
    ProblemError
        For anything else; for lambda or mu by region; in a Problem, where the solid is not stable somewhere.
    """

    lame_lambda: Any
    lame_mu: Any
    density: Any
    damping: Any = 0.0
    plane: Plane = "strain"

    unknowns: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for name in CONSTANTS:
            object.__setattr__(self, name, coefficient_of(name, getattr(self, name)))
        if self.plane not in get_args(Plane):
            raise ProblemError(f"plane = {in_one_line(self.plane)}: legal are 'strain' and 'stress'")
        for name in ("lame_lambda", "lame_mu"):
            if getattr(self, name).jumps:
                raise ProblemError(
                    f"{name} jumps between regions, where one smooth wavefield cannot keep the traction continuous: "
                    "only density and damping may be given by region"
                )

    @classmethod
    def of_samples(cls, samples: Tensor, x: Interval, y: Interval, plane: Plane) -> Self:
        """Make the medium that interpolates between its `samples`.

        Parameters
        ----------
        samples
            lambda, mu, rho and damping at nodes, (4, 65, 65) in SI units, x first.
        x, y
            From and to, m.
        plane
            "strain" or "stress".

        Returns
        -------
        Medium
            The medium.
        """
        along_x, along_y = (torch.linspace(*interval, NODES, dtype=torch.float64) for interval in (x, y))
        lame_lambda, lame_mu, density, damping = (Grid(along_x, along_y, values.cpu()) for values in samples)
        return cls(lame_lambda, lame_mu, density, damping, plane)

    def samples(self, domain: Domain) -> Tensor:
        """Evaluate the constants at 65 x 65 nodes over the window.

        Parameters
        ----------
        domain
            The window.

        Returns
        -------
        Tensor
            lambda, mu, rho and damping, (4, 65, 65) in SI units, x first.

        Raises
        ------
        ProblemError
            With the place, where there is no stable solid or a negative damping.
        """
        x, y = domain.nodes(NODES)  # each (NODES^2,)
        found = self.constants(x, y)
        lame_lambda, lame_mu, density, damping = found
        stable = (lame_mu > 0) & (density > 0) & (damping >= 0) & (lame_lambda + 2.0 / 3.0 * lame_mu > 0)
        if not stable.all():
            at = int((~stable).nonzero()[0])
            here = ", ".join(f"{name} = {float(each[at]):g}" for name, each in zip(CONSTANTS, found, strict=True))
            raise ProblemError(
                f"no stable solid at x = {float(x[at]):g} m, y = {float(y[at]):g} m: {here}; mu, rho and "
                "lambda + 2 mu / 3 must be positive, and the damping must not be negative"
            )
        return found.reshape(len(CONSTANTS), NODES, NODES)

    def constants(self, x: Tensor, y: Tensor) -> Tensor:
        """Evaluate lambda, mu, rho and the damping.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            The four constants, (4, N) in SI units.
        """
        return torch.stack([getattr(self, name).value(x, y) for name in CONSTANTS])

    def moduli(self, x: Tensor, y: Tensor) -> Moduli:
        """Evaluate the moduli of the equations in the plane, with the gradients of lambda and mu.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Moduli
            Each (N,) in SI units.
        """
        lame_lambda, lame_mu, density, damping = self.constants(x, y)
        of_lambda, of_mu = self.lame_lambda.gradient(x, y), self.lame_mu.gradient(x, y)
        if self.plane == "stress":
            squared = (lame_lambda + 2.0 * lame_mu) ** 2
            by_lambda, by_mu = 4.0 * lame_mu**2 / squared, 2.0 * lame_lambda**2 / squared
            of_lambda = (by_lambda * of_lambda[0] + by_mu * of_mu[0], by_lambda * of_lambda[1] + by_mu * of_mu[1])
            lame_lambda = plane_stress_lambda(lame_lambda, lame_mu)
        slopes = dict(zip(("lambda_x", "lambda_y", "mu_x", "mu_y"), (*of_lambda, *of_mu), strict=True))
        return Moduli.of(lame_lambda, lame_mu, density, damping, **slopes)


def homogenised(samples: Tensor, plane: Plane) -> Material:
    """Make the homogeneous solid of a medium's mean constants, to which scales and wave speeds refer."""
    lame_lambda, lame_mu, density, damping = samples.flatten(1).mean(1).tolist()
    return Material(lame_lambda, lame_mu, density, damping=damping, plane=plane)
