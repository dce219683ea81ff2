"""Channels whose records cannot be as they are: clipped, copied, reversed, of another size, drifting, or with a hum.

What is exact in the numbers is seen in a channel alone: samples that stop at a bound, a copy of another channel, an
oscillation of the mains from the first sample to the last. All else is seen beside what a plane through the records of
the nearest receivers has at its place. It is found where receivers are near to each other and around it; at the edge of
an array, or where waves are short, a fit's verdict tells it by the misfits (`channel_errors.py`).

Letters of shapes: R receivers, T times, C channels of a receiver, N neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from elastic_pinn.physics.data.channel_names import label_of
from elastic_pinn.physics.data.copied_channels import are_many, copies_of
from elastic_pinn.physics.data.noise import noise_of_records
from elastic_pinn.physics.data.records import Channel, Records
from elastic_pinn.physics.data.repeated_shots import repeated_channels
from elastic_pinn.physics.numbers import Array, is_even

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers

Mask = np.ndarray[Any, np.dtype[np.bool_]]

COPY = "a copy"
NOISELESS = "without noise of its own"
LEAST_FLAT = 3  # samples in a row at a bound
WHOLE = 0.01  # by which a multiple may be off a whole number
QUANTA = 6.0  # steps of a converter, by which a clipped record leaves its bound in two samples
STEEP = 0.2  # of the root mean square step of a record, likewise; one that settles, or turns, leaves it by less
NEIGHBOURS = 6
AROUND = 0.5  # of their mean distance: how far the centre of neighbours around a receiver may be from it
AGREE, AGREE_BESIDE = 0.9, 0.8  # correlation, and that of neighbours, of which a faulty channel is a part
SIMILAR, OTHER_SIZE, FAR_LARGER = 3.0, 30.0, 300.0  # times the size of neighbours
OFFSET = 0.2  # of the size of neighbours: a smaller drift is not told
MAINLY, MOSTLY = 0.5, 0.75  # of a square
UNUSUAL, LOCALLY = 6.0, 3.5  # times the usual drift of channels, and that of neighbours, of which it is a part
LEAST_TIMES = 24  # of a hum
OF_SIZE = 0.05  # of a channel's mean square: a smaller hum is not told
TINY = np.finfo(np.float64).tiny
MAINS = 50.0, 60.0  # Hz
PERIODS = 9.0  # of the mains at least in a record, three in each third
FILTER = "filter it (lowest_frequency), or leave it out"
NO_SHOT = "give the records of each shot, or leave one of the two out"
LEAVE_ONE = "leave one of the two out (drop_rows)"
ADD_NOISE = "add the noise that is stated, or state none where the records have none, or leave out the copies"
ONE_PHASE = 0.9  # length of the mean of phases as unit vectors: with less, they are not the same
STEADY = 0.3  # by which the oscillation of a third may differ from that of all
NAMED = 3  # of channels of one fault, one by one
MOST_CHANNELS, MOST_TIMES = 2000, 1000  # that are compared with neighbours, those of the first receivers


class FaultyChannel(NamedTuple):
    """A channel by its name in verdicts, as "3 y", the kind of its fault, what it is in particular, and what mends it.

    channel, kind and told make a sentence: "3 y is clipped: 12 samples stop at a bound, of up to 0.1 m/s".
    """

    channel: str
    kind: str
    told: str
    mend: str

    def __str__(self) -> str:
        return f"{self.channel} is {self.kind}{self.told}"


def faulty_channels(receivers: Receivers) -> list[FaultyChannel]:
    """Find the channels whose records cannot be as they are.

    Parameters
    ----------
    receivers
        What was recorded.

    Returns
    -------
    list of FaultyChannel
        Each channel once, by the first of its faults.
    """
    found = {
        each.channel: FaultyChannel(each.channel, COPY, f" of {each.other}, up to a factor", NO_SHOT)
        for each in repeated_channels(receivers)
        if each.has_noise
    }
    for first, records in zip(receivers.first_rows, receivers.records, strict=True):
        of, channels = label_of(records, receivers), list(records.channels())
        names = [f"{of}{first + each.row} {each.label}" for each in channels]
        for test in (_copies, _clipped, _hums, _beside_neighbours):
            for i, *fault in test(records, channels, names):
                found.setdefault(names[i], FaultyChannel(names[i], *fault))
    return list(found.values())


def sentences(faulty: Sequence[FaultyChannel]) -> list[str]:
    """Return a sentence on the channels of each kind of fault, with what mends it."""
    by_kind: dict[str, list[FaultyChannel]] = {}
    for each in faulty:
        by_kind.setdefault(each.kind, []).append(each)
    return [f"channel {first}{_so_are(others)}: {first.mend}" for first, *others in by_kind.values()]


def _so_are(others: Sequence[FaultyChannel]) -> str:
    if not others:
        return ""
    named, more = ", ".join(each.channel for each in others[:NAMED]), len(others) - NAMED
    return f" (and so {'is' if len(others) == 1 else 'are'} {named}{f' and {more} more' if more > 0 else ''})"


Found = Iterator[tuple[int, str, str, str]]


def _copies(records: Records, channels: list[Channel], names: list[str]) -> Found:
    """Channels with the samples of another one of the same place and direction, or of any where there is noise.

    Where many are the same as others elsewhere, as of a plane wave, the first of these stands for all: the noise that
    is stated was not added to them.
    """
    copies = copies_of(records, channels)
    for i in (i for i, each in copies.items() if each.is_here):
        yield i, COPY, f" of {names[copies[i].of]}, to the last sample", LEAVE_ONE
    elsewhere = {i: each.of for i, each in copies.items() if not each.is_here}
    if not elsewhere or noise_of_records(records).origin == "unknown":
        return
    if not are_many(copies, channels):
        for i, other in elsewhere.items():
            yield i, COPY, f" of {names[other]}, to the last sample", LEAVE_ONE
    elif records.is_noise_stated:
        i, other = next(iter(elsewhere.items()))
        many = f"{len(elsewhere)} of {len(channels)} channels are the same as others"
        yield i, NOISELESS, f", the same as {names[other]} to the last sample ({many})", ADD_NOISE


def _clipped(records: Records, channels: list[Channel], names: list[str]) -> Found:
    """Channels that stop at a bound."""
    for i, each in enumerate(channels):
        if count := clipped_samples(each.values):
            told = f", {count} samples stop at a bound of up to {np.abs(each.values).max():.3g} {records.kind.unit}"
            yield i, "clipped", told, "leave these samples out (NaN, or mute), or the channel, or record with less gain"


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


def _hums(records: Records, channels: list[Channel], names: list[str]) -> Found:
    """Channels with an oscillation of the mains, unless it is a wave of the same frequency across most of them."""
    for frequency in MAINS:
        humming = [
            i
            for i, each in enumerate(channels)
            if is_even(each.time, LEAST_TIMES) and steady_part(each.time, each.values, frequency) > OF_SIZE
        ]
        if len(humming) > MAINLY * len(channels) and _is_travelling([channels[i] for i in humming], frequency):
            continue
        for i in humming:
            told = f" at {frequency:g} Hz from the first sample to the last"
            yield i, "humming", told, f"unless the source has this frequency, {FILTER}"


def _is_travelling(channels: Sequence[Channel], frequency: float) -> bool:
    """Whether the phase of an oscillation is another in other channels, but for its sign: that of the mains is not."""
    phases = [np.angle((each.values * np.exp(-2j * np.pi * frequency * each.time)).sum()) for each in channels]
    return bool(abs(np.exp(2j * np.array(phases)).mean()) < ONE_PHASE)


def steady_part(time: Array, values: Array, frequency: float) -> float:
    """The part of the mean square of values (T,) that an oscillation of one size and phase from the first to the last
    sample has; 0 where it is not steady, or where times do not resolve it."""
    length = float(np.ptp(time))
    if length * frequency < PERIODS or 2.0 * frequency * length >= len(time) - 1:
        return 0.0
    wave = np.exp(-2j * np.pi * frequency * (time - time[0]))
    centred = values - values.mean()
    whole = 2.0 * (centred * wave).mean()
    thirds = [2.0 * ((part - part.mean()) * at).mean()
              for part, at in zip(np.array_split(values, 3), np.array_split(wave, 3), strict=True)]  # fmt: skip
    if max(abs(each - whole) for each in thirds) > STEADY * abs(whole):
        return 0.0
    return float(abs(whole) ** 2 / 2.0 / np.square(centred).mean())


def _beside_neighbours(records: Records, channels: list[Channel], names: list[str]) -> Found:
    """Channels that are reversed, of another size, or drift, beside those of the nearest receivers around."""
    if records.time.ndim > 1:
        return
    number = {(each.row, each.column): i for i, each in enumerate(channels) if len(each.values) == len(records.time)}
    for column in range(records.values.shape[2]):
        rows = [row for row in range(len(records.xy)) if (row, column) in number][:MOST_CHANNELS]
        alike = [row for row in rows if (records.parts[row, column] == records.parts[rows[0], column]).all()]
        if len(alike) > NEIGHBOURS:
            every = math.ceil(len(records.time) / MOST_TIMES)
            values = np.stack([channels[number[row, column]].values[::every] for row in alike])
            for k, kind, told, mend in beside_neighbours(records.xy[alike], values):
                yield number[alike[k], column], kind, told, mend


def beside_neighbours(xy: Array, values: Array) -> Found:
    """The same of one component at places (R, 2), of values (R, T)."""
    if len(xy) <= NEIGHBOURS or len(np.unique(xy, axis=0)) < len(xy):
        return
    beside = _Beside.of(xy, values)
    is_odd = beside.is_of_another_size
    if is_odd.any():
        for k in np.flatnonzero(is_odd):
            told = f", {beside.times[k]:.2g} times as large as its neighbours"
            yield int(k), "of another size", told, "give it the gain that it recorded with"
        left = np.flatnonzero(~is_odd)  # of which the neighbours were compared with those
        for i, kind, told, mend in beside_neighbours(xy[left], values[left]):
            yield int(left[i]), kind, told, mend
        return
    for k in np.flatnonzero(beside.is_reversed):
        yield int(k), "reversed", ", beside its neighbours", "give it a gain of -1"
    drifts, is_drifting = beside.drifts, beside.is_drifting
    for k in np.flatnonzero(is_drifting & ~beside.is_reversed):
        is_offset = drifts[k, 0] ** 2 > MAINLY * np.square(drifts[k]).sum()
        yield int(k), f"with {'an offset' if is_offset else 'a drift'}", ", which its neighbours lack", FILTER


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
    def is_reversed(self) -> Mask:
        """Which are the opposite of what is expected, where neighbours are as expected, (R,)."""
        alike, misfits, times = self._alike, self._misfits, self.times
        is_opposite = (alike < -AGREE) & (times < SIMILAR) & (times > 1.0 / SIMILAR)
        is_sure = np.median(alike[self.nearest], axis=1) > AGREE_BESIDE
        is_largest = misfits > misfits[self.nearest].max(1)
        return np.asarray(is_opposite & is_sure & is_largest & self.is_around)

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
