"""Channels beside those of the nearest receivers: which are reversed, of another size, or drift.

Each is compared with what a plane through the records of the nearest receivers has at its place. That is possible where
receivers are near to each other, for the waves, and around it.

Letters of shapes: R receivers, T times, N neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from elastic_pinn.physics.data.records import Channel, Records
from elastic_pinn.physics.numbers import Array

NEIGHBOURS = 6
AROUND = 0.5  # of their mean distance: how far the centre of neighbours around a receiver may be from it
AGREE, AGREE_BESIDE = 0.9, 0.8  # correlation, and that of neighbours, of which a faulty channel is a part
SIMILAR, OTHER_SIZE, FAR_LARGER = 3.0, 30.0, 300.0  # times the size of neighbours
OFFSET = 0.2  # of the size of neighbours: a smaller drift is not told
MAINLY, MOSTLY = 0.5, 0.75  # of a square
UNUSUAL, LOCALLY = 6.0, 3.5  # times the usual drift of channels, and that of neighbours, of which it is a part
TINY = np.finfo(np.float64).tiny
MOST_CHANNELS, MOST_TIMES = 2000, 1000  # that are compared with neighbours, those of the first receivers
FILTER = "filter it (lowest_frequency), or leave it out"
SUBTRACT = f"subtract its mean before the waves (baseline), {FILTER}"
TOO_FEW = f"fewer than {NEIGHBOURS + 1} receivers record along one direction, each at a place of its own"
OWN_TIMES = "each receiver has times of its own"
AT_EDGE = "receivers are at the edge or have gaps"
TOO_SHORT = "waves are too short for the distance of receivers, or too unlike at them"
Mask = np.ndarray[Any, np.dtype[np.bool_]]
Found = Iterator[tuple[int, str, str, str]]
"""The number of a channel, the kind of its fault, what it is in particular, and what mends it."""


class Group(NamedTuple):
    """Channels along one direction that can be compared: their numbers (R,), places (R, 2) and values (R, T)."""

    numbers: list[int]
    xy: Array
    values: Array


def in_groups(records: Records, channels: Sequence[Channel]) -> Iterator[Group]:
    """Yield the channels of records that have neighbours along the same direction, at the same times."""
    if records.time.ndim > 1:
        return
    number = {(each.row, each.column): i for i, each in enumerate(channels) if len(each.values) == len(records.time)}
    for column in range(records.values.shape[2]):
        rows = [row for row in range(len(records.xy)) if (row, column) in number][:MOST_CHANNELS]
        alike = [row for row in rows if (records.parts[row, column] == records.parts[rows[0], column]).all()]
        if len(alike) > NEIGHBOURS and len(np.unique(records.xy[alike], axis=0)) == len(alike):
            every = math.ceil(len(records.time) / MOST_TIMES)
            numbers = [number[row, column] for row in alike]
            yield Group(numbers, records.xy[alike], np.stack([channels[i].values[::every] for i in numbers]))


def compared(records: Records, channels: Sequence[Channel]) -> tuple[int, str]:
    """Return how many channels are as much like those around them as it takes to see a fault beside these, and why the
    others are not; empty where all are."""
    groups = [_Beside.of(group.xy, group.values) for group in in_groups(records, channels)]
    count = sum(int((beside.is_around & beside.is_sure).sum()) for beside in groups)
    around = sum(int(beside.is_around.sum()) for beside in groups)
    if count == len(channels):
        return count, ""
    if not groups:
        return 0, OWN_TIMES if records.time.ndim > 1 else TOO_FEW
    whys = [TOO_SHORT] * (count < around) + [AT_EDGE] * (around < len(channels))
    return count, ", or ".join(whys)


def odd_ones(xy: Array, values: Array) -> Found:
    """Yield the faults of channels of one group, at places (R, 2), of values (R, T)."""
    if len(xy) <= NEIGHBOURS:
        return
    beside = _Beside.of(xy, values)
    is_odd = beside.is_of_another_size
    if is_odd.any():
        for k in np.flatnonzero(is_odd):
            told = f", {beside.times[k]:.2g} times as large as its neighbours"
            yield int(k), "of another size", told, "give it the gain that it recorded with (channel_gains)"
        left = np.flatnonzero(~is_odd)  # of which the neighbours were compared with those
        for i, kind, told, mend in odd_ones(xy[left], values[left]):
            yield int(left[i]), kind, told, mend
        return
    for k in np.flatnonzero(beside.is_reversed):
        yield int(k), "reversed", ", beside its neighbours", "give it a gain of -1 (channel_gains)"
    drifts, is_drifting = beside.drifts, beside.is_drifting
    for k in np.flatnonzero(is_drifting & ~beside.is_reversed):
        is_offset = drifts[k, 0] ** 2 > MAINLY * np.square(drifts[k]).sum()
        kind, mend = ("with an offset", SUBTRACT) if is_offset else ("with a drift", FILTER)
        yield int(k), kind, ", which its neighbours lack", mend


class _Beside(NamedTuple):
    """Values (R, T) beside those that are expected by the nearest ones (R, N), and whether these are around, (R,)."""

    values: Array
    expected: Array
    nearest: np.ndarray[Any, np.dtype[np.intp]]
    is_around: Mask

    @classmethod
    def of(cls, xy: Array, values: Array) -> Self:
        """Expect at each place what a plane through the values of the nearest ones has there."""
        from scipy.spatial import cKDTree  # slow to import

        distance, nearest = (each[:, 1:] for each in cKDTree(xy).query(xy, k=NEIGHBOURS + 1))
        away = (xy[nearest] - xy[:, None]) / distance.mean(1)[:, None, None]  # (R, N, 2)
        planes = np.concatenate([np.ones_like(away[..., :1]), away], axis=2)  # (R, N, 3)
        weights = np.linalg.pinv(planes, rcond=1e-3)[:, 0]  # of the value at the place itself, (R, N)
        expected = np.einsum("rn,rnt->rt", weights, values[nearest])
        return cls(values, expected, nearest, np.linalg.norm(away.mean(1), axis=1) < AROUND)

    @property
    def times(self) -> Array:
        """How large each is beside the median of its neighbours, (R,)."""
        return np.linalg.norm(self.values, axis=1) / self._around.clip(min=TINY)

    @property
    def _around(self) -> Array:
        """The median size of neighbours, (R,)."""
        return np.asarray(np.median(np.linalg.norm(self.values, axis=1)[self.nearest], axis=1))

    @property
    def _alike(self) -> Array:
        """The correlation with what is expected, (R,)."""
        sizes = np.linalg.norm(self.values, axis=1) * np.linalg.norm(self.expected, axis=1)
        return np.asarray((self.values * self.expected).sum(1) / sizes.clip(min=TINY))

    @property
    def _misfits(self) -> Array:
        """The squared difference from what is expected, (R,)."""
        return np.asarray(np.square(self.values - self.expected).sum(1))

    @property
    def is_of_another_size(self) -> Mask:
        """Which have the same shape in another size, or a size that hardly differs so much, (R,)."""
        times = self.times
        is_other = (self._alike > AGREE) & ((times > OTHER_SIZE) | (times < 1.0 / OTHER_SIZE))
        usual = np.median(np.linalg.norm(self.values, axis=1))
        return np.asarray(is_other | ((times > FAR_LARGER) & (self._around > usual / OTHER_SIZE)))

    @property
    def is_sure(self) -> Mask:
        """Which have neighbours that are as expected, (R,)."""
        return np.asarray(np.median(self._alike[self.nearest], axis=1) > AGREE_BESIDE)

    @property
    def is_reversed(self) -> Mask:
        """Which are the opposite of what is expected, where neighbours are as expected, (R,)."""
        alike, misfits, times = self._alike, self._misfits, self.times
        is_opposite = (alike < -AGREE) & (times < SIMILAR) & (times > 1.0 / SIMILAR)
        is_largest = misfits > misfits[self.nearest].max(1)
        return np.asarray(is_opposite & self.is_sure & is_largest & self.is_around)

    @property
    def drifts(self) -> Array:
        """The part of the difference from what is expected that is a parabola of time, (R, 3)."""
        time = np.linspace(-1.0, 1.0, self.values.shape[1])
        parabola = np.linalg.qr(np.vander(time, 3, increasing=True))[0]  # (T, 3)
        return np.asarray((self.values - self.expected) @ parabola)

    @property
    def is_drifting(self) -> Mask:
        """Which drift far more than the others, and by more than they differ otherwise, (R,)."""
        drift = np.linalg.norm(self.drifts, axis=1)
        usual = np.maximum(UNUSUAL * np.median(drift), LOCALLY * drift[self.nearest].max(1))
        is_most = np.square(drift) > MOSTLY * self._misfits
        is_large = (drift > usual) & (drift > OFFSET * self._around)
        return np.asarray(is_large & is_most & self.is_around)
