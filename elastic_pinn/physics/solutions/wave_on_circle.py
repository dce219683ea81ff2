"""Plane waves that meet a circle, and the series of cylindrical waves in and around it.

Each wave is Im(U e^-iwt), in polar coordinates about the circle's centre, theta from the incident wave's direction:

    U = grad phi + (psi_y, -psi_x),   phi = sum_n A_n F_n(k_p r) e^in theta,   psi = sum_n B_n F_n(k_s r) e^in theta

with Hankel functions of the first kind F = H around the circle, where they travel outwards, and Bessel functions F = J
within. Source: Pao and Mow, Diffraction of Elastic Waves and Dynamic Stress Concentrations, 1973, chapter 3.

Letters: M the highest order.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
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
class WaveOnCircle(ABC):
    """A harmonic plane wave, and what a circle makes of it.

    The incident wave is amplitude * d sin(k . x - omega t), x from the circle's centre, as a `PlaneWave`: it travels
    along (cos angle, sin angle); d is that direction in a "p" wave and the normal to it, (-sin angle, cos angle), in an
    "s" wave.

    Arguments: the kind of the incident wave, the material around the circle, the circle's radius and centre in m, the
    angle in radians, the incident wave's wavelength and amplitude in m.
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
            raise ProblemError(f"{self.circle} has a finite radius above 0 m, not {self.radius:g}")

    @property
    @abstractmethod
    def circle(self) -> str:
        """What the circle is, in messages."""

    @property
    def omega(self) -> float:
        """Angular frequency, rad/s."""
        return 2.0 * math.pi / self.wavelength * (self.material.c_p if self.kind == "p" else self.material.c_s)

    def around(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the wave around the circle, (..., 2) in m, which continues into it up to its centre.

        Differentiable by t alone.
        """
        return self._turned(self._around, x, y, t)

    def _turned(self, amplitudes: Callable[[Array, Array], Array], x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Im(U e^-iwt) by U (2, ...) at places from the centre, x along the way."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        x, y = x - self.center[0], y - self.center[1]
        along, across = torch.from_numpy(amplitudes((cos * x + sin * y).numpy(), (cos * y - sin * x).numpy()))
        turned = torch.stack([cos * along - sin * across, sin * along + cos * across], dim=-1)  # (..., 2)
        phase = (self.omega * t)[..., None]
        return self.amplitude * (turned.imag * torch.cos(phase) - turned.real * torch.sin(phase))

    def _around(self, x: Array, y: Array) -> Array:
        """U of the incident and the scattered wave, (2, ...)."""
        found = displacement(self._scattered, self._wave_numbers(self.material), outgoing, x, y)
        k_p, k_s = self._wave_numbers(self.material)
        found[("p", "s").index(self.kind)] += np.exp(1j * (k_p if self.kind == "p" else k_s) * x)
        return found

    @property
    @abstractmethod
    def _scattered(self) -> Array:
        """A and B of the scattered wave, (2, 2 M + 1), of the orders -M ... M."""

    def _wave_numbers(self, material: Material) -> tuple[float, float]:
        """Of P and of S waves in a material, 1/m."""
        return self.omega / material.c_p, self.omega / material.c_s

    @cached_property
    def _orders(self) -> Array:
        """-M ... M, (2 M + 1,)."""
        most = FURTHER_ORDERS + math.ceil(self._wave_numbers(self.material)[1] * self.radius)
        return np.arange(-most, most + 1)

    def _on_circle(self, material: Material, bessel: Callable[..., Array]) -> Array:
        """u_r, u_theta, sigma_rr and sigma_r theta on the circle, (4, 2, 2 M + 1), of phi and psi = F_n e^in theta.

        bessel: gives F_n or its derivatives by its argument, as scipy's h1vp.
        """
        n, a, (k_p, k_s) = self._orders, self.radius, self._wave_numbers(material)
        lame_lambda, mu = material.in_plane_lambda, material.lame_mu
        f, f_r, f_rr = (k_p**i * bessel(n, k_p * a, i) for i in range(3))
        of_phi = [f_r, 1j * n * f / a, -lame_lambda * k_p**2 * f + 2 * mu * f_rr, 2j * mu * n * (f_r / a - f / a**2)]
        f, f_r, f_rr = (k_s**i * bessel(n, k_s * a, i) for i in range(3))
        shear = -mu * (f_rr - f_r / a + n**2 * f / a**2)
        of_psi = [1j * n * f / a, -f_r, 2j * mu * n * (f_r / a - f / a**2), shear]
        return np.stack([np.stack(of_phi), np.stack(of_psi)], axis=1)

    def _incident(self) -> Array:
        """The same of the incident wave, by its series of Bessel functions, (4, 2 M + 1)."""
        from scipy.special import jvp  # slow to import, and rarely needed

        k_p, k_s = self._wave_numbers(self.material)  # phi = e^ikx / ik, psi = -e^ikx / ik
        phi, psi = self._on_circle(self.material, jvp).transpose(1, 0, 2)
        return 1j**self._orders * (phi / (1j * k_p) if self.kind == "p" else -psi / (1j * k_s))


Functions = Callable[[Array, int], Iterator[Array]]
"""From arguments, (...), and a number to so many cylinder functions, of the orders 0, 1, 2, ..."""


def displacement(
    coefficients: Array, wave_numbers: tuple[float, float], functions: Functions, x: Array, y: Array
) -> Array:
    """U of a series, (2, ...), with the coefficients A and B, (2, 2 M + 1)."""
    (p_x, p_y), (s_x, s_y) = (
        _gradient(each, k, functions, x, y) for each, k in zip(coefficients, wave_numbers, strict=True)
    )
    return np.stack([p_x + s_y, p_y - s_x])


def _gradient(coefficients: Array, k: float, functions: Functions, x: Array, y: Array) -> tuple[Array, Array]:
    """The derivatives by x and y of sum_n c_n F_n(k r) e^in theta, each (...); c is (2 M + 1,).

    By (d/dx +- i d/dy) F_n e^in theta = -+k F_(n +- 1) e^i(n +- 1) theta.
    """
    most, turn = len(coefficients) // 2, np.exp(1j * np.arctan2(y, x))
    c = np.pad(coefficients, 2)  # of the orders -M - 2 ... M + 2
    by_x = k / 2 * (c[2:] - c[:-2])  # of F_m e^im theta, m = -M - 1 ... M + 1: c_(m + 1) F_m - c_(m - 1) F_m
    by_y = 1j * k / 2 * (c[2:] + c[:-2])
    found, power = [np.zeros(x.shape, complex), np.zeros(x.shape, complex)], np.ones_like(turn)
    for m, here in enumerate(functions(k * np.hypot(x, y), most + 2)):
        for i, slopes in enumerate((by_x, by_y)):
            of_both = slopes[most + 1 + m] * power + (-1) ** m * slopes[most + 1 - m] * power.conj()
            found[i] += here * (of_both if m else slopes[most + 1])
        power = power * turn
    return found[0], found[1]


def outgoing(z: Array, count: int) -> Iterator[Array]:
    """Yield Hankel functions of the first kind.

    By the upward recurrence, in which the errors grow no faster than the functions themselves.
    """
    from scipy.special import hankel1  # slow to import, and rarely needed

    before, here = hankel1(0, z), hankel1(1, z)
    for m in range(count):
        yield before
        before, here = here, 2 * (m + 1) / z * here - before


def regular(z: Array, count: int) -> Iterator[Array]:
    """Yield Bessel functions of the first kind."""
    from scipy.special import jv  # slow to import, and rarely needed

    return (jv(m, z) for m in range(count))
