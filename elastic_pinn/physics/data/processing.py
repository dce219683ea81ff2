"""What is done to recordings before they are used: receivers left out, windows cut, waves filtered, the noise stated.

Each function returns new receivers, with a line about it in their provenance; a truth is processed alike. What is muted
is left out: zeros in its place would be taken for a solid at rest.

Letters of shapes: R receivers, T times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elastic_pinn.physics.data.noise import noise_of
from elastic_pinn.physics.data.receivers import Receivers
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.numbers import Array

__all__ = ["cut", "leave_out", "low_pass", "with_noise"]

ORDER = 2  # of the Butterworth filter, which runs forwards and backwards
BELOW_CUT = 0.83  # the Nyquist frequency over the cut-off, at which what folds back makes filtered noise white again
LEAST_TIMES = 8  # that a filtered record has
EVEN = 1e-3  # of the mean time step: how far any may be off, for a filter


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
    wrong = [row for row in rows if not 0 <= row < len(receivers.xy)]
    if wrong:
        raise ProblemError(f"row {wrong[0]} is no receiver: legal are 0 to {len(receivers.xy) - 1}")
    keep = np.ones(len(receivers.xy), dtype=bool)
    keep[list(rows)] = False
    return _kept(receivers, keep, np.ones(len(receivers.time), dtype=bool), f"left out receivers {sorted(set(rows))}")


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
    axes = {"x": (x, receivers.xy[:, 0]), "y": (y, receivers.xy[:, 1]), "time": (time, receivers.time)}
    within = {name: _within(values, ends) for name, (ends, values) in axes.items()}
    ends = ", ".join(f"{name} {ends[0]:g} to {ends[1]:g}" for name, (ends, _) in axes.items() if ends)
    return _kept(receivers, within["x"] & within["y"], within["time"], f"cut to {ends}")


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
    steps = np.diff(receivers.time)
    if len(steps) < 2 or np.ptp(steps) > EVEN * steps.mean():
        raise ProblemError("a filter needs evenly spaced times, and these records have others")
    rate = 1.0 / float(steps.mean())
    if not highest > 0.0:
        raise ProblemError(f"a frequency of {highest:g} Hz leaves nothing: it must be positive")
    every = math.floor(rate / (2.0 * BELOW_CUT * highest))
    if every < 2:
        most = rate / (4.0 * BELOW_CUT)
        raise ProblemError(
            f"{highest:g} Hz is too near to the samples' Nyquist frequency: legal are up to {most:.4g} Hz"
        )
    cut_off = rate / (2.0 * BELOW_CUT * every)
    ends = math.ceil(rate / cut_off)
    times = np.zeros(len(receivers.time), dtype=bool)
    times[ends : len(times) - ends : every] = True
    if times.sum() < LEAST_TIMES:
        raise ProblemError(
            f"below {highest:g} Hz, {times.sum()} times would be left of {len(times)}, less {ends} at either end: "
            f"{LEAST_TIMES} are needed, of a longer record"
        )
    noise = noise_of(receivers)
    told = (
        f"low-pass filter, cut-off {cut_off:.4g} Hz, zero phase; every {every}. sample kept, and none within {ends} of "
        "either end" + ("; known pulses left out" if receivers.pulses else "")
    )
    fields: dict[str, Any] = {receivers.quantity.name: _filtered(receivers.recorded, cut_off / rate)}
    if receivers.truth:
        true: dict[str, Any] = {receivers.quantity.name: _filtered(receivers.truth.recorded, cut_off / rate)}
        fields["truth"] = replace(receivers.truth, **true)
    level = 0.0 if math.isnan(noise.level) else noise.level * _left_of_noise(cut_off / rate)
    filtered = replace(receivers, **fields, noise=level, pulses=())
    return _kept(filtered, np.ones(len(receivers.xy), dtype=bool), times, told)


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
    noise = noise_of(replace(receivers, noise=0.0))
    if math.isnan(noise.level):
        raise ProblemError(
            "the records show no noise, neither before the first arrival nor outside the band of their waves: record "
            "longer before the waves come, or state the noise"
        )
    told = f"noise of {noise.level:.4g} {receivers.quantity.unit} estimated {noise.origin}"
    return _told(replace(receivers, noise=noise.level), told)


def _within(values: Array, ends: tuple[float, float] | None) -> np.ndarray[Any, np.dtype[np.bool_]]:
    low, high = ends or (-math.inf, math.inf)
    return (values >= low) & (values <= high)


def _kept(
    receivers: Receivers,
    rows: np.ndarray[Any, np.dtype[np.bool_]],
    times: np.ndarray[Any, np.dtype[np.bool_]],
    told: str,
) -> Receivers:
    """Receivers with some rows (R,) and times (T,)."""
    if not (rows.any() and times.any()):
        raise ProblemError(f"{told}: no {'time' if rows.any() else 'receiver'} is left")
    name = receivers.quantity.name
    fields: dict[str, Any] = {name: receivers.recorded[rows][:, times]}
    if receivers.truth:
        true: dict[str, Any] = {name: receivers.truth.recorded[rows][:, times]}
        fields["truth"] = replace(receivers.truth, **true)
    return _told(replace(receivers, xy=receivers.xy[rows], time=receivers.time[times], **fields), told)


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
