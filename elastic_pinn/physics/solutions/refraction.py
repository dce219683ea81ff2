"""A plane wave that meets the interface of two materials: the incident wave and those that it makes on both sides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.solutions.harmonic import HarmonicWave, Kind, displacement_of

Contact = Literal["welded", "slip"]


@dataclass(frozen=True)
class Refraction:
    """A harmonic P or S wave on the interface y = 0 of two solids, as a function of (x, y, t).

    The incident wave, Re[d exp(i (k . x - omega t))], of amplitude 1 m, comes from below; the amplitudes of the P and S
    waves that the interface reflects and lets through follow from what holds there. Those that cannot travel creep
    along the interface and die out away from it.

    Parameters
    ----------
    kind
        Of the incident wave, "p" or "s".
    below, above
        The two solids.
    contact
        "welded" (displacement and traction are continuous) or "slip" (u . n and n . sigma n are, and there is no
        shear).
    angle
        From the interface's normal, radians, in 0 to pi / 2 (not included).
    wavelength
        Of the incident wave, m.

    References
    ----------
    Achenbach, Wave Propagation in Elastic Solids, 1973, section 5.9.
    """

    kind: Kind
    below: Material
    above: Material
    contact: Contact = "welded"
    angle: float = 0.0
    wavelength: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind) or self.contact not in get_args(Contact):
            raise ProblemError(
                f"kind = {self.kind!r}, contact = {self.contact!r}: legal are {get_args(Kind)}, {get_args(Contact)}"
            )
        if not 0.0 <= self.angle < math.pi / 2.0:
            raise ProblemError(f"angle = {self.angle} rad: a wave meets an interface at 0 to pi / 2 from its normal")

    @property
    def omega(self) -> float:
        """The angular frequency, rad/s."""
        speed = self.below.c_p if self.kind == "p" else self.below.c_s
        return 2.0 * math.pi * speed / self.wavelength

    @cached_property
    def waves(self) -> tuple[tuple[HarmonicWave, ...], tuple[HarmonicWave, ...]]:
        """Below: the incident, the reflected P and the reflected S wave; above: the P and the S wave."""
        along = 2.0 * math.pi / self.wavelength * math.sin(self.angle)
        incident = HarmonicWave.of(self.kind, self.below, self.omega, along, 1.0)
        back = [HarmonicWave.of(kind, self.below, self.omega, along, -1.0) for kind in get_args(Kind)]
        on = [HarmonicWave.of(kind, self.above, self.omega, along, 1.0) for kind in get_args(Kind)]
        columns = [self._at_interface(wave, self.below, 1.0) for wave in back]
        columns += [self._at_interface(wave, self.above, -1.0) for wave in on]
        sizes = np.linalg.solve(np.column_stack(columns), -self._at_interface(incident, self.below, 1.0))
        made = [wave._replace(amplitude=complex(size)) for wave, size in zip([*back, *on], sizes, strict=True)]
        return (incident, *made[:2]), tuple(made[2:])

    def _at_interface(self, wave: HarmonicWave, solid: Material, sign: float) -> np.ndarray:
        """What has to vanish at the interface, of a unit wave below it (sign 1) or above (-1), complex, (4,)."""
        (d_x, d_y), (shear, normal) = wave.d, wave.traction(solid) / (self.omega * self.below.density * self.below.c_p)
        if self.contact == "welded":
            return sign * np.array([d_x, d_y, shear, normal])
        return np.array([sign * d_y, sign * normal, shear * (sign > 0.0), shear * (sign < 0.0)])

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m and times t in s, of equal shape."""
        below, above = self.waves
        under = displacement_of(below, self.omega, x, y.clamp(max=0.0), t)
        over = displacement_of(above, self.omega, x, y.clamp(min=0.0), t)
        return torch.where(y[..., None] < 0.0, under, over)
