"""Waves in a solid whose moduli grow with x."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material


@dataclass(frozen=True)
class GradientWave:
    """P and S waves along x in a solid whose moduli grow as (1 + g x)^2, at one density.

        u = (1 + g x)^(-1/2) cos(omega t - q ln(1 + g x)),   q = sqrt((omega / (g c))^2 - 1/4)

    with c of x = 0: of P waves for u_x, of S waves for u_y. Arguments: lambda and mu at x = 0 in Pa, density in kg/m3,
    g in 1/m, omega in rad/s, amplitude in m. Raises ProblemError where omega is so low that nothing propagates.

    Source: with M = M0 (1 + g x)^2, the ansatz solves rho u_tt = (M u_x)_x, an equation of Euler's type in 1 + g x.
    """

    lame_lambda: float
    lame_mu: float
    density: float
    gradient: float
    omega: float
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        solid = Material(self.lame_lambda, self.lame_mu, self.density)
        if not self.omega > abs(self.gradient) * solid.c_p / 2.0 > 0.0:
            raise ProblemError(f"no wave propagates at {self.omega:g} rad/s where moduli change so fast: {self}")

    def moduli(self, at_0: float) -> Callable[[Tensor, Tensor], Tensor]:
        """Return a modulus as a function of the place, given its value at x = 0."""
        return lambda x, y: at_0 * (1.0 + self.gradient * x) ** 2

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m and times t in s, of equal shape."""
        solid, stretched = Material(self.lame_lambda, self.lame_mu, self.density), 1.0 + self.gradient * x
        orders = [math.sqrt((self.omega / (self.gradient * c)) ** 2 - 0.25) for c in (solid.c_p, solid.c_s)]
        waves = [torch.cos(self.omega * t - q * torch.log(stretched)) for q in orders]
        return self.amplitude * torch.stack(waves, dim=-1) / stretched.sqrt()[..., None]  # (..., 2)
