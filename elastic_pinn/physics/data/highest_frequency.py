"""Up to which frequency records hold more than their noise.

Letters: F frequencies, T times of a channel.
"""

from __future__ import annotations

import numpy as np

from elastic_pinn.physics.data.noise import LEAST_TIMES, noise_of, noises_of
from elastic_pinn.physics.data.receivers import Receivers
from elastic_pinn.physics.data.recorded_spectrum import by_chance
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.numbers import is_even

LEAST = 1.5  # times the power of the noise: an error of its level is no signal


def highest_frequency(receivers: Receivers) -> float:
    """Return the highest frequency (Hz) at which records hold more than noise, on average over all channels.

    In units of the noise, the power of noise alone is 1 at all frequencies. Hann windows keep a record's ends from
    looking like high frequencies; channels with gaps or uneven times, of which waves do the same, are left out. Raises
    ProblemError where no channel is left, and where the noise is unknown, or all there is.
    """
    if np.isnan(noise_of(receivers).level):
        raise ProblemError("the noise of the records is neither stated nor to be seen in them")
    noises = noises_of(receivers)
    channels = [
        (each.time, each.values / np.nanmean(noise[each.row, :, each.column]))
        for records, noise in zip(receivers.records, noises, strict=True)
        for each in records.channels()
        if is_even(each.time, LEAST_TIMES)
    ]
    if not channels:
        raise ProblemError(f"no channel has {LEAST_TIMES} evenly spaced times without gaps")
    longest = max(float(np.ptp(time)) for time, _ in channels)
    slowest = max(float(np.ptp(time)) / (len(time) - 1) for time, _ in channels)
    frequencies = np.arange(1, int(0.5 * longest / slowest) + 1) / longest  # (F,)
    power = np.mean([_power(len(frequencies), longest, *each) for each in channels], axis=0)  # (F,)
    told = np.flatnonzero(power > max(LEAST, by_chance(len(channels), len(frequencies))))
    if not len(told):
        raise ProblemError("the records hold nothing but noise")
    return float(frequencies[told[-1]])


def _power(count: int, longest: float, time: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The power of a channel (T,), 1 of white noise of variance 1, at multiples of 1 / longest, (count,)."""
    window = np.hanning(len(time))
    padded = round(longest * (len(time) - 1) / float(np.ptp(time)))
    return np.square(np.abs(np.fft.rfft(window * values, padded)[1 : count + 1])) / np.square(window).sum()
