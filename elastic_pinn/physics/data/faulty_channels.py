"""Channels whose records cannot be as they are: faults of one alone, copies, and what their neighbours lack.

What is in the numbers is seen in a channel alone (`single_channel.py`): samples that stop at a bound, or are all the
same, a sample far off all others, an offset before the waves, an oscillation of the mains from the first sample to the
last; and in two of them, which are copies. All else is seen beside the nearest receivers (`beside_neighbours.py`). It
is found where these are near and around, and `checked_told` tells in how many channels that is so; of the others, a
fit's verdict tells it by the misfits (`channel_errors.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from elastic_pinn.physics.data.beside_neighbours import FILTER, SUBTRACT, Found, compared, in_groups, odd_ones
from elastic_pinn.physics.data.channel_names import named_channels
from elastic_pinn.physics.data.copied_channels import are_many, copies_of
from elastic_pinn.physics.data.noise import noise_of_records
from elastic_pinn.physics.data.records import Channel, Records
from elastic_pinn.physics.data.single_channel import (
    LEAST_QUIET,
    clipped_samples,
    offset_of,
    quiet_part,
    spikes_of,
    steady_part,
)
from elastic_pinn.physics.numbers import is_even

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers

COPY = "a copy"
NOISELESS = "without noise of its own"
MANY = 0.15  # of channels: so many spikes are rather a pulse that is as short
MAINLY = 0.5  # of channels
LEAST_TIMES = 24  # of a hum
OF_SIZE = 0.05  # of a channel's mean square: a smaller hum is not told
MAINS = 50.0, 60.0  # Hz
NO_SHOT = "give the records of each shot, or leave one of the two out"
LEAVE_ONE = "leave one of the two out (drop_rows)"
ADD_NOISE = "add the noise that is stated, or state none where the records have none, or leave out the copies"
ONE_PHASE = 0.9  # length of the mean of phases as unit vectors: with less, they are not the same
NAMED = 3  # of channels of one fault, one by one


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
        for each in receivers.repeated
        if each.has_noise
    }
    for records, channels, names in named_channels(receivers):
        for test in (_constant, _copies, _clipped, _spiked, _hums, _beside_neighbours, _offset):
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


def checked_told(records: Records) -> str:
    """Tell in one line in how many channels polarity, size, drift and offset could be looked at, and why not in all."""
    channels = list(records.channels())
    count, why = compared(records, channels)
    quiet = sum(len(quiet_part(each.values)) > 0 for each in channels)
    of, since = f" of {len(channels)} channels", f" (not where {why})" if why else ""
    return (
        f"polarity, size and drift beside neighbours in {count or 'none'}{of}{since}; offset in {quiet or 'none'}, "
        f"those with {LEAST_QUIET * 3 // 2} samples before their first wave"
    )


def _constant(records: Records, channels: list[Channel], names: list[str]) -> Found:
    """Channels that recorded one number, as of a sensor that was not connected."""
    for i, each in enumerate(channels):
        if np.ptp(each.values) == 0.0:
            told = f", {each.values[0] + 0.0:.3g} {records.kind.unit} at all samples"
            yield i, "constant", told, "leave it out (NaN, or drop_rows), unless nothing moves there"


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


def _spiked(records: Records, channels: list[Channel], names: list[str]) -> Found:
    """Channels with single samples far off all others, unless many have them, as of a pulse that is as short."""
    found = {i: spikes for i, each in enumerate(channels) if (spikes := spikes_of(each.time, each.values))}
    if len(found) > max(1, MANY * len(channels)):
        return
    for i, spikes in found.items():
        at = channels[i].time[spikes[0]]
        told = f", {len(spikes)} of its samples, far off those beside it, the first at {at:.4g} s"
        yield i, "with spikes", told, "leave these samples out (NaN, or mute)"


def _offset(records: Records, channels: list[Channel], names: list[str]) -> Found:
    """Channels that stand at another number than 0 before the first wave."""
    for i, each in enumerate(channels):
        if level := offset_of(each.values):
            told = f", of {level:.3g} {records.kind.unit} before the first wave"
            yield i, "with an offset", told, SUBTRACT


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


def _beside_neighbours(records: Records, channels: list[Channel], names: list[str]) -> Found:
    """Channels that are reversed, of another size, or drift, beside those of the nearest receivers around."""
    for group in in_groups(records, channels):
        for k, kind, told, mend in odd_ones(group.xy, group.values):
            yield group.numbers[k], kind, told, mend
