"""The surface wave of a free half-space."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import Tensor

from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.solutions.harmonic import HarmonicWave, displacement_of


@dataclass(frozen=True)
class RayleighWave:
    """The wave along the free surface y = 0 of the solid below, as a function of (x, y, t).

    It travels along x at c_R and dies out with depth; its horizontal displacement at the surface has amplitude 1 m.

    Parameters
    ----------
    material
        The solid.
    wavelength
        m.

    References
    ----------
    Achenbach, Wave Propagation in Elastic Solids, 1973, section 5.11.
    """

    material: Material
    wavelength: float = 1.0

    @cached_property
    def speed(self) -> float:
        """c_R, m/s: the root of (2 - c^2/c_s^2)^2 = 4 sqrt(1 - c^2/c_p^2) sqrt(1 - c^2/c_s^2)."""
        from scipy.optimize import brentq  # slow to import, and rarely needed

        ratio = (self.material.c_s / self.material.c_p) ** 2

        def misfit(square: float) -> float:  # of (c / c_s)^2
            return (2.0 - square) ** 2 - 4.0 * math.sqrt(1.0 - ratio * square) * math.sqrt(1.0 - square)

        return self.material.c_s * math.sqrt(float(brentq(misfit, 0.1, 1.0 - 1e-12, xtol=1e-15)))

    @property
    def omega(self) -> float:
        """The angular frequency, rad/s."""
        return 2.0 * math.pi * self.speed / self.wavelength

    @cached_property
    def waves(self) -> tuple[HarmonicWave, HarmonicWave]:
        """Its P and its S part, both evanescent."""
        along = 2.0 * math.pi / self.wavelength
        p, s = (HarmonicWave.of(kind, self.material, self.omega, along, -1.0) for kind in ("p", "s"))
        of_p, of_s = p.traction(self.material), s.traction(self.material)
        ratio = -of_p[0] / of_s[0]  # no shear at the surface; no pressure then, by the speed
        size = p.d[0] + ratio * s.d[0]
        return p._replace(amplitude=complex(1.0 / size)), s._replace(amplitude=complex(np.divide(ratio, size)))

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m and times t in s, of equal shape."""
        return displacement_of(self.waves, self.omega, x, y, t)
