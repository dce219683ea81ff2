"""The wavefield of a point force or a moment source in an unbounded solid.

Letters: N points, R distances, T times, K wave numbers, F radial functions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.solutions.chebyshev import chebyshev_points, interpolation
from elastic_pinn.physics.sources import MomentSource, PointForce

LAST = 8.5  # wave numbers times width: exp(-LAST^2 / 2) is 2e-16
SPARE = 40  # nodes more than half the phase, of quadrature in wave numbers and of interpolation in place and time
PANEL = 12  # nodes of the quadrature between two times
STEP = 16.0  # widths: tables reach a whole number of these
CHUNK = 1 << 13  # points at once
SMALL, TERMS = 1.0, 9  # arguments below which Bessel functions come from their series, and its terms

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class SourceWave:
    """The displacement that a source causes in an unbounded solid that is at rest before, as a function of (x, y, t).

    With E = exp(-k^2 width^2 / 2) and D_c(k, t) = int pulse(t - s) sin(c k s) / (c k) ds, Green's function is

        4 pi rho G_ij = int k E [(D_p + D_s) J0(k r) delta_ij - (D_p - D_s) J2(k r) (2 r_i r_j / r^2 - delta_ij)] dk

    over all k from 0 on; a force F gives u_i = G_ij F_j, and a moment M gives u_i = -M_jk dG_ij / dx_k. It is right to
    about 1e-12 of the largest displacement.

    Arguments: the source as a problem's `force`; the solid, without damping; from when on the source acts and until
    when the field is needed, s, as a domain's t. Raises ProblemError for a damped solid, and for later times.
    """

    source: PointForce | MomentSource
    material: Material
    t: tuple[float, float]

    def __post_init__(self) -> None:
        if self.material.damping:
            raise ProblemError("SourceWave: a solid without damping is needed")

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (N, 2) in m at positions x, y in m and times t in s, each (N,)."""
        off = np.stack([x.numpy() - self.source.at[0], y.numpy() - self.source.at[1]])  # (2, N)
        time, r = t.numpy(), np.hypot(*off)
        if time.max(initial=self.t[0]) > self.t[1] + 1e-9 * (self.t[1] - self.t[0]):
            raise ProblemError(f"SourceWave: t goes to {time.max():g} s, where {self.t[1]:g} s is the last time")
        step = STEP * self.source.width
        reach = step * math.ceil(r.max(initial=1e-9 * step) / step)
        distances, tables = _tables(self, reach)
        functions = np.zeros((len(tables[0][1]), len(r)))  # (F, N)
        for times, table in tables:
            within = np.flatnonzero((time >= times[0]) & ((time <= times[-1]) | (times[-1] == self.t[1])))
            for some in np.split(within, range(CHUNK, len(within), CHUNK)):  # each (n,)
                at_distances = interpolation(distances, r[some]) @ table  # (F, n, T)
                functions[:, some] = (at_distances * interpolation(times, time[some])).sum(-1)
        return torch.from_numpy(self._directed(off / np.where(r > 0.0, r, 1.0), functions))

    def _directed(self, unit: Array, functions: Array) -> Array:
        """The displacement (N, 2) in directions (2, N) from the source, by the radial functions (F, N)."""
        if isinstance(self.source, PointForce):
            force, (even, odd) = np.array(self.source.force), functions
            return (np.outer(force, even) + odd * (2.0 * (force @ unit) * unit - force[:, None])).T
        m, (even_by_r, odd_by_r, odd_over_r) = np.array(self.source.moment), functions
        forth, back = m @ unit, m.T @ unit  # M r, M^T r: (2, N)
        along = (unit * forth).sum(0)  # r M r
        turned = back + (np.trace(m) - 2.0 * along) * unit
        return -(even_by_r * forth + odd_by_r * (2.0 * along * unit - forth) + 2.0 * odd_over_r * turned).T


@lru_cache(maxsize=16)
def _tables(wave: SourceWave, reach: float) -> tuple[Array, list[tuple[Array, Array]]]:
    """Distances (R,), and for each interval in which the pulse is smooth times (T,) and radial functions (F, R, T)."""
    width, is_force = wave.source.width, isinstance(wave.source, PointForce)
    span, density = LAST / width, wave.material.density
    nodes, weights = np.polynomial.legendre.leggauss(
        math.ceil(span * (reach + wave.material.c_p * (wave.t[1] - wave.t[0])) / 2.0) + SPARE
    )
    k = span * (nodes + 1.0) / 2.0  # (K,)
    weights = span / 2.0 * weights * np.exp(-((k * width) ** 2) / 2.0) / (4.0 * math.pi * density)
    distances = chebyshev_points(0.0, reach, span * reach, SPARE)
    j0, j1, j2, j3 = bessel(distances[:, None] * k)  # each (R, K)
    kernels: tuple[tuple[Array, float], ...]
    if is_force:
        kernels = ((k * j0, 1.0), (-k * j2, -1.0))
    else:
        kernels = ((-(k**2) * j1, 1.0), (-(k**2) * (j1 - j3) / 2.0, -1.0), (-(k**2) * (j1 + j3) / 4.0, -1.0))
    tables = []
    for times, (p, s) in _responses(wave, k):  # (T,), each (T, K)
        tables.append((times, np.stack([(weights * kernel) @ (p + sign * s).T for kernel, sign in kernels])))
    return distances, tables


def _responses(wave: SourceWave, k: Array) -> Iterator[tuple[Array, Array]]:
    """Yield times (T,) of each interval in which the pulse is smooth, and D of P and of S waves there, (2, T, K)."""
    pulse, (start, end) = wave.source.pulse, wave.t
    omega = np.stack([wave.material.c_p * k, wave.material.c_s * k])  # (2, K)
    gauss, weights = np.polynomial.legendre.leggauss(PANEL)
    past = np.zeros(omega.shape, complex)  # the integral of the pulse times exp(-i omega t), from the start
    for first, last in pairwise([start, *(each for each in pulse.breaks if start < each < end), end]):
        fastest = omega.max() + 2.0 * math.pi * pulse.highest_frequency
        times = chebyshev_points(first, last, fastest * (last - first), SPARE)
        found = np.zeros((2, len(times), len(k)))
        for i, time in enumerate(times):
            if i:
                half = (time - times[i - 1]) / 2.0
                panel = times[i - 1] + half * (gauss + 1.0)  # (PANEL,)
                strength = half * weights * pulse(torch.from_numpy(panel)).numpy()
                past = past + np.exp(-1j * omega[..., None] * (panel - start)) @ strength
            found[:, i] = (np.exp(1j * omega * (time - start)) * past).imag / omega
        yield times, found


def bessel(z: Array) -> tuple[Array, Array, Array, Array]:
    """J0, J1, J2 and J3, each as z; small arguments by the series, where the recurrence loses digits."""
    from scipy.special import j0, j1  # slow to import, and rarely needed

    zero, one, small = j0(z), j1(z), z < SMALL
    safe = np.where(small, 1.0, z)
    two = 2.0 * one / safe - zero
    three = 4.0 * two / safe - one
    half = z[small] / 2.0
    for order, values in ((2, two), (3, three)):
        terms = [(-(half**2)) ** i / (math.factorial(i) * math.factorial(i + order)) for i in range(TERMS)]
        values[small] = half**order * np.sum(terms, axis=0)
    return zero, one, two, three
