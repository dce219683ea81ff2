"""Channels that have the very samples of another shot, or of other records: one recording that was read as two.

Each shot has noise of its own. Where records of two shots differ by far less, one is a copy, be it scaled, reversed,
offset, rounded or cut; counted twice, it would make ± the square root of two too small. Computed records without noise
may agree, as those of two sources that mirror each other.

Letters of shapes: N channels, T times, D numbers of a sketch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from elastic_pinn.physics.data.channel_names import label_of, own_name
from elastic_pinn.physics.data.noise import noise_of_records
from elastic_pinn.physics.data.places import at_one_place
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.numbers import Array

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers

LEAST_VALUES = 8  # different ones: fewer may agree by chance
OF_NOISE = 0.02  # of its noise, by which a copy may be off, as by rounding; independent noise differs by 1.4 times it
ROUNDED, SAME, ROUNDING = 1e-3, 1e-6, 1e-12  # of its size: where noise is large, where it is not known, and where tiny
SKETCH = 6  # numbers that stand for a record where others like it are looked for
STRETCH = 4.0  # by which the distance of two sketches may exceed that of their records
DIGITS = 3  # of a time step, to which instants are the same


class RepeatedChannel(NamedTuple):
    """A channel with the samples of one of earlier records, both by their names in verdicts.

    records, other_records: the numbers of the `Records` that they are of. is_at_its_place: whether both recorded one
    quantity at one place along one direction. has_noise: "stated", "seen" in the records, or "". among: how many
    channels the smaller of both records has.
    """

    channel: str
    records: int
    other: str
    other_records: int
    is_at_its_place: bool
    has_noise: str
    among: int


class _Record(NamedTuple):
    """A channel: its records' number, its samples (T,) less their mean at times (T,), how far a copy may be off, and
    place and direction."""

    name: str
    number: int
    shot: str
    quantity: str
    time: Array
    values: Array
    tolerance: float
    where: bytes
    has_noise: str

    def may_be_of(self, other: _Record) -> bool:
        """Whether another record may be the same recording: of another shot, or of further records of its quantity."""
        return other.number != self.number and (other.shot != self.shot or other.quantity == self.quantity)

    def is_copy_of(self, other: _Record) -> bool:
        """Whether it has the samples of another one, times a factor and but for an offset, at the instants of both."""
        one, its = self.values, other.values
        if len(one) != len(its):
            step = float(np.diff(self.time).mean())
            at, its_at = ((each.time / step).round(DIGITS) for each in (self, other))
            _, rows, its_rows = np.intersect1d(at, its_at, return_indices=True)
            one, its = one[rows], its[its_rows]
            if len(np.unique(one)) < LEAST_VALUES:
                return False
            one, its = one - one.mean(), its - its.mean()
        square = float(its @ its)
        off = one - (float(one @ its) / square if square else 0.0) * its
        return bool(np.linalg.norm(off) <= self.tolerance * np.linalg.norm(one))


def require_unlike_shots(receivers: Receivers) -> None:
    """Raise ProblemError where a recording is certain to be that of two shots, or of one shot twice.

    Where noise is stated, a single channel is enough. Where it is not, computed records may agree in some, or in all
    elsewhere: only records of which all channels are those of others at the same places are refused.
    """
    for pair in dict.fromkeys((each.other_records, each.records) for each in receivers.repeated):
        of_pair = [each for each in receivers.repeated if (each.other_records, each.records) == pair]
        in_place, least = [each for each in of_pair if each.is_at_its_place], of_pair[0].among
        sure = [each for each in of_pair if each.has_noise == "stated"]
        sure = sure or (in_place if len(in_place) >= least else [])
        if sure:
            one, other = (receivers.records[number] for number in pair)
            which = f"the shots {one.shot!r} and {other.shot!r}"
            which = which if one.shot != other.shot else f"two records of {one.quantity} in one shot"
            raise ProblemError(
                f"{which} have the same samples in {len(sure)} of {least} channels, as {sure[0].other} and "
                f"{sure[0].channel}, up to a factor and an offset: one recording counts once; give the file (or the "
                "samples) of each shot, or leave one of them out"
            )


def repeated_channels(receivers: Receivers) -> list[RepeatedChannel]:
    """Find the channels that have the samples of one of earlier records, of another shot or of the same quantity.

    Parameters
    ----------
    receivers
        What was recorded.

    Returns
    -------
    list of RepeatedChannel
        None of a single `Records`, and none for channels that are dead, or have but a few values.
    """
    return list(_repeated(_records_of(receivers))) if len(receivers.records) > 1 else []


def _records_of(receivers: Receivers) -> list[_Record]:
    """All channels but those that have too few values to be told apart."""
    places = receivers.places
    common = places[at_one_place(places)] + 0.0  # -0 is 0
    found: list[_Record] = []
    for number, (first, records) in enumerate(zip(receivers.first_rows, receivers.records, strict=True)):
        of, noise = label_of(records, receivers), noise_of_records(records)
        has_noise = {"stated": "stated", "unknown": ""}.get(noise.origin, "seen")
        for each in records.channels():
            if len(np.unique(each.values)) < LEAST_VALUES:
                continue
            values = each.values - each.values.mean()
            size = float(np.sqrt(np.square(values).mean()))
            tolerance = float(np.clip(OF_NOISE * noise.level / size, ROUNDING, ROUNDED)) if has_noise else SAME
            where = common[first + each.row].tobytes() + (records.parts[each.row, each.column] + 0.0).tobytes()
            name = f"{of}{first + each.row} {each.label}{own_name(records, each.row, each.column)}"
            kept = _Record(name, number, records.shot, records.quantity, each.time, values, tolerance, where, has_noise)
            found.append(kept)
    return found


def _repeated(records: Sequence[_Record]) -> Iterator[RepeatedChannel]:
    """Each record that is a copy of an earlier one, at its place if there is one, else of the most alike."""
    nearest, counts = _most_alike(records), Counter(each.number for each in records)
    at_place: dict[tuple[str, bytes], list[_Record]] = {}
    for i, each in enumerate(records):
        same = at_place.setdefault((each.quantity, each.where), [])
        here = [other for other in same if each.may_be_of(other)]
        same.append(each)
        others = [other for other in here if len(other.values) != len(each.values) or i in nearest]
        others += [records[nearest[i]]] if i in nearest else []
        if other := next((other for other in others if each.is_copy_of(other)), None):
            is_here = (other.quantity, other.where) == (each.quantity, each.where)
            among = min(counts[each.number], counts[other.number])
            yield RepeatedChannel(each.name, each.number, other.name, other.number, is_here, each.has_noise, among)


def _most_alike(records: Sequence[_Record]) -> dict[int, int]:
    """The number of the earlier record of as many samples that is most alike, of each that may be a copy of one.

    Records of one length are compared by their products with a few random vectors, which hardly differ where they do
    not, and in both polarities.
    """
    from scipy.spatial import cKDTree  # slow to import

    found: dict[int, int] = {}
    for length in {len(each.values) for each in records}:
        rows = [i for i, each in enumerate(records) if len(each.values) == length]
        numbers = np.array([records[i].number for i in rows])
        vectors = np.random.default_rng(0).standard_normal((SKETCH, length)) / np.sqrt(SKETCH)
        sketches = np.stack([vectors @ (records[i].values / np.linalg.norm(records[i].values)) for i in rows])  # (N, D)
        for number in dict.fromkeys(numbers):
            own = np.flatnonzero(numbers == number)
            earlier = [k for k in range(own[0]) if records[rows[own[0]]].may_be_of(records[rows[k]])]
            if not len(earlier):
                continue
            tree = cKDTree(np.concatenate([sketches[earlier], -sketches[earlier]]))
            distance, at = tree.query(sketches[own])
            for k, far, other in zip(own, distance, at, strict=True):
                if far <= STRETCH * records[rows[k]].tolerance:
                    found[rows[k]] = rows[earlier[other % len(earlier)]]
    return found
