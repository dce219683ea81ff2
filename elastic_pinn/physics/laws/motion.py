"""The equation of motion of a homogeneous solid."""

from __future__ import annotations

from torch import Tensor

from elastic_pinn.physics.domain import Domain
from elastic_pinn.physics.elasticity import MOTION, Derivatives, Normal, residual
from elastic_pinn.physics.fields import Field
from elastic_pinn.physics.material import Moduli
from elastic_pinn.physics.quantity import FORCE
from elastic_pinn.physics.statement import Place, Statement


def motion(domain: Domain, force: Field | None) -> Statement:
    """rho u_tt - (lambda + mu) grad(div u) - mu laplace(u) = f inside a domain. force: f, N/m3; None: zero."""
    inside = Place("interior", 3, lambda unit: (domain.interior(unit), unit.new_zeros(0, 2)))
    return Statement("interior", "pde", MOTION, _left_side, FORCE, inside, target=force)


def _left_side(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    return residual(u, moduli)
