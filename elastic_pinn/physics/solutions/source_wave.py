"""The wavefield of a point force or a moment source in an unbounded solid.

Letters: N points, R distances, T times, K wave numbers, F radial functions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.solutions.chebyshev import chebyshev_points, interpolation
from elastic_pinn.physics.solutions.cylinder_functions import ladder
from elastic_pinn.physics.sources import MomentSource, PointForce

LAST = 8.5  # wave numbers times width: exp(-LAST^2 / 2) is 2e-16
SPARE = 40  # nodes more than half the phase, of quadrature in wave numbers and of interpolation in place and time
PANEL = 12  # nodes of the quadrature between two times
STEP = 16.0  # widths: tables reach a whole number of these
CHUNK = 1 << 13  # points at once
SHARED = 4  # points a time: with more, what depends on time is worked out once a time

Array = np.ndarray[Any, np.dtype[np.float64]]


class Radial(NamedTuple):
    """A function of the distance and the time: int k^(1 + power) E J_order(k r) (D_p + sign D_s) dk / (4 pi rho), and
    so many derivatives of it by time."""

    rate: int
    power: int
    order: int
    sign: int


@dataclass(frozen=True)
class SourceWave:
    """The displacement that a source causes in an unbounded solid that is at rest before, as a function of (x, y, t).

    With E = exp(-k^2 width^2 / 2) and D_c(k, t) = int pulse(t - s) sin(c k s) / (c k) ds, Green's function is

        4 pi rho G_ij = int k E [(D_p + D_s) J0(k r) delta_ij - (D_p - D_s) J2(k r) (2 r_i r_j / r^2 - delta_ij)] dk

    over all k from 0 on; a force F gives u_i = G_ij F_j, and a moment M gives u_i = -M_jk dG_ij / dx_k. As a complex
    number, u_x + i u_y of a force is the integral of (D_p + D_s) J0 F - (D_p - D_s) J2 e^2i theta F*, and its
    derivatives are of the same kind. It is right to about 1e-12 of the largest displacement.

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
        return self.derivatives(x, y, t, [""])[""]

    def derivatives(self, x: Tensor, y: Tensor, t: Tensor, names: Iterable[str]) -> dict[str, Tensor]:
        """Return the displacement ("") and its derivatives ("x", "xt", ...) by name, each (N, 2) in SI units.

        At positions x, y in m and times t in s, each (N,).
        """
        off = torch.complex(x - self.source.at[0], y - self.source.at[1]).numpy()  # (N,)
        r: Array = np.hypot(off.real, off.imag)
        time, terms = t.numpy(), {name: list(self._terms(name)) for name in names}
        if time.max(initial=self.t[0]) > self.t[1] + 1e-9 * (self.t[1] - self.t[0]):
            raise ProblemError(f"SourceWave: t goes to {time.max():g} s, where {self.t[1]:g} s is the last time")
        needed = tuple(dict.fromkeys(radial for each in terms.values() for radial, _, _ in each))
        functions = dict(zip(needed, self._at(needed, r, time), strict=True))  # each (N,)
        turn = off / np.where(r > 0.0, r, 1.0)  # e^i theta; at the source itself its powers are of no importance
        found = {}
        for name, each in terms.items():
            u = np.zeros_like(off)
            for radial, turns, factor in each:
                u += factor * functions[radial] * (turn if turns > 0 else turn.conj()) ** abs(turns)
            found[name] = torch.from_numpy(np.stack([u.real, u.imag], axis=1))
        return found

    def _terms(self, name: str) -> Iterator[tuple[Radial, int, complex]]:
        """The terms of a derivative of u_x + i u_y: a radial function times e^i n theta, n, and a factor."""
        rate, in_x, in_y = (name.count(axis) for axis in "txy")
        for more_x, more_y, force in self._forces:
            power = in_x + more_x + in_y + more_y
            for shift, factor in ladder(in_x + more_x, in_y + more_y).items():
                for order, sign, size in ((shift, 1, force), (2 + shift, -1, -force.conjugate())):
                    odd = -1.0 if order < 0 and order % 2 else 1.0  # J_-n is (-1)^n J_n
                    yield Radial(rate, power, abs(order), sign), order, odd * factor * size

    @property
    def _forces(self) -> list[tuple[int, int, complex]]:
        """Forces F_x + i F_y, whose fields' derivatives, so many by x and by y, add up to the field."""
        if isinstance(self.source, PointForce):
            return [(0, 0, complex(*self.source.force))]
        (xx, xy), (yx, yy) = self.source.moment
        return [(1, 0, -complex(xx, yx)), (0, 1, -complex(xy, yy))]

    def _at(self, needed: tuple[Radial, ...], r: Array, time: Array) -> Array:
        """Radial functions at distances and times, each (N,): (F, N)."""
        step = STEP * self.source.width
        distances, tables = _tables(self, needed, step * math.ceil(r.max(initial=1e-9 * step) / step))
        found = np.zeros((len(needed), len(r)))
        for times, table in tables:
            within = np.flatnonzero((time >= times[0]) & ((time <= times[-1]) | (times[-1] == self.t[1])))
            for some in np.split(within, range(CHUNK, len(within), CHUNK)):  # each (n,)
                along, (at, which) = interpolation(distances, r[some]), np.unique(time[some], return_inverse=True)
                if SHARED * len(at) > len(some):
                    found[:, some] = ((along @ table) * interpolation(times, time[some])).sum(-1)  # of (F, n, T)
                    continue
                for i, column in enumerate(interpolation(times, at)):  # (T,)
                    here = which == i
                    found[:, some[here]] = (table @ column) @ along[here].T
        return found


