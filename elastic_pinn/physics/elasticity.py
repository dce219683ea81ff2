"""The equations of elasticity in a plane, as in a textbook.

Source: Achenbach, Wave Propagation in Elastic Solids, 1973, chapter 2. A wavefield comes as its derivatives, name ->
(N, 2): "" the displacement itself, "x" its derivative by x, "tt" the second by t, and so on. Any consistent units.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Self

import torch
from torch import Tensor

from elastic_pinn.physics.media.material import Plane
from elastic_pinn.physics.media.moduli import Moduli, Values

Derivatives = Mapping[str, Tensor]
MOTION = ("x", "y", "t", "xx", "xy", "yy", "tt")
"""The derivatives in the equation of motion."""
STRAIN = ("x", "y")
"""The derivatives in strain, stress and traction."""


class Normal(NamedTuple):
    """A unit normal n and the entries of n n^T, each (N,) or a number: what operators at a boundary are linear in."""

    x: Values = 0.0
    y: Values = 0.0
    xx: Values = 0.0
    xy: Values = 0.0
    yy: Values = 0.0

    @classmethod
    def of(cls, normals: Tensor) -> Self:
        """Compute them for unit normals (N, 2)."""
        x, y = normals.unbind(1)
        return cls(x, y, x * x, x * y, y * y)


def times(values: Values, vectors: Tensor) -> Tensor:
    """One number times vectors (N, C), or one for each of them."""
    return values[:, None] * vectors if isinstance(values, Tensor) and values.ndim else values * vectors


def residual(u: Derivatives, moduli: Moduli, force: Tensor | float = 0.0) -> Tensor:
    """Compute rho (u_tt + d u_t) - div sigma - f, (N, 2), with

    div sigma = (lambda + mu) grad(div u) + mu laplace(u) + grad lambda div u + (grad u + grad u^T) grad mu.
    """
    m, grad_div = moduli, torch.stack([u["xx"][:, 0] + u["xy"][:, 1], u["xy"][:, 0] + u["yy"][:, 1]], dim=1)  # (N, 2)
    laplace = u["xx"] + u["yy"]  # (N, 2)
    inertia = times(m.density, u["tt"]) + times(m.drag, u["t"])
    divergence = u["x"][:, 0] + u["y"][:, 1]  # (N,)
    of_lambda = torch.stack([m.lambda_x * divergence, m.lambda_y * divergence], dim=1)  # (N, 2)
    shear = u["y"][:, 0] + u["x"][:, 1]  # (N,)
    of_mu = torch.stack(
        [2.0 * m.mu_x * u["x"][:, 0] + m.mu_y * shear, m.mu_x * shear + 2.0 * m.mu_y * u["y"][:, 1]], dim=1
    )  # (N, 2)
    homogeneous = inertia - times(m.lame_lambda + m.lame_mu, grad_div) - times(m.lame_mu, laplace)
    return homogeneous - of_lambda - of_mu - force


def displacement(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    """Return u, (N, 2)."""
    return u[""]


def velocity(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    """Return u_t, (N, 2)."""
    return u["t"]


def acceleration(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    """Return u_tt, (N, 2)."""
    return u["tt"]


def strain(u: Derivatives) -> Tensor:
    """Compute eps_xx, eps_yy, eps_xy of eps = (grad u + grad u^T) / 2, (N, 3)."""
    shear = (u["y"][:, 0] + u["x"][:, 1]) / 2.0
    return torch.stack([u["x"][:, 0], u["y"][:, 1], shear], dim=1)


def stress(u: Derivatives, moduli: Moduli) -> Tensor:
    """Compute sigma_xx, sigma_yy, sigma_xy of sigma = lambda tr(eps) I + 2 mu eps, (N, 3)."""
    eps = strain(u)  # (N, 3)
    pressure = moduli.lame_lambda * (eps[:, 0] + eps[:, 1])  # (N,)
    return times(2.0 * moduli.lame_mu, eps) + torch.stack([pressure, pressure, torch.zeros_like(pressure)], dim=1)


def von_mises_stress(u: Derivatives, moduli: Moduli, plane: Plane) -> Tensor:
    """Compute sqrt(((s_xx - s_yy)^2 + (s_yy - s_zz)^2 + (s_zz - s_xx)^2) / 2 + 3 s_xy^2), s being sigma, (N,).

    sigma_zz is lambda tr(eps) in plane strain, and 0 in plane stress.

    Source: von Mises, Nachrichten von der Gesellschaft der Wissenschaften zu Goettingen, 1913.
    """
    xx, yy, xy = stress(u, moduli).unbind(1)
    out = moduli.lame_lambda * (u["x"][:, 0] + u["y"][:, 1]) if plane == "strain" else torch.zeros_like(xx)  # (N,)
    return (((xx - yy).square() + (yy - out).square() + (out - xx).square()) / 2.0 + 3.0 * xy.square()).sqrt()


def kinetic_energy(u: Derivatives, moduli: Moduli) -> Tensor:
    """Compute rho |u_t|^2 / 2, per volume, (N,)."""
    return moduli.density * u["t"].square().sum(1) / 2.0


def strain_energy(u: Derivatives, moduli: Moduli) -> Tensor:
    """Compute sigma : eps / 2, per volume, (N,)."""
    sigma, eps = stress(u, moduli), strain(u)  # xx, yy, xy, each (N, 3)
    return (sigma * eps * sigma.new_tensor([1.0, 1.0, 2.0])).sum(1) / 2.0


def traction(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    """Compute sigma n on a surface with outward normal n, (N, 2)."""
    xx, yy, xy = stress(u, moduli).unbind(1)
    return torch.stack([xx * normal.x + xy * normal.y, xy * normal.x + yy * normal.y], dim=1)


def normal_displacement(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    """Compute u . n, (N, 1)."""
    return (u[""][:, 0] * normal.x + u[""][:, 1] * normal.y)[:, None]


def normal_traction(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    """Compute n . sigma n, (N, 1)."""
    xx, yy, xy = stress(u, moduli).unbind(1)
    return (xx * normal.xx + 2.0 * xy * normal.xy + yy * normal.yy)[:, None]


def shear_traction(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    """Compute t . sigma n with t = (-n_y, n_x), (N, 1): lambda has no part in it."""
    difference = u["y"][:, 1] - u["x"][:, 0]  # (N,), eps_yy - eps_xx
    shear = u["y"][:, 0] + u["x"][:, 1]  # (N,), 2 eps_xy
    found = 2.0 * difference * normal.xy + shear * (normal.xx - normal.yy)
    return (moduli.lame_mu * found)[:, None]
