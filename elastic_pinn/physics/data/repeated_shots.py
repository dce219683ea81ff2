"""Channels that have the very samples of another shot: one recording that was read as two.

Each shot has noise of its own. Where records of two shots differ by far less, one is a copy, be it scaled, reversed,
rounded or cut; counted twice, it would make ± the square root of two too small. Computed records without noise may
agree, as those of two sources that mirror each other.

Letters of shapes: N channels, T times, D numbers of a sketch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from elastic_pinn.physics.data.channel_names import label_of
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
    """A channel of a shot with the samples of one of an earlier shot, both by their names in verdicts.

    is_at_its_place: whether both recorded one quantity at one place along one direction. has_noise: "stated", "seen"
    in the records, or "".
    """

    channel: str
    shot: str
    other: str
    other_shot: str
    is_at_its_place: bool
    has_noise: str


class _Record(NamedTuple):
    """A channel: its samples (T,) at times (T,), how far a copy may be off, what it recorded where, and its noise."""

    name: str
    shot: str
    time: Array
    values: Array
    tolerance: float
    where: tuple[str, bytes]
    has_noise: str

    def is_copy_of(self, other: _Record) -> bool:
        """Whether it has the samples of another one times any number, or those of the instants that both have."""
        one, its = self.values, other.values
        if len(one) != len(its):
            step = float(np.diff(self.time).mean())
            at, its_at = ((each.time / step).round(DIGITS) for each in (self, other))
            _, rows, its_rows = np.intersect1d(at, its_at, return_indices=True)
            one, its = one[rows], its[its_rows]
            if len(np.unique(one)) < LEAST_VALUES:
                return False
        square = float(its @ its)
        off = one - (float(one @ its) / square if square else 0.0) * its
        return bool(np.linalg.norm(off) <= self.tolerance * np.linalg.norm(one))


def require_unlike_shots(receivers: Receivers) -> None:
    """Raise ProblemError where a recording is certain to be that of two shots.

    Where noise is stated, a single channel is enough. Where it is not, computed records may agree in some, or in all
    elsewhere: only a shot of which all channels are those of another one at the same places is refused.
    """
    if len(receivers.shots) < 2:
        return
    records = [each for shot in _by_shot(receivers) for each in shot]
    found = list(_repeated(records))
    counts = Counter(each.shot for each in records)
    pairs = dict.fromkeys((each.other_shot, each.shot) for each in found)
    for pair in pairs:
        of_pair = [each for each in found if (each.other_shot, each.shot) == pair]
        sure = [each for each in of_pair if each.has_noise == "stated"]
        in_place = [each for each in of_pair if each.is_at_its_place]
        least = min(counts[shot] for shot in pair)
        sure = sure or (in_place if len(in_place) >= least else [])
        if sure:
            first = sure[0]
            raise ProblemError(
                f"the shots {pair[0]!r} and {pair[1]!r} have the same samples in {len(sure)} of {least} channels, as "
                f"{first.other} and {first.channel}, up to a factor: one recording counts once; give the file (or the "
                "samples) of each shot, or leave one of them out"
            )


def repeated_channels(receivers: Receivers) -> list[RepeatedChannel]:
    """Find the channels that have the samples of one of an earlier shot.

    Parameters
    ----------
    receivers
        What was recorded.

    Returns
    -------
    list of RepeatedChannel
        None of a single shot, and none for channels that are dead, or have but a few values.
    """
    if len(receivers.shots) < 2:
        return []
    return list(_repeated([each for shot in _by_shot(receivers) for each in shot]))


def _by_shot(receivers: Receivers) -> list[list[_Record]]:
    """The channels of each shot, but for those that have too few values to be told apart."""
    places = receivers.places
    common = places[at_one_place(places)] + 0.0  # -0 is 0
    found: dict[str, list[_Record]] = {shot: [] for shot in receivers.shots}
    for first, records in zip(receivers.first_rows, receivers.records, strict=True):
        of, noise = label_of(records, receivers), noise_of_records(records)
        has_noise = {"stated": "stated", "unknown": ""}.get(noise.origin, "seen")
        for each in records.channels():
            if len(np.unique(each.values)) < LEAST_VALUES:
                continue
            size = float(np.sqrt(np.square(each.values).mean()))
            tolerance = float(np.clip(OF_NOISE * noise.level / size, ROUNDING, ROUNDED)) if has_noise else SAME
            where = common[first + each.row].tobytes() + (records.parts[each.row, each.column] + 0.0).tobytes()
            name = f"{of}{first + each.row} {each.label}"
            found[records.shot].append(
                _Record(name, records.shot, each.time, each.values, tolerance, (records.quantity, where), has_noise)
            )
    return list(found.values())


def _repeated(records: Sequence[_Record]) -> Iterator[RepeatedChannel]:
    """Each record that is a copy of one of an earlier shot, at its place if there is one, else of the most alike."""
    nearest = _most_alike(records)
    at_place: dict[tuple[str, bytes], list[_Record]] = {}
    for i, each in enumerate(records):
        here = [other for other in at_place.setdefault(each.where, []) if other.shot != each.shot]
        at_place[each.where].append(each)
        others = [other for other in here if len(other.values) != len(each.values) or i in nearest]
        others += [records[nearest[i]]] if i in nearest else []
        if other := next((other for other in others if each.is_copy_of(other)), None):
            yield RepeatedChannel(
                each.name, each.shot, other.name, other.shot, other.where == each.where, each.has_noise
            )


def _most_alike(records: Sequence[_Record]) -> dict[int, int]:
    """The number of the record of an earlier shot, and of as many samples, that is most alike, where one may be a copy.

    Records of one length are compared by their products with a few random vectors, which hardly differ where they do
    not, and in both polarities.
    """
    from scipy.spatial import cKDTree  # slow to import

    found: dict[int, int] = {}
    for length in {len(each.values) for each in records}:
        rows = [i for i, each in enumerate(records) if len(each.values) == length]
        shots = np.array([records[i].shot for i in rows])
        vectors = np.random.default_rng(0).standard_normal((SKETCH, length)) / np.sqrt(SKETCH)
        sketches = np.stack([vectors @ (records[i].values / np.linalg.norm(records[i].values)) for i in rows])  # (N, D)
        for shot in dict.fromkeys(shots):
            own = np.flatnonzero(shots == shot)
            earlier = np.flatnonzero(shots[: own[0]] != shot)
            if not len(earlier):
                continue
            tree = cKDTree(np.concatenate([sketches[earlier], -sketches[earlier]]))
            distance, at = tree.query(sketches[own])
            for k, far, other in zip(own, distance, at, strict=True):
                if far <= STRETCH * records[rows[k]].tolerance:
                    found[rows[k]] = rows[earlier[other % len(earlier)]]
    return found
