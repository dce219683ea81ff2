"""Records as figures show them: at times that all channels share, with the title of each.

Letters: R receivers, T times, C channels of a receiver, L of the receivers.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from elastic_pinn.physics.data import Receivers, Records
from elastic_pinn.run.synthetic import as_recorded
from elastic_pinn.workbench.figures.sources import Predict

Array = np.ndarray


def on_common_times(records: Records) -> Records:
    """Return records corrected by gain and delay, at common times: interpolated linearly where they have none.

    What was not recorded is NaN.
    """
    if records.time.ndim == 1 and not np.any(records.delay):
        return replace(records, values=records.corrected, noise=_noise(records), gain=1.0)
    channels = list(records.channels())
    first, last = min(each.time[0] for each in channels), max(each.time[-1] for each in channels)
    time = np.linspace(first, last, max(len(each.time) for each in channels))
    step, values = time[1] - time[0], np.full((len(records.xy), len(time), records.values.shape[2]), np.nan)
    for each in channels:
        found = np.interp(time, each.time, each.values, left=np.nan, right=np.nan)
        away = np.abs(each.time[np.searchsorted(each.time, time).clip(max=len(each.time) - 1)] - time)
        before = np.abs(each.time[(np.searchsorted(each.time, time) - 1).clip(min=0)] - time)
        values[each.row, :, each.column] = np.where(np.minimum(away, before) <= step, found, np.nan)
    return replace(records, values=values, time=time, noise=_noise(records), gain=1.0, delay=0.0)


def _noise(records: Records) -> Array | float:
    """One level for each channel, (R, C); 0 where none is stated."""
    return by_channel(records, records.noises) if records.is_noise_stated else 0.0


def by_channel(records: Records, values: Array) -> Array:
    """The mean over a channel's samples, (R, T, C) -> (R, C); NaN of a dead one."""
    there = records.is_there
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(there, values, 0.0).sum(axis=1) / there.sum(axis=1))


def shown(receivers: Receivers, number: int = 0) -> Records:
    """Return one of several records, at common times.

    Raises ValueError for a number that is not there.
    """
    if not 0 <= number < len(receivers.records):
        told = ", ".join(f"{i}: {each.told}" for i, each in enumerate(receivers.records))
        raise ValueError(f"records = {number}: legal are {told}")
    return on_common_times(receivers.records[number])


def titles(records: Records) -> list[str]:
    """Return what each channel of a receiver is, for a figure, (C,): the symbol of a component, or a direction."""
    kind = records.kind
    symbols = dict(zip(kind.components, kind.symbols, strict=True))
    return [symbols.get(label, f"{kind.name.replace('_', ' ')} along {label}") for label in records.labels]


def predicted(predict: Predict, records: Records, rows: Array, times: Array) -> Array:
    """Return what the channels of some receivers, (L,), would record at times (T,), s: (L, T, C), SI."""
    x, y = records.xy[rows].T[:, :, None]  # each (L, 1)
    return np.asarray(np.einsum("ltk,lck->ltc", predict(x, y, times, records.quantity), records.parts[rows]))


def missed(predict: Predict, records: Records) -> Records:
    """Return the records less what is predicted, each sample at its own instant, corrected by gain and delay."""
    values = np.full_like(records.values, np.nan)
    values[records.is_there] = records.corrected[records.is_there] - as_recorded(predict, records)
    return replace(records, values=values, noise=_noise(records), gain=1.0)


def largest(values: Array) -> float:
    """Return the largest value of what there is; 1 if there is none other than 0."""
    return float(np.nanmax(np.abs(values))) or 1.0
