"""Whether misfits are alike at neighbouring receivers: a wave, or a disturbance of all records, that nothing explains.

Each number is paired with those that the nearest receivers recorded at the same time along a like direction. Of noise
that is independent, the products of two misfits add up to nothing, within the root of the sum of their squares: so it
is of any noise whose sign is random, whatever its size in each channel (Moran, Biometrika 37, 1950; by channel, as
Anselin, Geographical Analysis 27, 1995). What was fitted to the noise makes neighbours a little unlike, by the
influence that one number has on the fit of the other: this is added (Cliff and Ord, Spatial Processes, 1981).

Letters: D data misfits, C channels, P pairs of misfits, K coordinates of the fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.training.assessment.channels import Channels, sum_by

LEAST_RECEIVERS = 5  # of fewer, hardly any are neighbours
LEAST_PAIRS = 20  # of misfits: the sum of fewer products is far from Gaussian
NEAREST = 4  # receivers
AS_FAR = 1.5  # at most, as the nearest one
LEAST_ALONG = 0.5  # cosine between two directions that are compared
AT_ONCE = 4096  # pairs


@dataclass(frozen=True)
class Likeness:
    """How alike the misfits of neighbouring receivers are.

    name: of the channel, or of all. correlation: 1 for equal misfits. score: how far it is from that of independent
    noise, in standard deviations.
    """

    name: str
    correlation: float
    score: float


def alike(channels: Channels, misfits: Tensor, chi_square: float, rows: Tensor) -> tuple[Likeness, ...]:
    """Compare misfits (D,), in units of the noise, of neighbouring receivers: of all channels, then of each.

    Empty where receivers are few. rows: of the influence matrix, whose product with their transpose it is, (D, K).
    """
    first, second, along = _pairs(channels)
    if len(first) < LEAST_PAIRS:
        return ()
    parts = zip(first.split(AT_ONCE), second.split(AT_ONCE), strict=True)
    fitted = torch.cat([(rows[one] * rows[other]).sum(1) for one, other in parts])  # (P,)
    products = along * (misfits[first] * misfits[second] + chi_square * fitted)  # (P,)
    sizes = along.abs() * (misfits[first].square() + misfits[second].square()) / 2.0
    count, of = len(channels.names), (channels.of[first], channels.of[second])

    def by_channel(values: Tensor) -> Tensor:
        return sum_by(of[0], count, values) + sum_by(of[1], count, values)  # (C,)

    sums, squares, size, pairs = map(by_channel, (products, products.square(), sizes, torch.ones_like(sizes)))
    each = [
        Likeness(channels.names[i], float(sums[i] / size[i]), float(sums[i] / squares[i].sqrt()))
        for i in torch.nonzero((pairs >= LEAST_PAIRS) & (squares > 0.0)).flatten().tolist()
    ]
    whole = float(products.sum() / sizes.sum()), float(products.sum() / products.square().sum().sqrt())
    return (Likeness("all", *whole), *each)


def _pairs(channels: Channels) -> tuple[Tensor, Tensor, Tensor]:
    """Pairs of misfits of neighbouring receivers at the same time, as two indices (P,), and the cosine between their
    directions, (P,)."""
    order = torch.argsort(channels.time, stable=True)
    order = order[torch.argsort(channels.of[order], stable=True)]
    counts = torch.unique_consecutive(channels.of[order], return_counts=True)[1]
    records = [each.numpy() for each in order.split(counts.tolist())]  # of each channel, in the order of time
    time, place = channels.time.double().numpy(), torch.column_stack([channels.shot, channels.place]).double().numpy()
    places, at = np.unique(np.stack([place[each[0]] for each in records]), axis=0, return_inverse=True)
    here = [np.flatnonzero(at.reshape(-1) == i) for i in range(len(places))]
    found = [np.zeros((2, 0), dtype=np.int64)]
    pairs = (pair for shot in np.unique(places[:, 0]) for pair in _neighbours(places, places[:, 0] == shot))
    for one, other in pairs:
        for a in here[one]:
            for b in here[other]:
                cosine = float(channels.direction[records[a][0]] @ channels.direction[records[b][0]])
                if abs(cosine) >= LEAST_ALONG:
                    found.append(_at_the_same_time(records[a], records[b], time))
    first, second = torch.from_numpy(np.concatenate(found, axis=1))
    return first, second, (channels.direction[first] * channels.direction[second]).sum(1).double()


def _neighbours(places: np.ndarray, of_shot: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs of places, each a shot and a place (R, 3), of some of which (R,) one is among the nearest of the other."""
    from scipy.spatial import cKDTree  # slow to import

    rows = np.flatnonzero(of_shot)
    if len(rows) < LEAST_RECEIVERS:
        return
    distance, index = cKDTree(places[rows]).query(places[rows], k=NEAREST + 1)
    near = distance[:, 1:] <= AS_FAR * distance[:, 1:2]
    pairs = {(min(i, int(j)), max(i, int(j))) for i in range(len(rows)) for j in index[i, 1:][near[i]]}
    yield from ((int(rows[i]), int(rows[j])) for i, j in sorted(pairs))


def _at_the_same_time(one: np.ndarray, other: np.ndarray, time: np.ndarray) -> np.ndarray:
    """The misfits of two channels that are nearer in time than half a step, as two indices, (2, P)."""
    if min(len(one), len(other)) < 2:
        return np.zeros((2, 0), dtype=np.int64)
    a, b = time[one], time[other]
    late = np.clip(np.searchsorted(b, a), 1, len(b) - 1)
    nearest = late - (a - b[late - 1] < b[late] - a)
    usual = min(float(np.median(np.diff(a))), float(np.median(np.diff(b))))
    together = np.abs(a - b[nearest]) < usual / 2.0
    return np.stack([one[together], other[nearest[together]]])
