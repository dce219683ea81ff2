"""Standing modes of a free disc."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material


@dataclass(frozen=True)
class DiscMode:
    """A standing mode of a disc with a free rim, u = J1(k r) cos(c k t), along the angle or along the radius.

    "torsion": c is that of S waves, and J2(k a) = 0. "radial": c is that of P waves, and
    (lambda + 2 mu) k J1'(k a) + lambda J1(k a) / a = 0. The first root k of each is taken.

    Arguments: Lame's constants in Pa, density in kg/m3, radius a in m, amplitude in m; the disc's centre is (0, 0).
    Source: Graff, Wave Motion in Elastic Solids, 1975, section 8.2, in plane strain.
    """

    kind: Literal["torsion", "radial"]
    lame_lambda: float
    lame_mu: float
    density: float
    radius: float = 1.0
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in ("torsion", "radial"):
            raise ProblemError(f"a mode of a disc is of kind 'torsion' or 'radial', not {self.kind!r}")

    @cached_property
    def wave_number(self) -> float:
        """k, 1/m."""
        from scipy.optimize import brentq  # slow to import, and rarely needed
        from scipy.special import jv, jvp

        modulus = self.lame_lambda + 2.0 * self.lame_mu

        def traction(ka: float) -> float:
            if self.kind == "torsion":
                return float(jv(2, ka))
            return float(modulus * ka * jvp(1, ka) + self.lame_lambda * jv(1, ka))

        ends = (3.0, 6.0) if self.kind == "torsion" else (1e-3, 3.0)
        return float(brentq(traction, *ends, xtol=1e-14)) / self.radius

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m and times t in s, of equal shape.

        Differentiable by t alone.
        """
        from scipy.special import j1  # slow to import, and rarely needed

        solid, k = Material(self.lame_lambda, self.lame_mu, self.density), self.wave_number
        r = torch.hypot(x, y)
        bessel = torch.from_numpy(j1((k * r).numpy()))  # torch's own is right to 5e-7 only
        size = torch.where(r > 0.0, bessel / torch.where(r > 0.0, r, 1.0), k / 2.0)
        along = (-y, x) if self.kind == "torsion" else (x, y)
        c = solid.c_s if self.kind == "torsion" else solid.c_p
        in_time = self.amplitude * size * torch.cos(c * k * t)
        return torch.stack([along[0] * in_time, along[1] * in_time], dim=-1)  # (..., 2)
