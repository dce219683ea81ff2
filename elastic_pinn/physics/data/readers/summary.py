"""What was understood of recordings, in words, and what of it is implausible, each with the mend.

Letters of shapes: R receivers, T times, K channels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from elastic_pinn.physics.data.noise import arrival, noise_of
from elastic_pinn.physics.data.records import Records
from elastic_pinn.physics.numbers import Array, is_even

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers

SPEEDS = 0.5, 20_000.0  # m/s: from waves in gels to P waves in diamond
TIMES_SPEED = 30.0  # by how much size over duration may be off a speed, where no arrival is found
OTHER_UNITS = (
    ("mm", "length_unit", 1e-3),
    ("us", "time_unit", 1e-6),
    ("ms", "time_unit", 1e-3),
    ("m", "length_unit", 1e3),
)
ENERGY = 0.95  # of the spectrum, up to the frequency that is called the highest
NEAR_NYQUIST = 0.8
LEAST_TIMES = 9  # of a spectrum
NEIGHBOURS = 6  # among which the slope of a first arrival is found
MOST_RECEIVERS = 500  # that are looked at for arrivals, spectra and noise


def summary(receivers: Receivers) -> list[str]:
    """Return lines that say what the recordings are: receivers, times, ranges, arrivals, speeds and noise."""
    return [line for each in receivers.records for line in _summary(each)]


def _summary(records: Records) -> Iterator[str]:
    (x, y), some, unit = records.xy.T, _some(records), records.kind.unit
    there = records.corrected[records.is_there]
    first_time, last_time = np.nanmin(records.time), np.nanmax(records.time)
    steps = np.diff(records.time)
    step = f", {np.nanmedian(steps):.4g} s apart" if steps.size else ""
    own = ", of each receiver its own" if records.time.ndim > 1 else ""
    yield f"receivers: {len(records.xy)}, x {x.min():.4g} to {x.max():.4g} m, y {y.min():.4g} to {y.max():.4g} m"
    yield f"times: {records.values.shape[1]}, {first_time:.4g} to {last_time:.4g} s{step}{own}"
    if not records.is_complete:
        yield f"channels: {records.told}"
    of = f" of shot {records.shot}" if records.shot else ""
    size = np.sqrt(np.square(there).mean())
    yield f"{records.quantity}{of}: {there.min():.4g} to {there.max():.4g} {unit}, rms {size:.4g} {unit}"
    first = _first_arrivals(some)
    found = np.isfinite(first)
    if found.any():
        yield f"first arrivals: {np.nanmin(first):.4g} to {np.nanmax(first):.4g} s, at {found.sum()} receivers"
    speeds = _apparent_speeds(some, first)
    if len(speeds):
        low, middle, high = np.quantile(speeds, [0.1, 0.5, 0.9])
        yield f"apparent speeds: {middle:.4g} m/s (80 % from {low:.4g} to {high:.4g})"
    noise = noise_of(_receivers(some))
    yield f"noise: {'not known' if math.isnan(noise.level) else f'{noise.level:.3g} {unit}, {noise.origin}'}"


def doubts(receivers: Receivers) -> list[str]:
    """Return a sentence for each thing about recordings that can hardly be so, with what would mend it."""
    return [doubt for each in receivers.records for doubt in _doubts(each)]


def _doubts(records: Records) -> Iterator[str]:
    some, spacing = _some(records), _spacing(records.xy)
    yield from _of_speed(some)
    yield from _of_size(records)
    yield from _of_sampling(some, spacing)


def _receivers(records: Records) -> Receivers:
    from elastic_pinn.physics.data.receivers import Receivers  # which needs this module

    return Receivers(records=records)


def _some(records: Records) -> Records:
    """The recordings of at most so many receivers, by chance, which take little memory and time."""
    live = np.flatnonzero(records.is_there.any(axis=(1, 2)))
    if len(records.xy) <= MOST_RECEIVERS:
        return records
    chosen = np.sort(np.random.default_rng(0).choice(live, min(MOST_RECEIVERS, len(live)), replace=False))
    return records.at(chosen)


def _first_arrivals(records: Records) -> Array:
    """When the first wave arrives at each receiver, (R,) in s; NaN where no arrival is found."""
    first = np.full(len(records.xy), np.nan)
    for channel in records.channels():
        sample = arrival(channel.values)
        if sample > 0:
            first[channel.row] = np.fmin(first[channel.row], channel.time[sample])
    return first


def _apparent_speeds(records: Records, first: Array) -> Array:
    """How fast the first wave goes past receivers, m/s: one over the slope of its arrival among the nearest ones."""
    from scipy.spatial import cKDTree  # slow to import

    found = np.isfinite(first)
    xy, at = records.xy[found], first[found]
    if len(np.unique(xy, axis=0)) <= NEIGHBOURS:
        return np.empty(0)
    nearest = cKDTree(xy).query(xy, k=NEIGHBOURS + 1)[1]  # (R, 1 + NEIGHBOURS)
    away = xy[nearest] - xy[nearest].mean(1, keepdims=True)
    later = at[nearest] - at[nearest].mean(1, keepdims=True)
    slowness = np.linalg.norm(np.einsum("rdn,rn->rd", np.linalg.pinv(away, rcond=1e-6), later), axis=1)
    return 1.0 / slowness[slowness > 0]


def _of_speed(records: Records) -> Iterator[str]:
    speeds = _apparent_speeds(records, _first_arrivals(records))
    size = float(np.linalg.norm(np.ptp(records.xy, axis=0)))
    duration = float(np.nanmax(records.time) - np.nanmin(records.time))
    if len(speeds):
        speed, what, margin = float(np.median(speeds)), "waves arrive at", 1.0
    elif size > 0 and duration > 0:
        speed, what, margin = size / duration, "the receivers' extent over the duration is", TIMES_SPEED
    else:
        return
    if SPEEDS[0] / margin <= speed <= SPEEDS[1] * margin:
        return
    if speed > SPEEDS[1] and size < SPEEDS[1] * duration:
        return  # across the way of a wave, it arrives everywhere at once
    mends = [
        f"{option} {name}" for name, option, factor in OTHER_UNITS
        if SPEEDS[0] * 100 <= speed * (factor if option == "length_unit" else 1 / factor) <= SPEEDS[1]
    ]  # fmt: skip
    mend = f"were {' or '.join(mends)} meant?" if mends else "check the units of positions and times"
    yield f"{what} {speed:.3g} m/s, which no solid has: {mend}"


def _of_size(records: Records) -> Iterator[str]:
    size = float(np.ptp(records.xy, axis=0).max())
    largest = float(np.nanmax(np.abs(records.corrected)))
    if records.quantity == "displacement" and 0 < size < largest:
        yield f"displacements of {largest:.3g} m are larger than the receivers' extent, {size:.3g} m: check value_unit"
    if size > 0 and largest < 1e-30:
        yield f"the largest value is {largest:.3g} {records.kind.unit}: check value_unit"


def _of_sampling(records: Records, spacing: float) -> Iterator[str]:
    """Waves that samples or receivers are too far apart for."""
    found = list(records.channels())
    longest = max(len(each.time) for each in found)
    even = [each for each in found if len(each.time) == longest and is_even(each.time, LEAST_TIMES)]
    if not even:
        return
    channels, steps = np.stack([each.values for each in even]), np.diff(even[0].time)  # (K, T)
    window = np.hanning(longest)
    power = np.square(np.abs(np.fft.rfft((channels - channels.mean(1, keepdims=True)) * window, axis=1))).sum(0)
    noise = noise_of(_receivers(records)).level
    power = np.maximum(power - (0.0 if math.isnan(noise) else len(channels) * noise**2 * np.square(window).sum()), 0.0)
    if not power.any():
        return
    frequency = np.fft.rfftfreq(channels.shape[1], steps.mean())
    highest = float(frequency[np.searchsorted(np.cumsum(power), ENERGY * power.sum())])
    if highest > NEAR_NYQUIST * frequency[-1]:
        yield (
            f"waves of {highest:.3g} Hz are near the Nyquist frequency of the samples, {frequency[-1]:.3g} Hz, and "
            "may be aliased: sample faster, behind a filter, or check time_unit"
        )
    speeds = _apparent_speeds(records, _first_arrivals(records))
    if len(speeds) and len(records.xy) > 2:
        length = float(np.median(speeds)) / highest
        if spacing > length / 2:
            yield (
                f"receivers are {spacing:.3g} m apart, more than half of the shortest wave, {length:.3g} m at "
                f"{highest:.3g} Hz (the Nyquist wave number of the grid): place them closer, or filter"
            )


def _spacing(xy: Array) -> float:
    """The median distance of a receiver to the nearest other one, m."""
    from scipy.spatial import cKDTree  # slow to import

    places = np.unique(xy, axis=0)
    return float(np.median(cKDTree(places).query(places, k=2)[0][:, 1]))  # infinite for one place
