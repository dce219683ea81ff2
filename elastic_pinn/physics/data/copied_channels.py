"""Channels of one shot with the very same samples.

At one place along one direction, one is a copy. So it is elsewhere, but in records without noise, where waves that are
plane, or mirror each other, bring the same to several places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from elastic_pinn.physics.data.records import Channel, Records
from elastic_pinn.physics.numbers import Array

MANY = 0.15  # of channels: so many copies at several places are rather those of records without noise


class Copied(NamedTuple):
    """The number of the channel of which one is a copy, and whether both are of one place and direction."""

    of: int
    is_here: bool


def copies_of(records: Records, channels: Sequence[Channel]) -> dict[int, Copied]:
    """Find the channels with the samples of an earlier one of the same shot, times any factor, at the same times.

    Times count in steps, so that their rounding makes no difference.
    """
    first: dict[bytes, int] = {}
    found: dict[int, Copied] = {}
    for i, each in enumerate(channels):
        if np.ptp(each.values) == 0.0:
            continue
        steps = each.time / np.diff(each.time).mean()
        largest = each.values[np.abs(each.values).argmax()]
        samples = [(each.values * np.sign(largest) / np.linalg.norm(each.values)).round(9), steps.round(3)]
        own = [records.xy[each.row], records.parts[each.row, each.column]]
        anywhere, here = first.setdefault(_key(samples), i), first.setdefault(_key([*samples, *own]), i)
        if anywhere != i:
            found[i] = Copied(here if here != i else anywhere, here != i)
    return found


def are_many(copies: Mapping[int, Copied], channels: Sequence[Channel]) -> bool:
    """Whether so many channels at several places are the same as others elsewhere that they rather have no noise."""
    elsewhere = [i for i, each in copies.items() if not each.is_here]
    return len(elsewhere) >= MANY * len(channels) and len({channels[i].row for i in elsewhere}) > 1


def _key(arrays: Sequence[Array]) -> bytes:
    return sha256(b"".join((array + 0.0).tobytes() for array in arrays)).digest()
