"""The wavefield of a load on the surface of a half-space: Lamb's problem.

Letters: N points, K wave numbers along the surface, W frequencies; X, Y and T nodes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.solutions.chebyshev import chebyshev_points, interpolation
from elastic_pinn.physics.sources import SideLoad

LAST = 6.5  # wave numbers times width: exp(-LAST^2 / 2) is 7e-10
HIGHEST = 1.8  # frequencies over a pulse's highest frequency
FADED = 22.0  # damping times the period in time: what comes around again is smaller by exp(-FADED)
PERIODS = 2.0  # the period in time over the window's: rounding grows by exp(FADED / PERIODS)
SPARE = 20  # nodes more than half the phase, of interpolation in place and time
STEP = 4.0  # widths: tables reach a whole number of these
NODES = 4000  # of the pulse's transform
CHUNK = 1 << 9  # points at once

Array = np.ndarray[Any, np.dtype[np.float64]]
Complex = np.ndarray[Any, np.dtype[np.complexfloating[Any, Any]]]


@dataclass(frozen=True)
class HalfSpaceWave:
    """The displacement below a load on the surface of a half-space that is at rest before, as a function of (x, y, t).

    The surface is horizontal, through the load's middle, and the solid is below it. With waves exp(i k x + s t),
    a^2 = k^2 + s^2 / c_p^2 and b^2 = k^2 + s^2 / c_s^2, the potentials A exp(a y) and B exp(b y) have at the surface
    the traction

        mu (2 i k a A + (k^2 + b^2) B,  (k^2 + b^2) A - 2 i k b B),

    which is the load's. The sum over k and over frequencies, all of which are damped alike and undamped in the end,
    repeats the load in space and time where that is too far away to count. It is right to about 1e-9 of the largest
    displacement, for pulses that start as smoothly.

    Arguments: the load as the value of a `Traction`; the solid, without damping; from when on the load acts and until
    when the field is needed, s, as a domain's t. Raises ProblemError for a damped solid, for points above the surface
    and for later times.

    Sources: Lamb, Phil. Trans. R. Soc. A 203, 1904; Phinney, J. Geophys. Res. 70, 1965, for the damped frequencies.
    """

    load: SideLoad
    material: Material
    t: tuple[float, float]

    def __post_init__(self) -> None:
        if self.material.damping:
            raise ProblemError("HalfSpaceWave: a solid without damping is needed")

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (N, 2) in m at positions x, y in m and times t in s, each (N,)."""
        along, depth, time = x.numpy() - self.load.at[0], y.numpy() - self.load.at[1], t.numpy() - self.t[0]
        lasts, small = self.t[1] - self.t[0], 1e-9 * self.load.width
        if time.max(initial=0.0) > lasts * (1.0 + 1e-9):
            raise ProblemError(f"HalfSpaceWave: t goes to {t.max():g} s, where {self.t[1]:g} s is the last time")
        if depth.max(initial=0.0) > small:
            raise ProblemError(f"HalfSpaceWave: y goes to {y.max():g} m, above the surface at {self.load.at[1]:g} m")
        step = STEP * self.load.width
        reach, deepest = (step * math.ceil(abs(each).max(initial=small) / step) for each in (along, depth))
        nodes, table = _table(self, reach, deepest)
        found = np.empty((len(along), 2))
        for some in np.split(np.arange(len(along)), range(CHUNK, len(along), CHUNK)):
            places = (along[some], depth[some], time[some])
            by_x, by_y, by_t = (interpolation(*pair) for pair in zip(nodes, places, strict=True))
            left = np.tensordot(by_x, table, 1)  # (n, 2, Y, T)
            found[some] = (by_y[:, None] * (left @ by_t[:, None, :, None])[..., 0]).sum(-1)
        return torch.from_numpy(found)


