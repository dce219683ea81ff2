"""A solid whose constants vary from place to place."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, get_args

import torch
from torch import Tensor

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.coefficients import STEP, coefficient_of
from elastic_pinn.physics.media.grid import Grid, LinearGrid
from elastic_pinn.physics.media.material import Material, Plane, plane_stress_lambda
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.points import probe_points

if TYPE_CHECKING:
    from elastic_pinn.physics.domains import Domain, Interval

logger = logging.getLogger(__name__)

NODES = (65, 129, 257)  # on a side of the grid that a checkpoint keeps
PROBES = 4096
ACCURATE = 1e-6  # of the largest value: as good as the medium itself
TELLING = 1e-3
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
        """Make the medium that interpolates between `samples`: lambda and mu cubic, density and damping linear.

        Parameters
        ----------
        samples
            As of `samples`, (4, G, G) in SI units.
        x, y
            Of the window, from and to, m.
        plane
            "strain" or "stress".

        Returns
        -------
        Medium
            The medium.
        """
        across, up = (torch.linspace(*interval, samples.shape[1], dtype=torch.float64) for interval in (x, y))
        lame_lambda, lame_mu = (Grid(across, up, values.cpu()) for values in samples[:2])
        density, damping = (LinearGrid(across, up, values.cpu()) for values in samples[2:])  # where splines overshoot
        return cls(lame_lambda, lame_mu, density, damping, plane)

    def samples(self, domain: Domain) -> Tensor:
        """Evaluate the constants at nodes over the window, as many as it takes to interpolate lambda and mu.

        Parameters
        ----------
        domain
            The window. A node outside its shape has the values of the nearest place inside.

        Returns
        -------
        Tensor
            lambda, mu, rho and damping, (4, G, G) in SI units, x first, G being 65, 129 or 257.
        """
        inside = domain.interior(probe_points(3, PROBES))  # (N, 3)
        true = self.constants(inside[:, 0], inside[:, 1])[:2]  # (2, N)
        for count in NODES:
            nodes = domain.shape.nearest(*domain.nodes(count))  # (count^2, 2)
            found = self.constants(*nodes.unbind(1)).reshape(len(CONSTANTS), count, count)
            again = Medium.of_samples(found, domain.x, domain.y, self.plane)
            pair = [each.value(inside[:, 0], inside[:, 1]) for each in (again.lame_lambda, again.lame_mu)]
            off = torch.stack(pair) - true
            error = float((off.abs().amax(1) / true.abs().amax(1).clamp(min=1e-300)).max())
            if error < ACCURATE:
                return found
        if error > TELLING:
            logger.warning(
                "the medium varies so fast that a run's stress, energy and residual, which its checkpoints' samples "
                "give, are up to %.2g %% off; training takes the medium itself", 100.0 * error,
            )  # fmt: skip
        return found

    def reference(self, domain: Domain) -> Material:
        """Return the homogeneous solid of the mean constants, to which scales and wave speeds refer.

        Parameters
        ----------
        domain
            The window.

        Returns
        -------
        Material
            The means over 65 x 65 nodes, of those inside.
        """
        x, y = domain.nodes(NODES[0])
        here = domain.shape.contains(x, y)
        lame_lambda, lame_mu, density, damping = self.constants(x[here], y[here]).mean(1).tolist()
        return Material(lame_lambda, lame_mu, density, damping=damping, plane=self.plane)

    def require_sound(self, domain: Domain) -> None:
        """Check the medium over a domain.

        Parameters
        ----------
        domain
            The window.

        Raises
        ------
        ProblemError
            Where there is no stable solid or a negative damping, where lambda or mu jump or torch cannot find their
            gradient, and where values depend on the points beside.
        """
        extent = max(high - low for low, high in (domain.x, domain.y))
        x, y = domain.nodes(NODES[0])
        steps = [(-STEP, -STEP), (-STEP, STEP), (STEP, -STEP), (STEP, STEP)]
        near = [domain.shape.contains(x + a * extent, y + b * extent) for a, b in steps]
        here = torch.stack(near).all(0)  # so far inside that finite differences are, too
        for name in CONSTANTS:
            getattr(self, name).require_sound(x[here], y[here], extent, name in ("lame_lambda", "lame_mu"))
        here = domain.shape.contains(x, y)
        self.constants(x[here], y[here])

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

        Raises
        ------
        ProblemError
            With the place, where there is no stable solid or a negative damping.
        """
        found = torch.stack([getattr(self, name).value(x, y) for name in CONSTANTS])
        lame_lambda, lame_mu, density, damping = found
        stable = (lame_mu > 0) & (density > 0) & (damping >= 0) & (lame_lambda + 2.0 / 3.0 * lame_mu > 0)
        if not stable.all():
            at = int((~stable).nonzero()[0])
            here = ", ".join(f"{name} = {float(each[at]):g}" for name, each in zip(CONSTANTS, found, strict=True))
            raise ProblemError(
                f"no stable solid at x = {float(x[at]):g} m, y = {float(y[at]):g} m: {here}; mu, rho and "
                "lambda + 2 mu / 3 must be positive, and the damping must not be negative"
            )
        return found

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
