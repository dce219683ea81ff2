"""A plane wave that meets a straight wall: the incident wave and those that it reflects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.solutions.harmonic import HarmonicWave, Kind, displacement_of

Wall = Literal["fixed", "free", "symmetry", "absorbing"]


@dataclass(frozen=True)
class WallReflection:
    """A harmonic P or S wave on the wall y = 0 of the solid below, as a function of (x, y, t).

    The incident wave is Re[d exp(i (k . x - omega t))], of amplitude 1 m; the amplitudes of the reflected P and S waves
    follow from what holds at the wall. An S wave past its critical angle makes a P wave that creeps along the wall and
    dies out below.

    Parameters
    ----------
    kind
        Of the incident wave, "p" or "s".
    wall
        "fixed" (u = 0), "free" (sigma n = 0), "symmetry" (u . n = 0 and no shear) or "absorbing" (of first order).
    material
        The solid.
    angle
        From the wall's normal, radians, in 0 to pi / 2 (not included).
    wavelength
        Of the incident wave, m.

    References
    ----------
    Achenbach, Wave Propagation in Elastic Solids, 1973, sections 5.5 to 5.8.
    """

    kind: Kind
    wall: Wall
    material: Material
    angle: float = 0.0
    wavelength: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind) or self.wall not in get_args(Wall):
            raise ProblemError(
                f"kind = {self.kind!r}, wall = {self.wall!r}: legal are {get_args(Kind)}, {get_args(Wall)}"
            )
        if not 0.0 <= self.angle < math.pi / 2.0:
            raise ProblemError(f"angle = {self.angle} rad: a wave meets a wall at 0 to pi / 2 from its normal")

    @property
    def omega(self) -> float:
        """The angular frequency, rad/s."""
        speed = self.material.c_p if self.kind == "p" else self.material.c_s
        return 2.0 * math.pi * speed / self.wavelength

    @cached_property
    def waves(self) -> tuple[HarmonicWave, HarmonicWave, HarmonicWave]:
        """The incident, the reflected P and the reflected S wave."""
        along = 2.0 * math.pi / self.wavelength * math.sin(self.angle)
        incident = HarmonicWave.of(self.kind, self.material, self.omega, along, 1.0)
        p, s = (HarmonicWave.of(kind, self.material, self.omega, along, -1.0) for kind in get_args(Kind))
        system = np.column_stack([self._at_wall(p), self._at_wall(s)])  # (2, 2)
        r_p, r_s = np.linalg.solve(system, -self._at_wall(incident))
        return incident, p._replace(amplitude=complex(r_p)), s._replace(amplitude=complex(r_s))

    def _at_wall(self, wave: HarmonicWave) -> np.ndarray:
        """What has to vanish at the wall, of a wave of unit amplitude, complex, (2,)."""
        traction = wave.traction(self.material) / self.omega
        if self.wall == "symmetry":
            return np.array([wave.d[1], traction[0]])
        if self.wall == "absorbing":  # sigma n + rho c v = 0, with v = -i omega u
            material = self.material
            return traction - 1j * material.density * np.array([material.c_s, material.c_p]) * wave.d
        return np.array(wave.d) if self.wall == "fixed" else traction

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m and times t in s, of equal shape."""
        return displacement_of(self.waves, self.omega, x, y, t)
