"""A plane wave on a circular hole in an endless plate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material

Array = np.ndarray[Any, np.dtype[Any]]

FURTHER_ORDERS = 25  # beyond as many as radians of the S wave fit into the radius: those left out are rounding


@dataclass(frozen=True)
class HoleWave:
    """A harmonic plane wave that meets a circular hole with a free rim, and what the hole scatters.

    The incident wave is amplitude * d sin(k . x - omega t), x from the hole's centre, as a `PlaneWave`: it travels
    along (cos angle, sin angle); d is that direction in a "p" wave and the normal to it, (-sin angle, cos angle), in an
    "s" wave. In polar coordinates about the centre, theta from the direction of travel, the scattered one is
    Im(U e^-iwt),

        U = grad phi + (psi_y, -psi_x),   phi = sum_n A_n H_n(k_p r) e^in theta,   psi = sum_n B_n H_n(k_s r) e^in theta

    with Hankel functions of the first kind. The two coefficients of each order follow from sigma n = 0 on the rim.

    Arguments: the kind of the incident wave, the material, the hole's radius and centre in m, the angle in radians, the
    incident wave's wavelength and amplitude in m.
    Source: Pao and Mow, Diffraction of Elastic Waves and Dynamic Stress Concentrations, 1973, chapter 3.
    """

    kind: Literal["p", "s"]
    material: Material
    radius: float
    center: tuple[float, float] = (0.0, 0.0)
    angle: float = 0.0
    wavelength: float = 1.0
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in ("p", "s"):
            raise ProblemError(f"a plane wave is of kind 'p' or 's', not {self.kind!r}")
        if not 0.0 < self.radius < math.inf:
            raise ProblemError(f"a hole has a finite radius above 0 m, not {self.radius:g}")

    @property
    def omega(self) -> float:
        """Angular frequency, rad/s."""
        return 2.0 * math.pi / self.wavelength * (self.material.c_p if self.kind == "p" else self.material.c_s)

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m and times t in s, of equal shape.

        Outside of the hole; differentiable by t alone.
        """
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        x, y = x - self.center[0], y - self.center[1]
        along, across = torch.from_numpy(self._amplitudes((cos * x + sin * y).numpy(), (cos * y - sin * x).numpy()))
        turned = torch.stack([cos * along - sin * across, sin * along + cos * across], dim=-1)  # (..., 2)
        phase = (self.omega * t)[..., None]
        return self.amplitude * (turned.imag * torch.cos(phase) - turned.real * torch.sin(phase))

    @property
    def _wave_numbers(self) -> tuple[float, float]:
        """Of P and of S waves, 1/m."""
        return self.omega / self.material.c_p, self.omega / self.material.c_s

    def _amplitudes(self, x: Array, y: Array) -> Array:
        """U of the whole wave at places from the centre, x along the way, (2, ...)."""
        k_p, k_s = self._wave_numbers
        (p_x, p_y), (s_x, s_y) = (
            _gradient(coefficients, k, x, y) for coefficients, k in zip(self._coefficients, (k_p, k_s), strict=True)
        )
        found = np.stack([p_x + s_y, p_y - s_x])
        found[("p", "s").index(self.kind)] += np.exp(1j * (k_p if self.kind == "p" else k_s) * x)
        return found

    @cached_property
    def _coefficients(self) -> Array:
        """A and B, (2, 2 M + 1), of the orders -M ... M."""
        from scipy.special import h1vp, jvp  # slow to import, and rarely needed

        a, (k_p, k_s) = self.radius, self._wave_numbers
        lame_lambda, mu = self.material.in_plane_lambda, self.material.lame_mu
        most = FURTHER_ORDERS + math.ceil(k_s * a)
        n = np.arange(-most, most + 1)

        def of_phi(bessel: Any) -> Array:
            """sigma_rr and sigma_r theta on the rim, (2, 2 M + 1), of phi = F(k_p r) e^in theta."""
            f, f_r, f_rr = (k_p**i * bessel(n, k_p * a, i) for i in range(3))
            return np.stack([-lame_lambda * k_p**2 * f + 2 * mu * f_rr, 2j * mu * n * (f_r / a - f / a**2)])

        def of_psi(bessel: Any) -> Array:
            f, f_r, f_rr = (k_s**i * bessel(n, k_s * a, i) for i in range(3))
            return np.stack([2j * mu * n * (f_r / a - f / a**2), -mu * (f_rr - f_r / a + n**2 * f / a**2)])

        # The incident wave, by its series of Bessel functions: phi = e^ikx / ik, psi = -e^ikx / ik.
        incident = of_phi(jvp) / (1j * k_p) if self.kind == "p" else -of_psi(jvp) / (1j * k_s)
        system = np.stack([of_phi(h1vp), of_psi(h1vp)])  # (2 potentials, 2 stresses, 2 M + 1)
        return np.linalg.solve(system.transpose(2, 1, 0), -(1j**n * incident).T[..., None])[..., 0].T


def _gradient(coefficients: Array, k: float, x: Array, y: Array) -> tuple[Array, Array]:
    """The derivatives by x and y of sum_n c_n H_n(k r) e^in theta, each (...); c is (2 M + 1,).

    By (d/dx +- i d/dy) H_n e^in theta = -+k H_(n +- 1) e^i(n +- 1) theta. The orders by their upward recurrence,
    in which the errors grow no faster than the functions themselves.
    """
    from scipy.special import hankel1

    most, r, turn = len(coefficients) // 2, np.hypot(x, y), np.exp(1j * np.arctan2(y, x))
    c = np.pad(coefficients, 2)  # of the orders -M - 2 ... M + 2
    by_x = k / 2 * (c[2:] - c[:-2])  # of H_m e^im theta, m = -M - 1 ... M + 1: c_(m + 1) H_m - c_(m - 1) H_m
    by_y = 1j * k / 2 * (c[2:] + c[:-2])
    before, here, power = hankel1(0, k * r), hankel1(1, k * r), turn
    found = [slopes[most + 1] * before for slopes in (by_x, by_y)]
    for m in range(1, most + 2):
        for i, slopes in enumerate((by_x, by_y)):
            found[i] += here * (slopes[most + 1 + m] * power + (-1) ** m * slopes[most + 1 - m] * power.conj())
        before, here = here, 2 * m / (k * r) * here - before
        power = power * turn
    return found[0], found[1]
