"""Standing modes of an annulus: a disc with a hole about its centre."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material

STEP = 0.02  # of k, by which the first root is searched, and of a change of phase by pi across the annulus at most


@dataclass(frozen=True)
class AnnulusMode:
    """A standing mode of an annulus, u = C1(k r) cos(c k t) along the angle or the radius, C1 = a J1 + b Y1.

    "torsion": c is that of S waves, and on a free rim C2(k r) = 0. "radial": c is that of P waves, and on a free rim
    (lambda + 2 mu) k C1'(k r) + lambda C1(k r) / r = 0. On a fixed rim, C1(k r) = 0. The two rims are two equations for
    a and b, and k is the first zero of their determinant.

    Arguments: the kind, the material, inner and outer radius in m, what the inner and the outer rim are, greatest
    displacement in m; the centre is (0, 0).
    Source: Graff, Wave Motion in Elastic Solids, 1975, section 8.2.
    """

    kind: Literal["torsion", "radial"]
    material: Material
    inner: float = 0.4
    outer: float = 1.0
    rims: tuple[Literal["free", "fixed"], Literal["free", "fixed"]] = ("free", "free")
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in ("torsion", "radial"):
            raise ProblemError(f"a mode of an annulus is of kind 'torsion' or 'radial', not {self.kind!r}")
        if len(self.rims) != 2 or not set(self.rims) <= {"free", "fixed"}:
            raise ProblemError(f"rims = {self.rims!r}: the inner and the outer rim are each 'free' or 'fixed'")
        if not 0.0 < self.inner < self.outer < math.inf:
            raise ProblemError(f"an annulus from r = {self.inner:g} m to {self.outer:g} m: 0 < inner < outer is needed")

    @cached_property
    def wave_number(self) -> float:
        """k, 1/m."""
        from scipy.optimize import brentq  # slow to import, and rarely needed

        def determinant(k: float) -> float:
            (a, b), (c, d) = self._equations(k)
            return a * d - b * c

        most, k = STEP * math.pi / (self.outer - self.inner), STEP / self.outer
        while determinant(k) * determinant(k + min(STEP * k, most)) > 0.0:
            k += min(STEP * k, most)
        return float(brentq(determinant, k, k + min(STEP * k, most), xtol=1e-15 / self.outer, rtol=1e-15))

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m and times t in s, of equal shape.

        Differentiable by t alone.
        """
        k, c = self.wave_number, self.material.c_s if self.kind == "torsion" else self.material.c_p
        r = torch.hypot(x, y)
        size = torch.from_numpy(self._radial_part((k * r).numpy())) / r
        along = (-y, x) if self.kind == "torsion" else (x, y)
        in_time = self.amplitude * size * torch.cos(c * k * t)
        return torch.stack([along[0] * in_time, along[1] * in_time], dim=-1)  # (..., 2)

    @cached_property
    def _radial_part(self) -> Callable[[Any], Any]:
        """C1, whose greatest value in the annulus is 1."""
        from scipy.special import j1, y1

        (a, b), _ = self._equations(self.wave_number)
        places = self.wave_number * np.linspace(self.inner, self.outer, 1001)
        largest = abs(b * j1(places) - a * y1(places)).max()
        return lambda kr: (b * j1(kr) - a * y1(kr)) / largest

    def _equations(self, k: float) -> tuple[tuple[float, float], tuple[float, float]]:
        """What vanishes on the inner and on the outer rim, of J1 and of Y1."""
        from scipy.special import jv, jvp, yv, yvp

        ratio = self.material.in_plane_lambda / (self.material.in_plane_lambda + 2.0 * self.material.lame_mu)

        def required(rim: str, r: float, bessel: Callable[..., Any], slope: Callable[..., Any]) -> float:
            if rim == "fixed":
                return float(bessel(1, k * r))
            if self.kind == "torsion":
                return float(bessel(2, k * r))
            return float(k * r * slope(1, k * r) + ratio * bessel(1, k * r))

        inner, outer = (
            (required(rim, r, jv, jvp), required(rim, r, yv, yvp))
            for rim, r in zip(self.rims, (self.inner, self.outer), strict=True)
        )
        return inner, outer
