"""The noise of records: as stated, or estimated from the records themselves.

Letters of shapes: R receivers, T times, C = 2 R channels (a receiver's component), one a row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from elastic_pinn.physics.data.receivers import Receivers

Origin = Literal["stated", "before the first arrival", "outside the band", "unknown"]
Array = np.ndarray[Any, np.dtype[np.float64]]

LEAST_BEFORE = 8  # samples of a channel before its arrival: fewer give no estimate
LEAST_QUIET = 100  # such samples in all
RISE = 10.0  # by how much the power grows where a wave arrives
ALIKE = 1.2  # by how much two measures of one noise may differ
LEAST_TIMES = 24  # of a spectrum
BAND = 2 / 3  # of the highest frequency: the band above is used
CERTAIN = 5.0  # standard deviations
LEAST_RELATIVE = 1e-6  # of the largest record: less is rounding, or the tail of a computed pulse


@dataclass(frozen=True)
class Noise:
    """The standard deviation of white noise on each sample, in the records' unit (NaN: unknown), and its origin."""

    level: float
    origin: Origin


def noise_of(receivers: Receivers) -> Noise:
    """Return the stated noise, or estimate it before the first arrival, or outside the signal's band."""
    if receivers.noise > 0:
        return Noise(receivers.noise, "stated")
    channels = receivers.recorded.transpose(0, 2, 1).reshape(-1, len(receivers.time))  # (C, T)
    channels = channels[np.ptp(channels, axis=1) > 0]  # a constant channel has no noise, and is no record
    if not len(channels):
        return Noise(math.nan, "unknown")
    least = LEAST_RELATIVE * float(np.abs(channels).max())
    if (level := _before_arrival(channels)) > least:
        return Noise(level, "before the first arrival")
    if (level := _outside_band(channels, receivers.time)) > least:
        return Noise(level, "outside the band")
    return Noise(math.nan, "unknown")


def _before_arrival(channels: Array) -> float:
    """The level before waves arrive, in the channels that have an arrival; NaN where it cannot be estimated.

    Where the level grows towards the arrival, it is not noise.
    """
    early, late = [], []
    for record in channels:
        part = arrival(record) // 3  # the last third may hold the arrival's foot
        if part >= LEAST_BEFORE // 2:
            early.append(record[:part])
            late.append(record[part : 2 * part])
    if sum(map(len, early + late)) < LEAST_QUIET:
        return math.nan
    first, second = _level(early), _level(late)
    is_steady = max(first, second) < ALIKE * min(first, second)
    return math.hypot(first, second) / math.sqrt(2.0) if is_steady else math.nan


def _level(parts: list[Array]) -> float:
    """The standard deviation about each part's own mean, which may be an offset."""
    squares = sum(float(np.square(part - part.mean()).sum()) for part in parts)
    return math.sqrt(squares / sum(len(part) - 1 for part in parts))


def arrival(record: Array) -> int:
    """Return the sample at which a wave arrives; 0 where no arrival is found.

    It splits the record best into two parts of different variance, by Akaike's criterion: Maeda, Zisin 38, 1985.
    """
    n = len(record)
    if n < 2 * LEAST_BEFORE:
        return 0
    k = np.arange(LEAST_BEFORE, n - LEAST_BEFORE // 2)
    before, after = _variances(record)[k - 1], _variances(record[::-1])[n - k - 1]
    floor = np.finfo(np.float64).tiny
    best = int(np.argmin(k * np.log(before + floor) + (n - k) * np.log(after + floor)))
    return int(k[best]) if after[best] > RISE * before[best] else 0


def _variances(record: Array) -> Array:
    """The variance of the first 1, 2, ... samples, (T,)."""
    count = np.arange(1, len(record) + 1)
    return np.maximum(np.cumsum(np.square(record)) / count - np.square(np.cumsum(record) / count), 0.0)


def _outside_band(channels: Array, time: Array) -> float:
    """The level of the highest frequencies, if these are noise and hence all similar; NaN if they are not.

    Through a Hann window, whose leakage falls off fast, the mean squares of white noise of variance 1 are the sum of
    the window's squares: Welch, IEEE Trans. Audio Electroacoust. 15, 1967.
    """
    steps = np.diff(time)
    if len(time) < LEAST_TIMES or np.ptp(steps) > 1e-3 * steps.mean():
        return math.nan
    window = np.hanning(len(time))
    power = np.square(np.abs(np.fft.rfft(channels * window, axis=1))).mean(0) / np.square(window).sum()  # (F,)
    highest = power[math.ceil(BAND * (len(power) - 1)) :]
    most = ALIKE**2 * (1.0 + CERTAIN / math.sqrt(len(channels)))
    return math.sqrt(highest.mean()) if highest.max() < most * np.median(highest) else math.nan
