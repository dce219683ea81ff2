"""Sums of harmonic plane waves, travelling or evanescent: what reflection, refraction and surface waves are made of.

A wave is Re[a d exp(i (k . x - omega t))] with complex k and d, so that one that dies out away from a wall is no other.
Source: Achenbach, Wave Propagation in Elastic Solids, 1973, chapters 5 and 7.
"""

from __future__ import annotations

import cmath
from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.media.material import Material

Kind = Literal["p", "s"]


class HarmonicWave(NamedTuple):
    """One wave: its wave vector k, 1/m, its polarisation d, and its amplitude, m.

    k . k is (omega / c)^2 and d . d is 1, without conjugation: a P wave has d along k, an S wave across.
    """

    k: tuple[complex, complex]
    d: tuple[complex, complex]
    amplitude: complex = 1.0

    @classmethod
    def of(cls, kind: Kind, material: Material, omega: float, along: float, outward: float) -> HarmonicWave:
        """Make the wave of a kind with the component `along` x of its wave vector.

        outward: 1 or -1, the direction along y in which it travels, or dies out where it cannot travel.
        """
        number = omega / (material.c_p if kind == "p" else material.c_s)
        square = number**2 - along**2
        across = outward * (cmath.sqrt(square) if square >= 0.0 else 1j * cmath.sqrt(-square).real)
        unit = (along / number, across / number)
        return cls((along, across), unit if kind == "p" else (-unit[1], unit[0]))

    def traction(self, material: Material, normal: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
        """Return sigma n for a unit amplitude at the phase 0, complex, (2,)."""
        k, d, n = np.array(self.k), np.array(self.d), np.array(normal)
        mu = material.lame_mu
        return 1j * (material.in_plane_lambda * (k @ d) * n + mu * (k * (d @ n) + d * (k @ n)))


def displacement_of(waves: Iterable[HarmonicWave], omega: float, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
    """Evaluate a sum of waves of one omega, rad/s, at x, y in m and t in s, of equal shape: (..., 2) in m."""
    total = torch.zeros(*x.shape, 2, dtype=x.dtype)
    for (k_x, k_y), d, amplitude in waves:
        phase = torch.exp(1j * (k_x * x + k_y * y - omega * t))
        total = total + torch.stack([(amplitude * each * phase).real for each in d], dim=-1)  # (..., 2)
    return total
