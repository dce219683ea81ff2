"""How far a source moves the solid around it: integrals over all wave numbers in closed form.

A force spread by a Gaussian has the transform exp(-k^2 width^2 / 2). In an unbounded solid it moves waves of wave
number k and speed c as oscillators, by D / rho with

    D(k, t) = integral of pulse(t - s) sin(c k s) / (c k) ds   over the past s.

Of the sine, the integral over all k is Dawson's integral (Abramowitz and Stegun, 1964, section 7.1).

Letters: T times, S times of the past.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from elastic_pinn.physics.domains import Interval
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.sources.pulses import Pulse

NODES = 500  # of the integral over the past, at least
A_PERIOD = 40  # and so many a period of the highest frequency
FINE = 30.0  # towards the present, they are closer than the width over the speed by as much

Array = np.ndarray[Any, np.dtype[np.float64]]


def displacement_of_force(
    force: tuple[float, float], pulse: Pulse, width: float, material: Material, window: Interval
) -> float:
    """Return the largest displacement, m, of the middle of a force (N/m)."""
    from scipy.special import dawsn  # slow to import, and rarely needed

    def over_k(z: Array) -> Array:
        """The integral of exp(-k^2 width^2 / 2) sin(sqrt(2) k width z) over k."""
        return math.sqrt(2.0) / width * np.asarray(dawsn(z))

    p, s = (_over_the_past(over_k, pulse, width, c, window) for c in (material.c_p, material.c_s))
    return math.hypot(*force) * float(abs(p + s).max()) / (4.0 * math.pi * material.density)


def displacement_of_moment(moment: Array, pulse: Pulse, width: float, material: Material, window: Interval) -> float:
    """Return about the largest displacement, m, around a moment (2, 2), N m/m: its gradient there times the width."""
    from scipy.special import dawsn

    def over_k(z: Array) -> Array:
        """The integral of k^2 exp(-k^2 width^2 / 2) sin(sqrt(2) k width z) over k."""
        return (2.0 * z - (4.0 * z**2 - 2.0) * np.asarray(dawsn(z))) / (math.sqrt(2.0) * width**3)

    p, s = (_over_the_past(over_k, pulse, width, c, window) for c in (material.c_p, material.c_s))
    trace = np.trace(moment) * np.eye(2)
    along = (moment + moment.T + trace) / 8.0  # the mean of n_i n_l n_j n_k over all directions n, times M_jk
    gradient = along[..., None] * p + (moment / 2.0 - along)[..., None] * s  # (2, 2, T)
    largest = float(np.linalg.norm(gradient, ord=2, axis=(0, 1)).max())
    return width * largest / (2.0 * math.pi * material.density)


def _over_the_past(
    over_k: Callable[[Array], Array], pulse: Pulse, width: float, speed: float, window: Interval
) -> Array:
    """The integral of pulse(t - s) over_k(speed s / (sqrt(2) width)) / speed over s, (T,), while the pulse lasts."""
    start, end = pulse.within(window)
    count = max(NODES, math.ceil(A_PERIOD * (end - start) * pulse.highest_frequency))
    finest = width / speed / FINE
    stretched = np.linspace(0.0, math.asinh((end - start) / finest), count)
    past = finest * np.sinh(stretched)  # (S,)
    weights = finest * np.cosh(stretched) * (stretched[1] - stretched[0]) / speed
    weights[[0, -1]] /= 2.0  # the trapezoidal rule
    response = weights * over_k(speed * past / (math.sqrt(2.0) * width))  # (S,)
    now = np.linspace(start, end, NODES)  # (T,)
    then = now[:, None] - past  # (T, S)
    strength = pulse(torch.from_numpy(then.ravel())).numpy().reshape(then.shape)
    return np.asarray(np.where(then >= start, strength, 0.0) @ response)
