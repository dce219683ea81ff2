"""The equation of motion."""

from __future__ import annotations

from torch import Tensor

from elastic_pinn.physics.domains import Domain
from elastic_pinn.physics.elasticity import MOTION, Derivatives, Normal, residual
from elastic_pinn.physics.fields import Field
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.quantity import FORCE
from elastic_pinn.physics.sources import concentrated, identity_of
from elastic_pinn.physics.statement import Place, Statement

OF_MOTION = ("lame_lambda", "lame_mu", "density", "drag", "lambda_x", "lambda_y", "mu_x", "mu_y")


def motion(domain: Domain, force: Field | None) -> Statement:
    """rho (u_tt + d u_t) - div sigma = f inside a domain. force: f, N/m3; None: zero."""
    inside = Place("interior", 3, lambda unit, quantile: (domain.interior(unit, quantile), unit.new_zeros(0, 2)))
    return Statement(
        "interior",
        "pde",
        MOTION,
        _left_side,
        FORCE,
        concentrated(inside, domain, force),
        target=force,
        moduli=OF_MOTION,
        identity=identity_of(force, domain),
    )


def _left_side(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    return residual(u, moduli)
