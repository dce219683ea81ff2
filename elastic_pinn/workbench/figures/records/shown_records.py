"""Records as figures show them: at times that all channels share, with the title of each.

Letters: R receivers, T times, C channels of a receiver.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import Receivers, Records, noise_of, noises_of
from elastic_pinn.physics.data.channel_names import own_name, shown_name
from elastic_pinn.run.synthetic import as_recorded
from elastic_pinn.workbench.figures.drawn_from import FigureError, Predict

Array = np.ndarray
FEW = 12  # receivers, that are labelled one by one
LONG = 0.9  # of the usual duration of a channel


def on_common_times(records: Records) -> Records:
    """Return records corrected by gain and delay, at common times: interpolated linearly where they have none.

    What was not recorded is NaN.
    """
    time, values = at_common_times(records, records.corrected)
    noise = by_channel(records, records.noises) if records.is_noise_stated else 0.0  # (R, C)
    return replace(records, values=values, time=time, noise=noise, gain=1.0, delay=0.0)


def while_all_ran(records: Records) -> Records:
    """As `on_common_times`, at those times only at which each clock ran, for spectra: a clock that began later than
    another makes no gap, while a channel that ran much shorter than most has one.

    Raises ValueError where there is no such time.
    """
    shown, live = on_common_times(records), records.is_there.any(axis=1)  # (R, C)
    instants = records.instants.transpose(0, 2, 1)[live]  # (K, T), NaN at the end of shorter ones
    first, last = np.nanmin(instants, axis=1), np.nanmax(instants, axis=1)  # (K,)
    ran = last - first >= LONG * np.median(last - first)
    kept = (shown.time >= first[ran].max()) & (shown.time <= last[ran].min())
    if not kept.any():
        raise FigureError("a spectrum needs times at which all channels recorded, and these share none")
    return replace(shown, values=shown.values[:, kept], time=shown.time[kept])


def have_common_times(records: Records) -> bool:
    """Whether all channels recorded by one clock, and none is late."""
    return records.time.ndim == 1 and not np.any(records.delay)


def own_times(records: Records) -> Array:
    """Return the times that all channels have in common, (T,), or those of each, (R, T, C), NaN where one has none."""
    return records.time if have_common_times(records) else records.instants


def at_common_times(records: Records, values: Array) -> tuple[Array, Array]:
    """Return common times, (T,), and there values that belong to the instants of records, (R, T, C), NaN in gaps.

    Where times are not common, values are interpolated linearly, which makes noise smaller.
    """
    if have_common_times(records):
        return records.time, values
    instants, there = records.instants, records.is_there
    time = np.linspace(instants[there].min(), instants[there].max(), int(there.sum(axis=1).max()))
    step, found = time[1] - time[0], np.full((len(values), len(time), values.shape[2]), np.nan)
    for row, column in np.argwhere(there.any(axis=1)):
        kept = there[row, :, column]
        own = instants[row, kept, column]
        after = np.searchsorted(own, time)
        nearest = [np.abs(own[each.clip(0, len(own) - 1)] - time) for each in (after - 1, after)]
        between = np.interp(time, own, values[row, kept, column], left=np.nan, right=np.nan)
        found[row, :, column] = np.where(np.minimum(*nearest) <= step, between, np.nan)
    return time, found


def by_channel(records: Records, values: Array) -> Array:
    """The mean over a channel's samples, (R, T, C) -> (R, C); NaN of a dead one."""
    there = records.is_there
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(there, values, 0.0).sum(axis=1) / there.sum(axis=1))


def noise_by_channel(receivers: Receivers, number: int) -> Array:
    """Return the standard deviation of each channel of one of the records, (R, C), NaN where nobody knows the noise."""
    if np.isnan(noise_of(receivers).level):
        return np.full_like(receivers.records[number].values[:, 0], np.nan)
    return by_channel(receivers.records[number], noises_of(receivers)[number])


def chosen(receivers: Receivers, number: int = 0, shot: str | int = "") -> Records:
    """Return one of several records, or of those of a shot.

    Raises ValueError for a number that is not there, and for a shot that there is none of.
    """
    receivers = receivers if shot == "" else receivers.of_shot(str(shot))
    if not 0 <= number < len(receivers.records):
        told = ", ".join(f"{i}: {each.told}" for i, each in enumerate(receivers.records))
        raise ValueError(f"records = {number}: legal are {told}")
    return receivers.records[number]


def of_several(receivers: Receivers, number: int, shot: str | int = "") -> str:
    """Return what a title begins with: which of several records is drawn."""
    return f"{chosen(receivers, number, shot).told}\n" if len(receivers.records) > 1 else ""


def row_labels(receivers: Receivers, number: int, column: int | None = None) -> list[str]:
    """Return what a figure calls each receiver of one of the records, or its channel in a column, as "2 (laser 3)";
    none where they are many, or where nothing names them."""
    own, first = receivers.records[number], receivers.first_rows[number]
    if own.names is None or len(own.xy) > FEW:
        return []
    return [shown_name(f"{first + row}{own_name(own, row, column)}") for row in range(len(own.xy))]


def noise_alone(problem: Problem) -> str:
    """Return what the title of residuals beside the noise ends with where `PlusMinus` of sources is stated, which the
    verdict counts beside the noise; "" where it is not."""
    is_stated = any(source.plus_minus for source in problem.sources)
    return "\nbeside the noise alone: the verdict counts what is stated of sources, too" if is_stated else ""


def titles(records: Records) -> list[str]:
    """Return what each channel of a receiver is, for a figure, (C,): the symbol of a component, or a direction."""
    kind = records.kind
    symbols = dict(zip(kind.components, kind.symbols, strict=True))
    return [symbols.get(label, f"{kind.name.replace('_', ' ')} along {label}") for label in records.labels]


def predicted(predict: Predict, records: Records, times: Array) -> Array:
    """Return what the channels of receivers would record at times (T,), s: (R, T, C), SI."""
    x, y = records.xy.T[:, :, None]  # each (R, 1)
    return np.asarray(np.einsum("rtk,rck->rtc", predict(x, y, times, records.quantity), records.parts))


def missed(predict: Predict, records: Records) -> Array:
    """Return the records less what is predicted, each sample at its own instant, (R, T, C), NaN in gaps."""
    off = np.full_like(records.values, np.nan)
    off[records.is_there] = records.corrected[records.is_there] - as_recorded(predict, records)
    return off


def strongest_receiver(receivers: Receivers) -> int:
    """Return the row of the receiver with the strongest signal, of the first quantity."""
    return int(np.nansum(np.square(receivers.records[0].corrected), axis=(1, 2)).argmax())


def largest(values: Array) -> float:
    """Return the largest value of what there is; 1 if there is none other than 0."""
    return float(np.nanmax(np.abs(values))) or 1.0
