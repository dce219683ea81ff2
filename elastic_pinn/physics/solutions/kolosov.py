"""Displacement and stress of plates at rest by the potentials of Kolosov and Muskhelishvili.

    2 mu (u_x + i u_y) = kappa phi(z) - z conj(phi'(z)) - conj(psi(z)),   z = x + i y
    sigma_xx + sigma_yy = 4 Re phi'(z),   sigma_yy - sigma_xx + 2 i sigma_xy = 2 (conj(z) phi''(z) + psi'(z))

kappa is 3 - 4 nu in plane strain and (3 - nu) / (1 + nu) in plane stress, which is (lambda + 3 mu) / (lambda + mu) with
the lambda of the plane.

Source: Muskhelishvili, Some Basic Problems of the Mathematical Theory of Elasticity, 1953, sections 32 and 33.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from elastic_pinn.physics.media.material import Material


class Potentials(NamedTuple):
    """phi, its first two derivatives, psi and its derivative at places, each (...), complex."""

    phi: Tensor
    phi_1: Tensor
    phi_2: Tensor
    psi: Tensor
    psi_1: Tensor

    def displacement(self, z: Tensor, material: Material) -> Tensor:
        """Return the displacement at z (...), (..., 2) in m."""
        both = kappa_of(material) * self.phi - z * self.phi_1.conj() - self.psi.conj()
        return torch.stack([both.real, both.imag], dim=-1) / (2.0 * material.lame_mu)

    def stress(self, z: Tensor) -> Tensor:
        """Return sigma_xx, sigma_yy and sigma_xy at z (...), (..., 3) in Pa."""
        mean, rest = 2.0 * self.phi_1.real, z.conj() * self.phi_2 + self.psi_1
        return torch.stack([mean - rest.real, mean + rest.real, rest.imag], dim=-1)


def kappa_of(material: Material) -> float:
    """Return kappa, dimensionless."""
    lame_lambda, mu = material.in_plane_lambda, material.lame_mu
    return (lame_lambda + 3.0 * mu) / (lame_lambda + mu)
