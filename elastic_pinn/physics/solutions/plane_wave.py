"""A harmonic plane wave."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material


@dataclass(frozen=True)
class PlaneWave:
    """A harmonic plane wave amplitude * d sin(k . x - c |k| t), as a function of (x, y, t).

    It travels along (cos angle, sin angle); d is that direction in a "p" wave and the normal to it,
    (-sin angle, cos angle), in an "s" wave; c is the speed of its kind.

    Arguments: Lame's constants in Pa, density in kg/m3, angle in radians, wavelength and amplitude in m.
    """

    kind: Literal["p", "s"]
    lame_lambda: float
    lame_mu: float
    density: float
    angle: float = 0.0
    wavelength: float = 1.0
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in ("p", "s"):
            raise ProblemError(f"a plane wave is of kind 'p' or 's', not {self.kind!r}")

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m and times t in s, of equal shape."""
        k = 2 * math.pi / self.wavelength
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        material = Material(self.lame_lambda, self.lame_mu, self.density)
        c, d = (material.c_p, (cos, sin)) if self.kind == "p" else (material.c_s, (-sin, cos))
        wave = self.amplitude * torch.sin(k * (cos * x + sin * y - c * t))
        return torch.stack([d[0] * wave, d[1] * wave], dim=-1)  # (..., 2)
