"""A plane wave on a circular hole in an endless plate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from torch import Tensor

from elastic_pinn.physics.solutions.wave_on_circle import Array, WaveOnCircle


@dataclass(frozen=True)
class HoleWave(WaveOnCircle):
    """A harmonic plane wave that meets a circular hole with a free rim, and what the hole scatters.

    The two coefficients of each order of the scattered wave follow from sigma n = 0 on the rim.
    """

    circle: ClassVar[str] = "a hole"

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m and times t in s, of equal shape.

        Outside of the hole; differentiable by t alone.
        """
        return self.around(x, y, t)

    @cached_property
    def _scattered(self) -> Array:
        from scipy.special import h1vp  # slow to import, and rarely needed

        tractions = self._on_circle(self.material, h1vp)[2:]  # (2 stresses, 2 potentials, 2 M + 1)
        return np.linalg.solve(tractions.transpose(2, 0, 1), -self._incident()[2:].T[..., None])[..., 0].T
