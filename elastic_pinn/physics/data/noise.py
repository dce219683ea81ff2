"""The noise of records: as stated, or estimated from the records themselves.

Letters of shapes: R receivers, T times, C channels of a receiver.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from elastic_pinn.physics.data.records import Records
from elastic_pinn.physics.numbers import is_even

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers

Origin = Literal["stated", "estimated before the first arrival", "estimated outside the band", "unknown"]
Array = np.ndarray[Any, np.dtype[np.float64]]

ORIGINS: tuple[Origin, ...] = get_args(Origin)
"""The surest first."""
ESTIMATED = re.compile(
    "^noise of .* (?:estimated before the first arrival|estimated outside the band).*$", re.MULTILINE
)
"""The line that `processing.with_noise` adds to a provenance: files carry the origin from there to every verdict."""

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


def noise_of(receivers: Receivers, drifts: bool = False) -> Noise:
    """Return the stated noise, or estimate it before the first arrival, or outside the signal's band.

    Of noise that a receiver file holds, the provenance may tell how it was estimated before it was stated there.
    drifts: whether the records do, below their waves' frequencies, so that they show their noise at the highest only.
    Of several quantities, or of noise that differs between channels, it is that of the first quantity, in the root of
    the mean inverse square over its samples. Unknown if that of one quantity is.
    """
    own = [noise_of_records(each, drifts) for each in receivers.records]
    origin = max((each.origin for each in own), key=ORIGINS.index)
    if origin == "stated" and (lines := ESTIMATED.findall(receivers.provenance)):
        origin = max((each for line in lines for each in ORIGINS if each in line), key=ORIGINS.index)
    return Noise(math.nan if origin == "unknown" else own[0].level, origin)


def noises_of(receivers: Receivers) -> list[Array]:
    """Return the standard deviation of each sample of each `Records`, (R, T, C), corrected as its values are.

    Where it is neither stated nor to be seen, it is in proportion to the size of the quantity: as of the others of
    which it is known, or 1 as a whole.
    """
    own, sizes = (
        [noise_of_records(each).level for each in receivers.records],
        [_size(each) for each in receivers.records],
    )
    known = [level / size for level, size in zip(own, sizes, strict=True) if not math.isnan(level)]
    part = float(np.mean(known)) if known else 1.0
    return [
        each.noises
        if each.is_noise_stated
        else np.broadcast_to(part * size if math.isnan(level) else level, each.values.shape)
        for each, level, size in zip(receivers.records, own, sizes, strict=True)
    ]


def in_one_number(noises: Array) -> float:
    """Return the root of the mean inverse square of standard deviations."""
    return float(noises[0]) if np.ptp(noises) == 0.0 else float(np.mean(noises**-2.0) ** -0.5)


def _size(records: Records) -> float:
    """The root mean square of records, corrected."""
    return float(np.sqrt(np.mean(np.square(records.corrected[records.is_there]))))


def noise_of_records(records: Records, drifts: bool = False) -> Noise:
    """Return the noise of the records of one quantity, corrected, in one number: see `noise_of`."""
    if records.is_noise_stated:
        return Noise(in_one_number(records.noises[records.is_there]), "stated")
    channels = [each for each in records.channels() if np.ptp(each.values) > 0]  # a constant one has no noise
    if not channels:
        return Noise(math.nan, "unknown")
    least = LEAST_RELATIVE * max(float(np.abs(each.values).max()) for each in channels)
    if not drifts and (level := _before_arrival([each.values for each in channels])) > least:
        return Noise(level, "estimated before the first arrival")
    longest = max(len(each.time) for each in channels)
    even = [each for each in channels if len(each.time) == longest and is_even(each.time, LEAST_TIMES)]
    if even and (level := _outside_band(np.stack([each.values for each in even]))) > least:
        return Noise(level, "estimated outside the band")
    return Noise(math.nan, "unknown")


def _before_arrival(channels: Sequence[Array]) -> float:
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


def _outside_band(channels: Array) -> float:
    """The level of the highest frequencies, if these are noise and hence all similar; NaN if they are not.

    Through a Hann window, whose leakage falls off fast, the mean squares of white noise of variance 1 are the sum of
    the window's squares: Welch, IEEE Trans. Audio Electroacoust. 15, 1967.
    """
    window = np.hanning(channels.shape[1])
    power = np.square(np.abs(np.fft.rfft(channels * window, axis=1))).mean(0) / np.square(window).sum()  # (F,)
    highest = power[math.ceil(BAND * (len(power) - 1)) :]
    most = ALIKE**2 * (1.0 + CERTAIN / math.sqrt(len(channels)))
    return math.sqrt(highest.mean()) if highest.max() < most * np.median(highest) else math.nan
