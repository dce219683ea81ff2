"""An endless plate under tension with a circular hole."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.solutions.kolosov import Potentials


@dataclass(frozen=True)
class KirschPlate:
    """A plate at rest that is pulled along one direction far away, with a free circular hole.

    With z from the hole's centre, a its radius, S the tension and b the angle of its direction,

        phi = S/4 (z + 2 a^2 e^2ib / z),   psi = -S/2 (e^-2ib z + a^2 / z - a^4 e^2ib / z^3)

    The stress along the rim is greatest, 3 S, where the rim is parallel to the direction.

    Arguments: the material, the hole's radius and centre in m, the angle in radians, the tension in Pa. The centre of
    the hole does not move, and far away the plate does not turn.
    Source: Kirsch, Zeitschrift des Vereines deutscher Ingenieure 42, 1898; Muskhelishvili, Some Basic Problems of the
    Mathematical Theory of Elasticity, 1953, section 56.
    """

    material: Material
    radius: float
    center: tuple[float, float] = (0.0, 0.0)
    angle: float = 0.0
    tension: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.radius < math.inf:
            raise ProblemError(f"a hole has a finite radius above 0 m, not {self.radius:g}")

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m outside of the hole, at any time t."""
        z = self._from_center(x, y)
        return self._potentials(z).displacement(z, self.material)

    def stress(self, x: Tensor, y: Tensor) -> Tensor:
        """Return sigma_xx, sigma_yy and sigma_xy (..., 3) in Pa at positions x, y in m outside of the hole."""
        z = self._from_center(x, y)
        return self._potentials(z).stress(z)

    def _from_center(self, x: Tensor, y: Tensor) -> Tensor:
        return torch.complex(x - self.center[0], y - self.center[1])

    def _potentials(self, z: Tensor) -> Potentials:
        size, square, turn = self.tension / 4.0, self.radius**2, cmath.exp(2j * self.angle)
        return Potentials(
            phi=size * (z + 2.0 * square * turn / z),
            phi_1=size * (1.0 - 2.0 * square * turn / z**2),
            phi_2=size * 4.0 * square * turn / z**3,
            psi=-2.0 * size * (z / turn + square / z - square**2 * turn / z**3),
            psi_1=-2.0 * size * (1.0 / turn - square / z**2 + 3.0 * square**2 * turn / z**4),
        )
