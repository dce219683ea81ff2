"""What is done to recordings before they are used: receivers left out, windows cut, waves filtered, the noise stated.

Each function returns new receivers, with a line about it in their provenance; a truth is processed alike. What is muted
is a gap: zeros in its place would be taken for a solid at rest.

Letters of shapes: R receivers, T times.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from elastic_pinn.physics.data.noise import noise_of
from elastic_pinn.physics.data.receivers import Receivers
from elastic_pinn.physics.data.records import Records
from elastic_pinn.physics.data.truth import Truth
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.numbers import Array, is_even

__all__ = ["cut", "leave_out", "low_pass", "mute", "with_noise"]

Mask = np.ndarray[Any, np.dtype[np.bool_]]

ORDER = 2  # of the Butterworth filter, which runs forwards and backwards
BELOW_CUT = 0.83  # the Nyquist frequency over the cut-off, at which what folds back makes filtered noise white again
LEAST_TIMES = 8  # that a filtered record has


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
        out = chosen[at][:, None, None] & _within(each.instants, time)  # (R, T, C)
        return replace(each, values=np.where(out, np.nan, each.values))

    found = _changed(receivers, muted, told)
    if found.samples == receivers.samples:
        raise ProblemError(f"{told}: nothing was recorded there")
    return found


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
        return _selected(each, _within(each.xy[:, 0], x) & _within(each.xy[:, 1], y), _within(each.instants, time))

    return _changed(receivers, within, told)


def low_pass(receivers: Receivers, highest: float) -> Receivers:
    """Keep the waves below a frequency, without a shift in time, at as few times as these need.

    A Butterworth filter of second order runs forwards and backwards. It colours white noise; every n-th sample is then
    kept, with the cut-off, `highest` or a little above, set to the new Nyquist frequency so that what folds back makes
    the noise white again, to 5 % between neighbours: ± and misfits need that. What folds back of waves is no fault:
    each sample is that of the filtered wavefield, and that moves by the same equation. Its start, however, is another
    one: known pulses are left out. Near either end a filter makes up what was not recorded, so that one period of the
    cut-off is left out at each.

    There is no high-pass filter here: it would leave no noise at low frequencies, where ± counts some.

    Parameters
    ----------
    receivers
        What was recorded, at evenly spaced times.
    highest
        The frequency, Hz.

    Returns
    -------
    Receivers
        What is below, with the noise that is left stated, where it was stated or can be estimated.

    Raises
    ------
    ProblemError
        For times that are not evenly spaced, a frequency that leaves all or nothing, and too short a record.
    """
    if not highest > 0.0:
        raise ProblemError(f"a frequency of {highest:g} Hz leaves nothing: it must be positive")
    told = "; ".join(dict.fromkeys(_Filter.of(each, highest).told for each in receivers.records))
    told += "; known pulses left out" if receivers.pulses else ""
    return replace(_changed(receivers, lambda each, at: _Filter.of(each, highest)(each), told), pulses=())


@dataclass(frozen=True)
class _Filter:
    """A low-pass filter of records: cut-off over the rate of samples, every which sample is kept, and from where on."""

    rate: float
    cut_off: float
    every: int
    ends: int
    times: Mask

    @classmethod
    def of(cls, records: Records, highest: float) -> Self:
        """Make the filter that these records allow. Raises ProblemError where there is none."""
        if records.time.ndim > 1:
            raise ProblemError("a filter needs times that all receivers share, and these records have their own")
        live = records.is_there.any(axis=1, keepdims=True)  # (R, 1, C)
        if (live & ~records.is_there).any():
            raise ProblemError("a filter needs records without gaps, and some channels have some: leave them out")
        if not is_even(records.time):
            raise ProblemError("a filter needs evenly spaced times, and these records have others")
        rate = 1.0 / float(np.diff(records.time).mean())
        every = math.floor(rate / (2.0 * BELOW_CUT * highest))
        if every < 2:
            most = rate / (4.0 * BELOW_CUT)
            raise ProblemError(
                f"{highest:g} Hz is too near to the samples' Nyquist frequency: legal are up to {most:.4g} Hz"
            )
        cut_off = rate / (2.0 * BELOW_CUT * every)
        ends = math.ceil(rate / cut_off)
        times = np.zeros(len(records.time), dtype=bool)
        times[ends : len(times) - ends : every] = True
        if times.sum() < LEAST_TIMES:
            raise ProblemError(
                f"below {highest:g} Hz, {times.sum()} times would be left of {len(times)}, less {ends} at either end: "
                f"{LEAST_TIMES} are needed, of a longer record"
            )
        if np.ndim(records.noise) == 3:
            raise ProblemError("a filter mixes samples: noise that is stated for each sample cannot be kept")
        return cls(rate, cut_off / rate, every, ends, times)

    @property
    def told(self) -> str:
        """What it does."""
        return (
            f"low-pass filter, cut-off {self.cut_off * self.rate:.4g} Hz, zero phase; every {self.every}. sample kept, "
            f"and none within {self.ends} of either end"
        )

    def __call__(self, records: Records) -> Records:
        """Filter records, with the noise that is left."""
        live = records.is_there.any(axis=1, keepdims=True)  # (R, 1, C)
        noise: Any = records.noise
        if not records.is_noise_stated:
            level = noise_of(Receivers(records=records)).level
            noise = 0.0 if math.isnan(level) else level * np.abs(records.gain)  # of the values as they are
        values = np.where(live, _filtered(np.nan_to_num(records.values), self.cut_off), np.nan)
        return replace(
            records,
            values=values[:, self.times],
            time=records.time[self.times],
            noise=noise * _left_of_noise(self.cut_off),
        )


def with_noise(receivers: Receivers) -> Receivers:
    """State the noise that the records themselves show, before the first arrival or outside the band of their waves.

    Parameters
    ----------
    receivers
        What was recorded; what it states of noise is ignored.

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
    for each in receivers.records:
        noise = noise_of(Receivers(records=replace(each, noise=0.0)))
        if math.isnan(noise.level):
            raise ProblemError(
                "the records show no noise, neither before the first arrival nor outside the band of their waves: "
                "record longer before the waves come, or state the noise"
            )
        found.append(replace(each, noise=noise.level * np.abs(each.gain)))  # of the values as they are
        words.append(f"noise of {noise.level:.4g} {each.kind.unit} estimated {noise.origin}")
    return _told(replace(receivers, records=tuple(found)), "; ".join(words))


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


def _within(values: Array, ends: tuple[float, float] | None) -> Mask:
    low, high = ends or (-math.inf, math.inf)
    return (values >= low) & (values <= high)


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
        raise ProblemError(f"{told}: no {found[0]} is left")
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


def _filtered(records: Array, cut_off: float) -> Array:
    """Records (..., T, 2) below a frequency, in units of the sampling rate."""
    from scipy.signal import butter, sosfiltfilt  # slow to import

    filtered: Array = sosfiltfilt(butter(ORDER, cut_off, output="sos", fs=1.0), records, axis=-2)
    return filtered


def _left_of_noise(cut_off: float) -> float:
    """The standard deviation that the filter leaves of white noise of standard deviation 1."""
    impulse = np.zeros((2 * math.ceil(50.0 / cut_off) + 1, 1))
    impulse[len(impulse) // 2] = 1.0
    return float(np.linalg.norm(_filtered(impulse, cut_off)))
