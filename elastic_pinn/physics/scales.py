"""Units in which every number of a problem is of order one.

Length L is half the window's longer side, time L / c_p, displacement U the largest of the problem, stress U / L times
the P modulus: aluminium (lambda = 5.76e10 Pa) then trains as easily as lambda = 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from elastic_pinn.physics.domains import Domain
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.media.moduli import Moduli


@dataclass(frozen=True)
class Scales:
    """SI values of the dimensionless 1, and the window's centre and half extents.

    origin, half: x, y, t of the window's centre and half its extents; length m, time s, displacement m, stress Pa.
    """

    origin: tuple[float, float, float]
    half: tuple[float, float, float]
    length: float
    time: float
    displacement: float
    stress: float

    @classmethod
    def of(cls, domain: Domain, material: Material, displacement: float) -> Self:
        """Make the scales of a window, an initial material and a typical displacement (m)."""
        origin, half = (domain.low + domain.high) / 2.0, (domain.high - domain.low) / 2.0
        length = max(half[:2].tolist())
        stress = material.p_modulus * displacement / length
        return cls(tuple(origin.tolist()), tuple(half.tolist()), length, length / material.c_p, displacement, stress)

    @property
    def velocity(self) -> float:
        """m/s."""
        return self.displacement / self.time

    @property
    def force(self) -> float:
        """Force per volume, N/m3: stress over length, which equals density times acceleration."""
        return self.stress / self.length

    @property
    def moduli(self) -> Moduli:
        """SI values of each modulus's dimensionless 1."""
        modulus = self.stress * self.length / self.displacement
        density = modulus * (self.time / self.length) ** 2
        slope, impedance = modulus / self.length, modulus * self.time / self.length
        return Moduli(modulus, modulus, density, density / self.time, slope, slope, slope, slope, impedance, impedance)

    def dimensionless(self, points: Tensor) -> Tensor:
        """Convert points (N, 3) from m, m, s to units of length and time, relative to the window's centre."""
        return (points - points.new_tensor(self.origin)) / points.new_tensor(self.units)

    def in_si(self, points: Tensor) -> Tensor:
        """Convert dimensionless points (N, 3) back to m, m, s."""
        return points * points.new_tensor(self.units) + points.new_tensor(self.origin)

    @property
    def window(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """x and y of the window, from and to, m."""
        (x, y, _), (half_x, half_y, _) = self.origin, self.half
        return (x - half_x, x + half_x), (y - half_y, y + half_y)

    @property
    def units(self) -> tuple[float, float, float]:
        """Units of x, y and t: m, m, s."""
        return self.length, self.length, self.time

    @property
    def extent(self) -> tuple[float, float, float]:
        """Half the window's extents, dimensionless: what the network divides its inputs by.

        That of time is infinite in a static problem: all derivatives by t are then 0.
        """
        (x, y, t), (length, _, time) = self.half, self.units
        return x / length, y / length, t / time if t else math.inf

    def as_tensor(self) -> Tensor:
        """Return all numbers in one vector (10,), for a checkpoint."""
        numbers = [*self.origin, *self.half, self.length, self.time, self.displacement, self.stress]
        return torch.tensor(numbers, dtype=torch.float64)

    @classmethod
    def from_tensor(cls, numbers: Tensor) -> Self:
        """Make the scales from the vector of `as_tensor`."""
        values = numbers.tolist()
        return cls(tuple(values[:3]), tuple(values[3:6]), *values[6:])
