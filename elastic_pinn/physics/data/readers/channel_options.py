"""Gains, delays and noise of single channels of an import, by the names that channels have in warnings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from elastic_pinn.errors import ConfigError
from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.data.channel_names import label_of
from elastic_pinn.physics.data.readers.units import in_si
from elastic_pinn.physics.data.readers.variables import listed
from elastic_pinn.physics.import_options import ImportOptions

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers

BY_NUMBER = "receiver "
"""What may stand before a number, as in "receiver 3 y", where a file has that number, or text, as a name of another."""


class _Channel(NamedTuple):
    """A channel that recorded: its receiver's name and its own, as "3" and "3 y", and where it is.

    own: as the file calls it. records: by their number; row, column: of their values.
    """

    receiver: str
    name: str
    own: str
    quantity: str
    records: int
    row: int
    column: int


def with_options_of_channels(receivers: Receivers, options: ImportOptions) -> Receivers:
    """Return receivers with the gains, delays and noise that are told of single channels.

    Raises ConfigError for a channel that there is not, or that is given twice, and for values that are not possible.
    """
    if not (options.channel_gains or options.channel_delays or options.channel_noise):
        return receivers  # channels are copies of their values
    channels = [
        _Channel(receiver, f"{receiver} {each.label}", called, records.quantity, i, each.row, each.column)
        for i, (first, records) in enumerate(zip(receivers.first_rows, receivers.records, strict=True))
        for each in records.channels()
        for receiver in [f"{label_of(records, receivers)}{first + each.row}"]
        for called in ["" if records.names is None else str(records.names[each.row, each.column]).strip()]
    ]
    told = {
        "gain": _told("channel_gains", options.channel_gains, channels, _gain),
        "delay": _told("channel_delays", options.channel_delays, channels, _delay),
        "noise": _told("channel_noise", options.channel_noise, channels, _noise),
    }
    changed = list(receivers.records)
    for field, values in told.items():
        for i in {each.records for each in values}:
            by_channel = changed[i].values.shape[0], changed[i].values.shape[2]  # (R, C)
            numbers = np.broadcast_to(getattr(changed[i], field), by_channel).copy()
            for each in (each for each in values if each.records == i):
                numbers[each.row, each.column] = values[each]
            of = [each for each in channels if each.records == i]
            unsaid = [each.name for each in of if field == "noise" and not numbers[each.row, each.column]]
            if unsaid:
                raise ConfigError(f"channel_noise: that of {unsaid[0]} is not stated: state it for all, as by noise")
            new: dict[str, Any] = {field: numbers}
            changed[i] = replace(changed[i], **new)
    return replace(receivers, records=tuple(changed))


def _told(
    option: str, items: Sequence[str], channels: list[_Channel], read: Callable[[str, str, str], float]
) -> dict[_Channel, float]:
    """The value of each channel that is named, alone or with all others of its receiver.

    read: a value from its text, the quantity that the channel recorded, and what the value is.
    """
    found: dict[_Channel, float] = {}
    for item in items:
        before, sign, after = (part.strip() for part in item.rpartition("="))  # a name in a file may have one, too
        name, value = (before, after) if sign else (after, "")
        meant = _meanings(name, channels)
        if len(meant) > 1:
            raise ConfigError(f"{option} = {in_one_line(item)}: {_told_meanings(name, meant, channels)}")
        of = next(iter(meant.values()), [])
        if len(of) > len({each.name for each in of}):
            raise ConfigError(
                f"{option} = {in_one_line(item)}: {name!r} is the name of several channels; import their files apart"
            )
        if not of:
            names = listed(dict.fromkeys(f"{each.name}{f' ({each.own})' * bool(each.own)}" for each in channels))
            raise ConfigError(
                f"{option} = {in_one_line(item)}: {name!r} is no channel that recorded; there are {names}"
            )
        if twice := [each.name for each in of if each in found]:
            raise ConfigError(f"{option} gives {twice[0]} twice: give each channel once")
        found |= {each: read(value, each.quantity, f"{option} of {name}") for each in of}
    return found


def _meanings(name: str, channels: list[_Channel]) -> dict[str, list[_Channel]]:
    """The different channels that a name may mean, by how it means them."""
    number = name.removeprefix(BY_NUMBER)
    called = {name, name[1:-1]} if len(name) > 2 and name[0] == name[-1] == '"' else {name}
    found: dict[str, list[_Channel]] = {}
    for way, of in (
        ("by the number of a channel", [each for each in channels if each.name == number]),
        ("by the number of a receiver", [each for each in channels if each.receiver == number]),
        ("by a name in the file", [each for each in channels if each.own and each.own in called]),
    ):
        found |= {way: of} if of and of not in found.values() else {}
    return found


def _told_meanings(name: str, meant: dict[str, list[_Channel]], channels: list[_Channel]) -> str:
    """What a name means in each way, and how each is written so that it means nothing else."""
    forms = [f'"{name}"', f"{BY_NUMBER}{name}", name[1:-1], name.removeprefix(BY_NUMBER)]
    told, ways = [], []
    for how, of in meant.items():
        told.append(f"{' and '.join(dict.fromkeys(each.name for each in of))} {how}")
        certain = (form for form in (*forms, f'"{of[0].own}"') if [*_meanings(form, channels).values()] == [of])
        ways.append(f"{next(certain, 'each of its channels')} = ...")
    return f"{name!r} means {', or '.join(told)}: write {' or '.join(ways)}"


def _gain(text: str, _: str, role: str) -> float:
    try:
        gain = float(text)
    except ValueError:
        gain = math.nan
    if not (math.isfinite(gain) and gain):
        raise ConfigError(f"{role} = {in_one_line(text)}: a number other than 0 is needed, as -1 for a reversed one")
    return gain


def _delay(text: str, _: str, role: str) -> float:
    return in_si(text, "time", role)


def _noise(text: str, quantity: str, role: str) -> float:
    return in_si(text, quantity, role, sign="more than 0")
