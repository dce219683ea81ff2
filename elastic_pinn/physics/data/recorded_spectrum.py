"""The spectrum of records above their noise.

Letters of shapes: F frequencies, K channels, T times of a channel.
"""

from __future__ import annotations

import math

import numpy as np

from elastic_pinn.physics.data.records import Channel, Records
from elastic_pinn.physics.numbers import Array

LEAST_TIMES = 8  # fewer have no spectrum
ALARM = 1e-3  # probability that noise alone exceeds what is taken for a signal, at any frequency
CERTAIN = 4.0  # standard errors of the noise's level, where it is seen in the spectrum
FAINT = 1e-4  # of the strongest bin: the leakage of a Hann window from further away
EVEN = 1e-3  # of a time step: how far times may be off even ones
LEAST_DRAWS = 2000  # of noise in all channels, by which interpolation is known to 2 %
MOST_CHANNELS = 500  # that are looked at


def by_chance(channels: int, frequencies: int) -> float:
    """Return what the mean power of noise over so many channels, of mean 1, exceeds at any of so many frequencies with
    the probability ALARM: the power of white noise in one channel is exponentially distributed."""
    from scipy.stats import gamma  # slow to import

    return float(gamma.isf(ALARM / frequencies, channels)) / channels


def recorded_spectrum(records: Records) -> tuple[Array, Array]:
    """Compute frequencies (F,), Hz, and the records' energy there above their noise, (F,), 0 where it may be noise.

    The energy is the mean over the channels, of many over some, through a Hann window, in the square of the records'
    unit. The noise is the stated one, or the highest quarter of the frequencies where that is more. Both are empty for
    fewer than 8 times. Records at unevenly spaced times, or with gaps, are interpolated linearly, which makes white
    noise weaker at high frequencies: all is in units of what is left of it there.
    """
    from scipy.stats import gamma  # slow to import

    channels = list(records.channels())
    channels = channels[:: math.ceil(len(channels) / MOST_CHANNELS)]
    count = max(len(each.time) for each in channels)
    if count < LEAST_TIMES:
        return np.zeros(0), np.zeros(0)
    even = np.linspace(min(each.time[0] for each in channels), max(each.time[-1] for each in channels), count)
    energy = _energy(channels, even) / _left_of_noise(channels, even)  # (F,)
    stated = float(np.square(records.noises[records.is_there]).mean()) * float(np.square(np.hanning(count)).sum())
    highest = energy[-(len(energy) // 4) :]
    seen = float(np.median(highest)) / (float(gamma.median(len(channels))) / len(channels))
    error = 0.0 if stated > seen else CERTAIN / math.sqrt(len(channels) * len(highest))
    noise = max(stated, seen)
    certain = noise * by_chance(len(channels), len(energy)) * (1.0 + error)
    significant = energy > max(certain, FAINT * energy.max())
    return np.fft.rfftfreq(count, even[1] - even[0]), np.where(significant, energy - noise, 0.0)


def _energy(channels: list[Channel], even: Array) -> Array:
    """The mean energy of channels at each frequency, (F,)."""
    values = np.stack([_evenly(each, even) for each in channels])  # (K, T)
    return np.asarray(np.square(np.abs(np.fft.rfft(values * np.hanning(len(even)), axis=1))).mean(0))


def _left_of_noise(channels: list[Channel], even: Array) -> Array:
    """The part of the energy of white noise that is left by interpolation at each frequency, (F,), by such noise."""
    if all(_is_even(each, even) for each in channels):
        return np.ones(len(even) // 2 + 1)
    rng, draws = np.random.default_rng(0), math.ceil(LEAST_DRAWS / len(channels))
    energy = np.zeros(len(even) // 2 + 1)
    for _ in range(draws):
        noises = [each._replace(values=rng.standard_normal(len(each.time))) for each in channels]
        energy += _energy(noises, even) / draws
    return np.asarray(energy / np.square(np.hanning(len(even))).sum())


def _evenly(channel: Channel, even: Array) -> Array:
    """A record at other times, (T,), 0 where there is none; as it is, at even times of another clock."""
    if _is_even(channel, even):
        return channel.values
    return np.interp(even, channel.time, channel.values, left=0.0, right=0.0)


def _is_even(channel: Channel, even: Array) -> bool:
    """Whether a channel has as many times, as far apart."""
    if len(channel.time) != len(even):
        return False
    step, late = (even[-1] - even[0]) / (len(even) - 1), channel.time - channel.time[0]
    return bool(np.allclose(np.diff(late), step, rtol=0.0, atol=EVEN * step))
