"""What is wrong in a channel alone: samples at a bound, spikes, an offset, an oscillation of the mains.

Letters of shapes: T times.
"""

from __future__ import annotations

import math

import numpy as np

from elastic_pinn.physics.data.noise import arrival
from elastic_pinn.physics.numbers import Array, is_even

LEAST_FLAT = 3  # samples in a row at a bound
WHOLE = 0.01  # by which a multiple may be off a whole number
QUANTA = 6.0  # steps of a converter, by which a clipped record leaves its bound in two samples
STEEP = 0.2  # of the root mean square step of a record, likewise; one that settles, or turns, leaves it by less
PERIODS = 9.0  # of the mains at least in a record, three in each third
STEADY = 0.3  # by which the oscillation of a third may differ from that of all
LEAST_TIMES = 24  # among which a sample is alone
ALONE = 5.0  # times the largest other residual: that of a sample that stands alone
LEAST_SPIKE = 0.5  # of a channel's root mean square: a smaller one is not told
SPIKE = (
    0.56,
    0.8,
)  # residuals beside a single sample are -2/3 of its own; of a kink 1/2 or less
MOST_SPIKES = 3  # of a channel
BETWEEN = np.array([-1.0, 4.0, 0.0, 4.0, -1.0]) / 6.0  # a cubic through two samples before and two after
LEAST_OFFSET = 0.2  # of the root mean square about it: a smaller one is not told
CERTAIN = 5.0  # standard errors of the mean
LEVEL, EXACT = 0.1, 1e-3  # of an offset: by how much it may rise before the first wave, and what is hardly noise
LEAST_QUIET = 16  # samples: fewer may be the flat top of a wave that was on its way
WHITE = 0.6  # of half the mean squared step of noise over its variance, 1 of white noise: less is a slow wave


def clipped_samples(values: Array) -> int:
    """Count the samples (T,) at a bound that a record comes to by more than a step of its numbers, and stays at."""
    edges = np.flatnonzero(np.diff(values) != 0.0)  # the last sample of each run of equal ones, but the last
    if len(edges) < 2:
        return 0
    starts, ends = np.concatenate([[0], edges + 1]), np.concatenate([edges, [len(values) - 1]])
    lengths = ends - starts + 1
    if np.median(lengths) >= LEAST_FLAT:  # all samples are repeated
        return 0
    least = max(QUANTA * _quantum(values), STEEP * float(np.sqrt(np.square(np.diff(values)).mean())))
    count = 0
    for bound in {float(values.max()), float(values.min())} - {0.0}:
        for run in np.flatnonzero((values[starts] == bound) & (lengths >= LEAST_FLAT)):
            beside = [values[i] for i in (starts[run] - 2, ends[run] + 2) if 0 <= i < len(values)]
            is_left = bool(beside) and min(abs(each - bound) for each in beside) > least
            count += int(lengths[run]) if is_left else 0
    return count


def _quantum(values: Array) -> float:
    """The step of which all values (T,) are multiples, as of a converter of few bits; 0 where there is none."""
    several = np.unique(values)
    step = float(np.diff(several).min())
    parts = (several - several[0]) / step
    return step if np.abs(parts - parts.round()).max() < WHOLE else 0.0


def spikes_of(time: Array, values: Array) -> list[int]:
    """Return the samples (T,) that stand alone, far off a curve through those beside them; times must be even."""
    if not is_even(time, LEAST_TIMES):
        return []
    residual = np.zeros(len(values))
    residual[2:-2] = values[2:-2] - np.convolve(values, BETWEEN, "valid")
    left, chosen, found = np.abs(residual), [], []
    least = LEAST_SPIKE * math.sqrt(float(np.square(values - values.mean()).mean()))
    for _ in range(MOST_SPIKES):
        i = int(left.argmax())
        size = abs(residual[i])
        if size <= least or not all(SPIKE[0] < -residual[k] / residual[i] < SPIKE[1] for k in (i - 1, i + 1)):
            break
        left[max(0, i - 2) : i + 3] = 0.0
        chosen.append(i)
        if size > ALONE * left.max():
            found = sorted(chosen)
    return found


def quiet_part(values: Array) -> Array:
    """Return the samples before the first wave, of (T,); none where no wave arrives, or too few."""
    peak = int(np.abs(values - np.median(values)).argmax())  # behind it, the end of a wave may be taken for an arrival
    quiet = values[: 2 * (arrival(values[: peak + 1]) // 3)]  # the last third may hold the arrival's foot
    return quiet if len(quiet) >= LEAST_QUIET else quiet[:0]


def offset_of(values: Array) -> float:
    """Return the mean of samples (T,) before the first wave, where it is an offset; 0 where it is none, or where no
    wave arrives."""
    quiet = quiet_part(values)
    if not len(quiet):
        return 0.0
    level, spread = float(quiet.mean()), float(quiet.std())
    slope = float(np.polyfit(np.linspace(-0.5, 0.5, len(quiet)), quiet, 1)[0])
    size = math.sqrt(float(np.square(values - level).mean()))
    is_noise = np.square(np.diff(quiet)).mean() / 2.0 > WHITE * spread**2 or spread < EXACT * abs(level)
    is_sure = abs(level) > max(CERTAIN * spread / math.sqrt(len(quiet)), spread, abs(slope) / LEVEL)
    return level if is_noise and is_sure and abs(level) > LEAST_OFFSET * size else 0.0


def steady_part(time: Array, values: Array, frequency: float) -> float:
    """The part of the mean square of values (T,) that an oscillation of one size and phase from the first to the last
    sample has; 0 where it is not steady, or where times do not resolve it."""
    length = float(np.ptp(time))
    if np.ptp(values) == 0.0 or length * frequency < PERIODS or 2.0 * frequency * length >= len(time) - 1:
        return 0.0
    wave = np.exp(-2j * np.pi * frequency * (time - time[0]))
    centred = values - values.mean()
    whole = 2.0 * (centred * wave).mean()
    thirds = [2.0 * ((part - part.mean()) * at).mean()
              for part, at in zip(np.array_split(values, 3), np.array_split(wave, 3), strict=True)]  # fmt: skip
    if max(abs(each - whole) for each in thirds) > STEADY * abs(whole):
        return 0.0
    return float(abs(whole) ** 2 / 2.0 / np.square(centred).mean())