@lru_cache(maxsize=8)
def _table(wave: HalfSpaceWave, reach: float, deepest: float) -> tuple[tuple[Array, Array, Array], Array]:
    """Nodes in x (X,), y (Y,) and t (T,), relative to the load and the start, and the displacement, (X, 2, Y, T)."""
    k, s, a, b, of_a, of_b = _waves(wave, reach)
    lasts, span = wave.t[1] - wave.t[0], max(k.max(), abs(s).max() / wave.material.c_s)
    x = chebyshev_points(-reach, reach, 2.0 * reach * k.max(), SPARE)
    y = chebyshev_points(-deepest, 0.0, deepest * span, SPARE)
    t = chebyshev_points(0.0, lasts, lasts * abs(s).max(), SPARE)
    in_time = np.exp(t[:, None] * s)  # (T, W)
    even, odd = np.cos(x[:, None] * k), 1j * np.sin(x[:, None] * k)  # (X, K)
    table = np.empty((len(x), 2, len(y), len(t)))
    for i, depth in enumerate(y):
        parts = in_time @ (np.exp(a * depth)[..., None] * of_a + np.exp(b * depth)[..., None] * of_b)  # (K, T, 4)
        for component in (0, 1):
            with_even, with_odd = parts[..., 2 * component], parts[..., 2 * component + 1]  # (K, T)
            table[:, component, i] = (even @ with_even + odd @ with_odd).real
    return (x, y, t), table


def _waves(wave: HalfSpaceWave, reach: float) -> tuple[Any, ...]:
    """The waves that are enough for distances up to reach (m) along the surface.

    k (K,), s (W,), a and b (K, W), and the amplitudes (K, W, 4) of a's and of b's waves: of the displacement along x
    with cos k x and with i sin k x, and of that along y.
    """
    load, solid, lasts = wave.load, wave.material, wave.t[1] - wave.t[0]
    length = reach + solid.c_p * lasts + 2.0 * LAST * load.width  # the load is repeated so far away
    k = np.arange(math.ceil(LAST / load.width * length / (2.0 * math.pi))) * 2.0 * math.pi / length  # (K,)
    period = PERIODS * lasts
    highest = HIGHEST * load.pulse.highest_frequency
    s = FADED / period + 2j * math.pi * np.arange(math.ceil(highest * period)) / period  # (W,)
    once = np.where(np.arange(len(k)) == 0, 1.0, 2.0)[:, None] * np.where(np.arange(len(s)) == 0, 1.0, 2.0)
    strength = once * np.exp(-((k * load.width) ** 2) / 2.0)[:, None] * _transform(wave, s) / (length * period)
    square, k = k[:, None] ** 2, k[:, None]
    a, b = np.sqrt(square + (s / solid.c_p) ** 2), np.sqrt(square + (s / solid.c_s) ** 2)  # (K, W)
    shear = square + b**2
    by_mu = strength / (solid.lame_mu * (4.0 * square * a * b - shear**2))
    (f_x, f_y), ik = load.force, 1j * k
    a_x, a_y, b_x, b_y = (-2.0 * ik * b * f_x, -shear * f_y, -shear * f_x, 2.0 * ik * a * f_y)
    of_a = np.stack([ik * a_x, ik * a_y, a * a_y, a * a_x], axis=-1) * by_mu[..., None]
    of_b = np.stack([b * b_x, b * b_y, -ik * b_y, -ik * b_x], axis=-1) * by_mu[..., None]
    return k[:, 0], s, a, b, of_a, of_b


def _transform(wave: HalfSpaceWave, s: Complex) -> Complex:
    """The integral of the pulse times exp(-s t) from the start on, (W,), s."""
    start, (first, last) = wave.t[0], wave.load.pulse.interval
    t = np.linspace(0.0, 2.0 * last - first - start, NODES)  # so far after its end nothing is left of it
    strength = wave.load.pulse(torch.from_numpy(t + start)).numpy()
    return np.asarray(np.exp(-s[:, None] * t) @ strength * t[1])
