"""When waves arrive at receivers, how fast they go past them, and how often they swing.

Letters of shapes: R receivers, T times, K channels, F frequencies.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from elastic_pinn.physics.data.noise import arrival, noise_of
from elastic_pinn.physics.data.records import Records
from elastic_pinn.physics.numbers import Array, is_even

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers

LEAST_TIMES = 9  # of a spectrum
NEIGHBOURS = 6  # among which the slope of a first arrival is found
MOST_RECEIVERS = 500  # that are looked at for arrivals, spectra and noise
MOST_ARRIVE = 0.6  # of receivers: in fewer, what looks like a first arrival is a later wave of a recording on its way


class Arrivals(NamedTuple):
    """When the first wave arrives at receivers, and how fast it goes past them.

    Attributes
    ----------
    records
        Of the receivers that were looked at: of many, some by chance, which take little memory and time.
    first
        When the first wave arrives at each, (R,) in s; NaN where no arrival is found.
    are_seen
        Whether waves arrive while it is recorded, at most receivers, and are not on their way from the start.
    speeds
        m/s: one over the slope of the arrivals among the nearest; none of a recording that begins with waves on
        their way.
    """

    records: Records
    first: Array
    are_seen: bool
    speeds: Array


def arrivals_of(records: Records) -> Arrivals:
    """Look for the first wave's arrivals in recordings."""
    few = _few_of(records)
    first, live = _first_arrivals(few), few.is_there.any(axis=(1, 2))  # (R,)
    are_seen = bool(np.isfinite(first[live]).sum() >= MOST_ARRIVE * live.sum())
    return Arrivals(few, first, are_seen, _apparent_speeds(few.xy, first) if are_seen else np.empty(0))


def _few_of(records: Records) -> Records:
    live = np.flatnonzero(records.is_there.any(axis=(1, 2)))
    if len(records.xy) <= MOST_RECEIVERS:
        return records
    chosen = np.sort(np.random.default_rng(0).choice(live, min(MOST_RECEIVERS, len(live)), replace=False))
    return records.at(chosen)


def _first_arrivals(records: Records) -> Array:
    first = np.full(len(records.xy), np.nan)
    for channel in records.channels():
        sample = arrival(channel.values)
        if sample > 0:
            first[channel.row] = np.fmin(first[channel.row], channel.time[sample])
    return first


def _apparent_speeds(xy: Array, first: Array) -> Array:
    from scipy.spatial import cKDTree  # slow to import

    found = np.isfinite(first)
    xy, at = xy[found], first[found]
    if len(np.unique(xy, axis=0)) <= NEIGHBOURS:
        return np.empty(0)
    nearest = cKDTree(xy).query(xy, k=NEIGHBOURS + 1)[1]  # (R, 1 + NEIGHBOURS)
    away = xy[nearest] - xy[nearest].mean(1, keepdims=True)
    later = at[nearest] - at[nearest].mean(1, keepdims=True)
    slowness = np.linalg.norm(np.einsum("rdn,rn->rd", np.linalg.pinv(away, rcond=1e-6), later), axis=1)
    return 1.0 / slowness[slowness > 0]


def spectrum(records: Records) -> tuple[Array, Array] | None:
    """Return frequencies (F,) in Hz and the power at each, less that of the noise, (F,); None of times without one."""
    found = list(records.channels())
    longest = max(len(each.time) for each in found)
    even = [each for each in found if len(each.time) == longest and is_even(each.time, LEAST_TIMES)]
    if not even:
        return None
    channels, steps = np.stack([each.values for each in even]), np.diff(even[0].time)  # (K, T)
    window = np.hanning(longest)
    power = np.square(np.abs(np.fft.rfft((channels - channels.mean(1, keepdims=True)) * window, axis=1))).sum(0)
    noise = noise_of(of_records(records)).level
    power = np.maximum(power - (0.0 if math.isnan(noise) else len(channels) * noise**2 * np.square(window).sum()), 0.0)
    return (np.fft.rfftfreq(channels.shape[1], steps.mean()), power) if power.any() else None


def below_which(part: float, frequency: Array, power: Array) -> float:
    """Return the frequency below which a part of the power is, Hz."""
    return float(frequency[np.searchsorted(np.cumsum(power), part * power.sum())])


def of_records(records: Records) -> Receivers:
    """Return receivers with these records alone."""
    from elastic_pinn.physics.data.receivers import Receivers  # which needs this module

    return Receivers(records=records)
