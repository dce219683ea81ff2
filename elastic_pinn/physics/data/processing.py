"""What is done to recordings before they are used: what is left out, subtracted, filtered, and stated as noise.

Each function returns new receivers, with a line about it in their provenance; a truth is processed alike. What is muted
is a gap: zeros in its place would be taken for a solid at rest.

Letters of shapes: R receivers, T times.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elastic_pinn.physics.data.band_filter import BandFilter
from elastic_pinn.physics.data.channel_names import named_channels
from elastic_pinn.physics.data.noise import RISE, arrival, noise_of
from elastic_pinn.physics.data.places import nearest_instant, nearest_place
from elastic_pinn.physics.data.receivers import Receivers
from elastic_pinn.physics.data.records import Records
from elastic_pinn.physics.data.truth import Truth
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.numbers import Array

__all__ = ["band_pass", "cut", "leave_out", "mute", "with_noise", "without_baseline"]

CUT = re.compile("^cut to .*time ([^ ]+) to ", re.MULTILINE)
"""The line that `cut` adds to a provenance, with the first instant that was kept."""
LEAST_MEAN = 2  # samples of a baseline
LEAST_WAVE = 0.01  # of the largest value of a channel: smaller waves do little to a baseline

Mask = np.ndarray[Any, np.dtype[np.bool_]]


def leave_out(receivers: Receivers, rows: Sequence[int]) -> Receivers:
    """Leave out some receivers, as dead ones.

    Parameters
    ----------
    receivers
        What was recorded.
    rows
        Their rows, from 0.

    Returns
    -------
    Receivers
        The others.

    Raises
    ------
    ProblemError
        For rows that are not there, and if none would be left.
    """
    keep = np.ones(len(receivers.places), dtype=bool)
    keep[_rows(receivers, rows)] = False
    told = f"left out receivers {sorted(set(rows))}"
    return _changed(receivers, lambda each, at: _selected(each, keep[at]), told)


def mute(receivers: Receivers, rows: Sequence[int], time: tuple[float, float]) -> Receivers:
    """Leave out a part of some channels, as one where a receiver was overloaded: its samples become gaps.

    Parameters
    ----------
    receivers
        What was recorded.
    rows
        The receivers' rows, from 0, those of several quantities after each other.
    time
        The first and last instant that is left out, s.

    Returns
    -------
    Receivers
        The same without these samples.

    Raises
    ------
    ProblemError
        For rows that are not there, and where nothing was recorded then.
    """
    chosen = np.zeros(len(receivers.places), dtype=bool)
    chosen[_rows(receivers, rows)] = True
    told = f"muted receivers {sorted(set(rows))} from {time[0]:g} to {time[1]:g} s"

    def muted(each: Records, at: slice) -> Records:
        out = chosen[at][:, None, None] & _within(each.instants, time, nearest_instant(each.time))  # (R, T, C)
        return replace(each, values=np.where(out, np.nan, each.values))

    found = _changed(receivers, muted, told)
    if found.samples == receivers.samples:
        raise ProblemError(f"{told}: nothing was recorded there")
    return found


def without_baseline(receivers: Receivers, time: tuple[float, float]) -> Receivers:
    """Subtract from each channel its mean over a window of time before the waves, as the offset of a laser.

    The mean of n samples has an error of noise / sqrt(n), which all samples of the channel then share: a window of 100
    samples or more leaves a tenth of the noise or less. The noise that is stated stays as it is.

    Parameters
    ----------
    receivers
        What was recorded.
    time
        The first and last instant of the window, s, before the waves come.

    Returns
    -------
    Receivers
        The same without the offsets.

    Raises
    ------
    ProblemError
        Where a channel has fewer than two samples in the window, and where waves come within it.
    """
    told = f"subtracted the mean from {time[0]:g} to {time[1]:g} s of each channel"
    fewest = math.inf
    for records, channels, names in named_channels(receivers):
        near = nearest_instant(records.time)
        for channel, name in zip(channels, names, strict=True):
            inside = _within(channel.time, time, near)  # (T,)
            fewest = min(fewest, count := int(inside.sum()))
            if count < LEAST_MEAN:
                raise ProblemError(
                    f"{told}: channel {name} has {count or 'no'} sample{'' if count == 1 else 's'} there, where "
                    f"{LEAST_MEAN} or more are needed: its times are {channel.time[0]:.4g} to {channel.time[-1]:.4g} s"
                )
            if (first := _first_wave(channel.values, inside)) is not None:
                raise ProblemError(
                    f"{told}: waves come within it, to channel {name} from about {channel.time[first]:.3g} s: give a "
                    "window that ends before the first wave"
                )

    def subtracted(each: Records, _: slice) -> Records:
        inside = _within(each.instants, time, nearest_instant(each.time)) & each.is_there  # (R, T, C)
        count = inside.sum(axis=1, keepdims=True)  # (R, 1, C), 0 of a dead channel
        mean = np.where(inside, each.values, 0.0).sum(axis=1, keepdims=True) / np.maximum(count, 1)
        return replace(each, values=each.values - mean)

    return _changed(receivers, subtracted, f"{told}, of {fewest} samples or more")


def _first_wave(values: Array, inside: Mask) -> int | None:
    """The sample of values (T,) at which a wave arrives before the end of a window (T,) that holds some of it clearly;
    None where none does."""
    first = arrival(values)
    after = values[first:][inside[first:]]
    if not first or not len(after):
        return None
    quiet = values[:first]
    power = float(np.square(after - quiet.mean()).mean())
    least = LEAST_WAVE * float(np.abs(values - quiet.mean()).max())
    return first if power > max(RISE * float(quiet.var()), least**2) else None


def cut(
    receivers: Receivers,
    x: tuple[float, float] | None = None,
    y: tuple[float, float] | None = None,
    time: tuple[float, float] | None = None,
) -> Receivers:
    """Keep what was recorded within a window of space and time.

    Parameters
    ----------
    receivers
        What was recorded.
    x, y
        The first and last place, m; all if not given.
    time
        The first and last instant, s; all if not given. The clock stays: known pulses are those at 0 s.

    Returns
    -------
    Receivers
        What is within.

    Raises
    ------
    ProblemError
        If no receiver or no time is within.
    """
    given = {"x": x, "y": y, "time": time}
    told = "cut to " + ", ".join(f"{name} {ends[0]:g} to {ends[1]:g}" for name, ends in given.items() if ends)

    def within(each: Records, at: slice) -> Records | str:
        near = nearest_place(each.xy)
        rows = _within(each.xy[:, 0], x, near) & _within(each.xy[:, 1], y, near)
        return _selected(each, rows, _within(each.instants, time, nearest_instant(each.time)))

    return _changed(receivers, within, told)


def band_pass(receivers: Receivers, lowest: float = 0.0, highest: float = 0.0) -> Receivers:
    """Keep the waves between two frequencies, without a shift in time; `highest` alone is a low-pass filter, and
    `lowest` alone a high-pass filter.

    A Butterworth filter of second order runs forwards and backwards. Below `highest` as few times are kept as the waves
    need: the filter colours white noise; every n-th sample is kept, with the cut-off, `highest` or a little above, set
    to the new Nyquist frequency so that what folds back makes the noise white again, to 5 % between neighbours: ± and
    misfits need that. What folds back of waves is no fault: each sample is that of the filtered wavefield, and that
    moves by the same equation. Its start, however, is another one: known pulses are left out.

    Above `lowest` there is no such way to make noise white, and the noise that is stated is white noise of the density
    that there is within the band, where the waves are. Below the band there is less: the mean square of misfits is then
    smaller than that of the noise, by 1.39 times `lowest` over the Nyquist frequency, and ± is right or a little too
    large.

    Near either end a filter makes up what was not recorded, so that 1.25 periods of `lowest`, and one of the upper
    cut-off, are left out at each.

    Parameters
    ----------
    receivers
        What was recorded, at evenly spaced times.
    lowest, highest
        The frequencies, Hz; 0: none.

    Returns
    -------
    Receivers
        What is between, with the noise that is left stated, where it was stated or can be estimated.

    Raises
    ------
    ProblemError
        For times that are not evenly spaced, frequencies that leave all or nothing, and too short a record.
    """
    if not (lowest >= 0.0 and highest >= 0.0 and (lowest or highest)) or lowest >= (highest or math.inf):
        raise ProblemError(
            f"a filter from {lowest:g} to {highest:g} Hz: the lowest frequency must be below the highest, neither "
            "negative, and one of them must be positive"
        )
    told = "; ".join(dict.fromkeys(BandFilter.of(each, lowest, highest).told for each in receivers.records))
    told += "; known pulses left out" if receivers.pulses else ""

    def between(each: Records, _: slice) -> Records:
        return BandFilter.of(each, lowest, highest)(each, noise_of(Receivers(records=each), drifts=lowest > 0.0))

    return replace(_changed(receivers, between, told), pulses=())


def with_noise(receivers: Receivers, drifts: bool = False) -> Receivers:
    """State the noise that the records themselves show, before the first arrival or outside the band of their waves.

    Parameters
    ----------
    receivers
        What was recorded; what it states of noise is replaced, which is told.
    drifts
        Whether the records drift, below the frequencies of their waves: the noise is then seen outside the band only.

    Returns
    -------
    Receivers
        The same records, with their noise.

    Raises
    ------
    ProblemError
        Where the records do not show it.
    """
    found, words = [], []
    seen = "which, as they drift, is seen only" if drifts else "neither before the first arrival nor"
    for each in receivers.records:
        noise = noise_of(Receivers(records=replace(each, noise=0.0)), drifts)
        if math.isnan(noise.level):
            raise ProblemError(
                f"the records show no noise, {seen} outside the band of their waves: {_shown_by(receivers, drifts)}"
                "state the noise"
            )
        found.append(replace(each, noise=noise.level * np.abs(each.gain)))  # of the values as they are
        stated = f", in place of {each.noise_told} as stated" if each.is_noise_stated else ""
        words.append(f"noise of {noise.level:.4g} {each.kind.unit} {noise.origin}{stated}")
    return _told(replace(receivers, records=tuple(found)), "; ".join(words))


def _shown_by(receivers: Receivers, drifts: bool) -> str:
    """What would show the noise before the waves come, as the beginning of a sentence; "" of records that drift."""
    if drifts:
        return ""
    starts = [float(start) for start in CUT.findall(receivers.provenance)]
    first, last = receivers.span
    if starts and first - max(starts) < (last - first) / receivers.records[0].values.shape[1]:
        return f"what was before {max(starts):g} s was cut away: keep more of it, from before the waves come, or "
    return "record longer before the waves come, or "


def _rows(receivers: Receivers, rows: Sequence[int]) -> list[int]:
    """The rows as a list. Raises ProblemError for one that is not there."""
    count = len(receivers.places)
    if wrong := [row for row in rows if not 0 <= row < count]:
        raise ProblemError(f"row {wrong[0]} is no receiver: legal are 0 to {count - 1}")
    return list(rows)


def _by_records(receivers: Receivers) -> Iterator[tuple[Records, slice]]:
    """Each of the records, and which of all rows are its receivers."""
    for start, each in zip(receivers.first_rows, receivers.records, strict=True):
        yield each, slice(start, start + len(each.xy))


def _within(values: Array, ends: tuple[float, float] | None, near: float) -> Mask:
    """Which values are between two ends, or at one but for rounding: 20 times 1e-6 is less than 20e-6."""
    low, high = ends or (-math.inf, math.inf)
    return (values >= low - near) & (values <= high + near)


def _selected(records: Records, rows: Mask, inside: Mask | None = None) -> Records | str:
    """Records at some receivers (R,), and of samples inside (R, T, C); "receiver" or "time" if none is left.

    What is outside becomes a gap, and times at which nothing is left are dropped.
    """
    if not rows.any():
        return "receiver"
    chosen = records.at(rows)
    inside = np.ones(chosen.values.shape, dtype=bool) if inside is None else inside[rows]
    if not (inside & chosen.is_there).any():
        return "receiver" if inside.all() else "time"
    chosen = replace(chosen, values=np.where(inside, chosen.values, np.nan))
    if records.time.ndim == 2:
        return chosen
    kept = inside.any(axis=(0, 2))  # (T,)
    by_time = {"noise": chosen.noise[:, kept]} if np.ndim(chosen.noise) == 3 else {}
    return replace(chosen, **by_time, values=chosen.values[:, kept], time=chosen.time[kept])


def _changed(receivers: Receivers, change: Callable[[Records, slice], Records | str], told: str) -> Receivers:
    """Receivers with each of their records changed, and a truth likewise, if they are complete then.

    change: of records, and of which of all rows are theirs; it says "receiver" or "time" where none of these is left.
    """
    found = [change(each, at) for each, at in _by_records(receivers)]
    kept = tuple(each for each in found if isinstance(each, Records))
    if not kept:
        (first, last), (low, high) = receivers.span, (receivers.places.min(axis=0), receivers.places.max(axis=0))
        there = (
            f"times are {first:.4g} to {last:.4g} s"
            if found[0] == "time"
            else (f"receivers are at x {low[0]:.4g} to {high[0]:.4g} m, y {low[1]:.4g} to {high[1]:.4g} m")
        )
        raise ProblemError(f"{told}: no {found[0]} is left: {there}")
    truth = receivers.truth
    if truth and truth.records:
        clean = change(replace(receivers.only, values=truth.recorded), slice(None))
        recorded: dict[str, Any] = {}
        if isinstance(clean, Records) and kept[0].is_complete:
            recorded = {truth.quantity.name: clean.values}
        truth = Truth(truth.material, **recorded)
    return _told(replace(receivers, records=kept, truth=truth), told)


def _told(receivers: Receivers, line: str) -> Receivers:
    """Receivers of no file, with one more line of provenance."""
    before = f"{receivers.provenance}\n" if receivers.provenance else ""
    return replace(receivers, provenance=before + line, path=None, sha256="")
