"""Standing waves of a square: one P mode and one S mode."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from elastic_pinn.physics.media.material import Material


@dataclass(frozen=True)
class StandingWaves:
    """One standing P mode and one standing S mode of a square, as a function of (x, y, t).

    With k = pi / length, the displacement is

        p_amplitude pi (cos kx sin ky,  sin kx cos ky) cos(c_p k sqrt(2) t)
      + s_amplitude pi (sin kx cos ky, -cos kx sin ky) cos(c_s k sqrt(2) t)

    Without the S mode the field has no curl, does not depend on c_s, and no inverse problem can find it.

    Arguments: Lame's constants in Pa, density in kg/m3, the two amplitudes in m, the square's side in m.
    """

    lame_lambda: float
    lame_mu: float
    density: float
    p_amplitude: float = 1.0
    s_amplitude: float = 1.0
    length: float = 1.0

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m and times t in s, of equal shape."""
        k = math.pi / self.length
        material = Material(self.lame_lambda, self.lame_mu, self.density)
        p = self.p_amplitude * math.pi * torch.cos(material.c_p * k * math.sqrt(2) * t)
        s = self.s_amplitude * math.pi * torch.cos(material.c_s * k * math.sqrt(2) * t)
        cos_sin = torch.cos(k * x) * torch.sin(k * y)
        sin_cos = torch.sin(k * x) * torch.cos(k * y)
        return torch.stack([p * cos_sin + s * sin_cos, p * sin_cos - s * cos_sin], dim=-1)  # (..., 2)
