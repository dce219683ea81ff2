"""The equations of plane-strain elasticity, as in a textbook.

Source: Achenbach, Wave Propagation in Elastic Solids, 1973, chapter 2. A wavefield comes as its derivatives, name ->
(N, 2): "" the displacement itself, "x" its derivative by x, "tt" the second by t, and so on. Any consistent units.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Self

import torch
from torch import Tensor

from elastic_pinn.physics.material import Moduli

Derivatives = Mapping[str, Tensor]
MOTION = ("xx", "xy", "yy", "tt")
"""The derivatives in the equation of motion."""
STRAIN = ("x", "y")
"""The derivatives in strain, stress and traction."""


class Normal(NamedTuple):
    """A unit normal n and the entries of n n^T, each (N,) or a number: what operators at a boundary are linear in."""

    x: Tensor | float = 0.0
    y: Tensor | float = 0.0
    xx: Tensor | float = 0.0
    xy: Tensor | float = 0.0
    yy: Tensor | float = 0.0

    @classmethod
    def of(cls, normals: Tensor) -> Self:
        """Compute them for unit normals (N, 2)."""
        x, y = normals.unbind(1)
        return cls(x, y, x * x, x * y, y * y)


def residual(u: Derivatives, moduli: Moduli, force: Tensor | float = 0.0) -> Tensor:
    """Compute rho u_tt - (lambda + mu) grad(div u) - mu laplace(u) - f in a homogeneous medium, (N, 2)."""
    lame_lambda, lame_mu, density = moduli
    grad_div = torch.stack([u["xx"][:, 0] + u["xy"][:, 1], u["xy"][:, 0] + u["yy"][:, 1]], dim=1)  # (N, 2)
    laplace = u["xx"] + u["yy"]  # (N, 2)
    return density * u["tt"] - (lame_lambda + lame_mu) * grad_div - lame_mu * laplace - force


def displacement(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    """Return u, (N, 2)."""
    return u[""]


def strain(u: Derivatives) -> Tensor:
    """Compute eps_xx, eps_yy, eps_xy of eps = (grad u + grad u^T) / 2, (N, 3)."""
    shear = (u["y"][:, 0] + u["x"][:, 1]) / 2.0
    return torch.stack([u["x"][:, 0], u["y"][:, 1], shear], dim=1)


def stress(u: Derivatives, moduli: Moduli) -> Tensor:
    """Compute sigma_xx, sigma_yy, sigma_xy of sigma = lambda tr(eps) I + 2 mu eps, (N, 3)."""
    lame_lambda, lame_mu, _ = moduli
    eps = strain(u)  # (N, 3)
    pressure = lame_lambda * (eps[:, 0] + eps[:, 1])  # (N,)
    return 2.0 * lame_mu * eps + torch.stack([pressure, pressure, torch.zeros_like(pressure)], dim=1)


def traction(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    """Compute sigma n on a surface with outward normal n, (N, 2)."""
    xx, yy, xy = stress(u, moduli).unbind(1)
    return torch.stack([xx * normal.x + xy * normal.y, xy * normal.x + yy * normal.y], dim=1)
