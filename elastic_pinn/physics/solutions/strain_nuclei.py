"""Nuclei of strain in an endless plate: singular points whose fields a plate with holes has around these."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.solutions.kolosov import Potentials, kappa_of


class Nucleus(NamedTuple):
    """A singular point of a plate at rest.

    at: m. force: that acts on the solid there, per thickness, N/m. dipole, pair: B and C of the potentials B / zeta and
    C / zeta, zeta from the point, N; a real C opens or closes the point evenly, an imaginary one is a moment about it.
    """

    at: tuple[float, float]
    force: tuple[float, float] = (0.0, 0.0)
    dipole: complex = 0.0
    pair: complex = 0.0


@dataclass(frozen=True)
class StrainNuclei:
    """The displacement by nuclei of strain, which is singular at each of them and smooth elsewhere.

    Each has, with zeta from its place,

        phi = A log zeta + B / zeta,   psi = -kappa conj(A) log zeta + C / zeta

    in a frame about it, where A = -(F_x + i F_y) / (2 pi (1 + kappa)). The displacement is single-valued, and
    grows as log |zeta| where there is a force.

    Arguments: the material, the nuclei.
    Source: Muskhelishvili, Some Basic Problems of the Mathematical Theory of Elasticity, 1953, section 57.
    """

    material: Material
    nuclei: tuple[Nucleus, ...]

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m, at any time t."""
        found = (potentials.displacement(zeta, self.material) for zeta, potentials in self._around_each(x, y))
        return torch.stack(list(found)).sum(0)

    def stress(self, x: Tensor, y: Tensor) -> Tensor:
        """Return sigma_xx, sigma_yy and sigma_xy (..., 3) in Pa at positions x, y in m."""
        return torch.stack([potentials.stress(zeta) for zeta, potentials in self._around_each(x, y)]).sum(0)

    def _around_each(self, x: Tensor, y: Tensor) -> Iterator[tuple[Tensor, Potentials]]:
        """The position from each nucleus, and its potentials there."""
        kappa = kappa_of(self.material)
        for (at_x, at_y), force, dipole, pair in self.nuclei:
            zeta = torch.complex(x - at_x, y - at_y)
            inverse, a = 1.0 / zeta, -complex(*force) / (2.0 * math.pi * (1.0 + kappa))
            yield (
                zeta,
                Potentials(
                    phi=a * zeta.log() + dipole * inverse,
                    phi_1=a * inverse - dipole * inverse**2,
                    phi_2=-a * inverse**2 + 2.0 * dipole * inverse**3,
                    psi=-kappa * a.conjugate() * zeta.log() + pair * inverse,
                    psi_1=-kappa * a.conjugate() * inverse - pair * inverse**2,
                ),
            )
