"""How much noise records have: as stated, or as the records themselves show it.

Letters of shapes: R receivers, T times, C = 2 R channels (a receiver's component), one a row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from elastic_pinn.physics.receivers import Receivers

Origin = Literal["stated", "before the first arrival", "outside the band", "unknown"]
Array = np.ndarray[Any, np.dtype[np.float64]]

LEAST_BEFORE = 8  # samples of a channel before its arrival: fewer tell nothing
LEAST_QUIET = 100  # such samples in all
RISE = 10.0  # by how much the power grows where a wave arrives
LEAST_RELATIVE = 1e-6  # of the largest record: what is below is rounding, or the tail of a computed pulse
ORDERS = (4, 5, 6)  # of differences
ALIKE = 1.15  # by how much two measures of one noise may differ


@dataclass(frozen=True)
class Noise:
    """The standard deviation of white noise on each sample, m (NaN: unknown), and how it is known."""

    level: float
    origin: Origin


def noise_of(receivers: Receivers) -> Noise:
    """The noise that is stated; else what the records show before the first arrival, or outside the signal's band."""
    if receivers.noise > 0:
        return Noise(receivers.noise, "stated")
    channels = receivers.displacement.transpose(0, 2, 1).reshape(-1, len(receivers.time))  # (C, T)
    least = LEAST_RELATIVE * float(np.abs(channels).max())
    if (level := _before_arrival(channels)) > least:
        return Noise(level, "before the first arrival")
    if (level := _outside_band(channels, receivers.time)) > least:
        return Noise(level, "outside the band")
    return Noise(math.nan, "unknown")


def _before_arrival(channels: Array) -> float:
    """The level before waves arrive, in the channels where that can be told; NaN where it cannot.

    The arrival is where the record falls into two parts of unlike power best, by Akaike's criterion: Maeda, Zisin 38,
    1985. Where the level grows towards the arrival, what is seen there is not noise.
    """
    early, late = [], []
    for record in channels:
        arrival = _arrival(record)
        half = arrival // 3  # the last third may hold the arrival's foot
        if half >= LEAST_BEFORE // 2:
            early.append(record[:half])
            late.append(record[half : 2 * half])
    quiet = sum(map(len, early)) + sum(map(len, late))
    if quiet < LEAST_QUIET:
        return math.nan
    first, second = _level(early), _level(late)
    return math.hypot(first, second) / math.sqrt(2.0) if first < ALIKE * second and second < ALIKE * first else math.nan


def _arrival(record: Array) -> int:
    """The sample at which a wave arrives; 0 where none is seen to."""
    n = len(record)
    if n < 2 * LEAST_BEFORE or not record.any():
        return 0
    power = np.cumsum(np.square(record))
    k = np.arange(LEAST_BEFORE, n - LEAST_BEFORE // 2)
    before, after = power[k - 1] / k, (power[-1] - power[k - 1]) / (n - k)
    tiny = np.finfo(np.float64).tiny
    best = int(np.argmin(k * np.log(before + tiny) + (n - k) * np.log(after + tiny)))
    return int(k[best]) if after[best] > RISE * before[best] else 0


def _outside_band(channels: Array, time: Array) -> float:
    """The level of what changes from sample to sample, faster than the waves; NaN where these are as fast.

    A difference of order d of white noise has (2 d)! / d!^2 times its variance, and one of a smooth signal is the
    smaller the higher the order is: Hall, Kay and Titterington, Biometrika 77, 1990.
    """
    steps = np.diff(time)
    if len(time) <= 2 * max(ORDERS) or np.ptp(steps) > 1e-3 * steps.mean():
        return math.nan
    levels = [_level(list(np.diff(channels, d, axis=1))) / math.sqrt(math.comb(2 * d, d)) for d in ORDERS]
    return levels[-1] if max(levels) < ALIKE * min(levels) else math.nan


def _level(parts: list[Array]) -> float:
    """The root mean square of all samples."""
    return float(np.sqrt(np.mean(np.square(np.concatenate(parts)))))