@lru_cache(maxsize=32)
def _tables(wave: SourceWave, needed: tuple[Radial, ...], reach: float) -> tuple[Array, list[tuple[Array, Array]]]:
    """Distances (R,), and for each interval in which the pulse is smooth times (T,) and radial functions (F, R, T)."""
    from scipy.special import jv  # slow to import, and rarely needed

    width, span = wave.source.width, LAST / wave.source.width
    nodes, weights = np.polynomial.legendre.leggauss(
        math.ceil(span * (reach + wave.material.c_p * (wave.t[1] - wave.t[0])) / 2.0) + SPARE
    )
    k = span * (nodes + 1.0) / 2.0  # (K,)
    weights = span / 2.0 * weights * k * np.exp(-((k * width) ** 2) / 2.0) / (4.0 * math.pi * wave.material.density)
    distances = chebyshev_points(0.0, reach, span * reach, SPARE)
    bessel = {order: jv(order, distances[:, None] * k) for order in {each.order for each in needed}}  # each (R, K)
    tables = []
    for times, rates in _responses(wave, k):  # (T,), each (2, T, K)
        table = [
            (weights * k**each.power * bessel[each.order]) @ (rates[each.rate][0] + each.sign * rates[each.rate][1]).T
            for each in needed
        ]
        tables.append((times, np.stack(table)))
    return distances, tables


def _responses(wave: SourceWave, k: Array) -> Iterator[tuple[Array, tuple[Array, Array, Array]]]:
    """Yield times (T,) of each interval in which the pulse is smooth, and there D of P and of S waves and its first and
    second derivatives by time, each (2, T, K)."""
    pulse, (start, end) = wave.source.pulse, wave.t
    omega = np.stack([wave.material.c_p * k, wave.material.c_s * k])  # (2, K)
    gauss, weights = np.polynomial.legendre.leggauss(PANEL)
    past = np.zeros(omega.shape, complex)  # the integral of the pulse times exp(-i omega t), from the start
    for first, last in pairwise([start, *(each for each in pulse.breaks if start < each < end), end]):
        fastest = omega.max() + 2.0 * math.pi * pulse.highest_frequency
        times = chebyshev_points(first, last, fastest * (last - first), SPARE)
        turned = np.zeros((2, len(times), len(k)), complex)
        for i, time in enumerate(times):
            if i:
                half = (time - times[i - 1]) / 2.0
                panel = times[i - 1] + half * (gauss + 1.0)  # (PANEL,)
                strength = half * weights * pulse(torch.from_numpy(panel)).numpy()
                past = past + np.exp(-1j * omega[..., None] * (panel - start)) @ strength
            turned[:, i] = np.exp(1j * omega * (time - start)) * past
        now = pulse(torch.from_numpy(times)).numpy()[:, None]  # (T, 1)
        by_omega = omega[:, None]
        yield times, (turned.imag / by_omega, turned.real, now - by_omega * turned.imag)
