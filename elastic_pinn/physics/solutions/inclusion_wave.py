"""A plane wave on a circular inclusion in an endless plate."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, get_args

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.solutions.refraction import Contact
from elastic_pinn.physics.solutions.wave_on_circle import Array, WaveOnCircle, displacement, regular


@dataclass(frozen=True)
class InclusionWave(WaveOnCircle):
    """A harmonic plane wave that meets a circular inclusion, what this scatters, and what is in it.

    The four coefficients of each order, of the scattered wave and of that within, follow from what holds on the circle.

    Arguments beside those of `WaveOnCircle`: the inclusion's material; "welded" (displacement and traction are
    continuous) or "slip" (u_r and sigma_rr are, and there is no shear).
    """

    inclusion: Material = field(kw_only=True)
    contact: Contact = field(default="welded", kw_only=True)

    circle: ClassVar[str] = "an inclusion"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.contact not in get_args(Contact):
            raise ProblemError(f"contact = {self.contact!r}: legal are {get_args(Contact)}")

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m and times t in s, of equal shape.

        Differentiable by t alone.
        """
        is_within = torch.hypot(x - self.center[0], y - self.center[1]) < self.radius
        found = torch.zeros(*x.shape, 2, dtype=x.dtype)
        for here, wave in ((is_within, self.within), (~is_within, self.around)):
            found[here] = wave(x[here], y[here], t[here])
        return found

    def within(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the wave in the inclusion, (..., 2) in m, which continues out of it.

        Differentiable by t alone.
        """
        numbers = self._wave_numbers(self.inclusion)
        return self._turned(lambda x, y: displacement(self._coefficients[1], numbers, regular, x, y), x, y, t)

    @property
    def _scattered(self) -> Array:
        return self._coefficients[0]

    @cached_property
    def _coefficients(self) -> tuple[Array, Array]:
        """Of the scattered wave and of that within, each (2, 2 M + 1)."""
        from scipy.special import h1vp, jvp  # slow to import, and rarely needed

        unit = self.material.lame_mu * 2.0 * math.pi / self.wavelength  # of tractions
        units = np.array([1.0, 1.0, unit, unit])[:, None]
        incident = self._incident() / units  # (4, 2 M + 1)
        outer = self._on_circle(self.material, h1vp) / units[..., None]  # (4, 2, 2 M + 1)
        inner = self._on_circle(self.inclusion, jvp) / units[..., None]
        if self.contact == "slip":  # u_r, sigma_rr, and sigma_r theta on either side
            incident, nothing = incident[[0, 2, 3, 3]] * [[1.0], [1.0], [1.0], [0.0]], np.zeros_like(outer[0])
            outer = np.stack([outer[0], outer[2], outer[3], nothing])
            inner = np.stack([inner[0], inner[2], nothing, inner[3]])
        system = np.concatenate([outer, -inner], axis=1).transpose(2, 0, 1)  # (2 M + 1, 4, 4)
        sizes = np.abs(system).max(axis=1)  # (2 M + 1, 4): those of high orders are far from 1
        found = np.linalg.solve(system / sizes[:, None], -incident.T[..., None])[..., 0] / sizes
        return found.T[:2], found.T[2:]
