"""From channels to records: those of one quantity and shot together, a receiver for each place, a column a direction.

Letters of shapes: K channels, R receivers, T times, C channels of a receiver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from elastic_pinn.errors import ConfigError
from elastic_pinn.physics.data.places import NEAR, ROUNDING, at_one_place, first_alike
from elastic_pinn.physics.data.quantities import RECORDED_QUANTITIES
from elastic_pinn.physics.data.readers.assemble import TENSORS, Channels
from elastic_pinn.physics.data.readers.traces import Direction
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.data.records import Parts, Records, part_of
from elastic_pinn.physics.numbers import Array

X, Y = (1.0, 0.0), (0.0, 1.0)
MOST_COLUMNS = 4  # a column for each direction; of more, receivers have their own


def records_of(channels: Sequence[Channels]) -> tuple[Records, ...]:
    """Put channels together by quantity and shot, in the order in which they appear.

    Places and times that differ by rounding alone, as 0.1 + 0.2 and 0.3 in two files, are one: the first of them.

    Raises ReceiverFileError where two channels are the same, and ConfigError where noise is stated for some of them.
    """
    channels = _at_common_places(channels)
    keys = dict.fromkeys((each.kind, each.shot) for each in channels)
    return tuple(_group([each for each in channels if (each.kind, each.shot) == key]) for key in keys)


def _group(channels: Sequence[Channels]) -> Records:
    first, of = channels[0], {each.noise for each in channels}
    if len(of) > 1 and 0.0 in of:
        raise ConfigError(f"noise of {first.kind} is stated for some of the files only: state it for all of them")
    most = max(each.values.shape[1] for each in channels)
    xy = np.concatenate([each.xy for each in channels])  # (K, 2)
    values = np.concatenate([_padded(each.values, most) for each in channels])  # (K, T)
    tolerance = _time_tolerance(channels)
    is_common = all(_is_alike(each.time, first.time, tolerance) for each in channels)
    times = first.time if is_common else _own_times(channels, most)  # (T,) or (K, T)
    of_row = [each.noise for each in channels for _ in each.directions]
    turned = [_turned(direction, first.kind) for each in channels for direction in each.directions]
    rows, allowed = (xy, np.zeros(2)) if is_common else _with_times(xy, times, tolerance)
    places, receiver = np.unique(first_alike(rows, allowed), return_inverse=True)
    columns = sorted({direction for direction, _ in turned}, key=_order)
    of_column = _columns(receiver, [direction for direction, _ in turned], columns)  # (K,)
    count = int(of_column.max()) + 1
    names = RECORDED_QUANTITIES[first.kind].components
    noise, filled = np.full((len(places), count), np.nan), np.zeros((len(places), count), dtype=bool)
    parts = np.tile(part_of(columns[0], names), (len(places), count, 1))  # (R, C, K)
    recorded = np.full((len(places), most, count), np.nan)
    called = np.full((len(places), count), "", dtype=object)
    own = [name for each in channels for name in each.names or [""] * len(each.directions)]
    for row, (direction, sign) in enumerate(turned):
        at = receiver[row], of_column[row]
        if filled[at]:
            raise ReceiverFileError(
                f"two channels of {first.kind} at ({xy[row, 0]:g}, {xy[row, 1]:g}) m along {_named(direction)}: "
                "leave one out, or name the shot of each (shot, or of one array an axis shot in axes)"
            )
        filled[at], noise[at], parts[at], called[at] = True, of_row[row], part_of(direction, names), own[row]
        recorded[receiver[row], :, at[1]] = sign * values[row]
    time = times if is_common else times[places]
    level = first.noise if len(of) == 1 else np.where(filled, noise, first.noise)
    directions = columns if count == len(columns) else Parts(parts)
    return Records(first.kind, recorded, xy[places], time, directions, level, shot=first.shot, names=called)


def _columns(receiver: Any, directions: Sequence[Direction], columns: Sequence[Direction]) -> Any:
    """The column of each channel, (K,): that of its direction, or of many directions, as of a bent fibre, its number
    among the channels of its receiver."""
    if len(columns) <= MOST_COLUMNS:
        return np.array([columns.index(direction) for direction in directions])
    seen: dict[tuple[int, Direction], int] = {}
    counts: dict[int, int] = {}
    for row, direction in zip(receiver.tolist(), directions, strict=True):
        if (row, direction) not in seen:
            seen[row, direction] = counts.get(row, 0)
            counts[row] = counts.get(row, 0) + 1
    return np.array([seen[row, direction] for row, direction in zip(receiver.tolist(), directions, strict=True)])


def _own_times(channels: Sequence[Channels], most: int) -> Array:
    return np.concatenate([_padded(np.broadcast_to(each.time, each.values.shape), most) for each in channels])


def _padded(rows: Array, most: int) -> Array:
    """Rows with NaN at their ends, (K, most)."""
    return np.pad(rows, ((0, 0), (0, most - rows.shape[1])), constant_values=np.nan) if rows.shape[1] < most else rows


def _turned(direction: Direction, kind: str) -> tuple[Direction, float]:
    """The direction, or its opposite and -1, such that x and y count upwards; a tensor is the same along both."""
    if isinstance(direction, str):
        return direction, 1.0
    sign = -1.0 if direction < (0.0, 0.0) else 1.0
    return (sign * direction[0] + 0.0, sign * direction[1] + 0.0), 1.0 if kind in TENSORS else sign


def _order(direction: Direction) -> tuple[bool, Any]:
    """Components by their names, x before y, and other directions by their angle."""
    return (True, direction) if isinstance(direction, str) else (False, np.arctan2(direction[1], direction[0]))


def _named(direction: Direction) -> str:
    names: dict[Direction, str] = {X: "x", Y: "y"}
    return direction if isinstance(direction, str) else names.get(direction, f"({direction[0]:g}, {direction[1]:g})")


def _at_common_places(channels: Sequence[Channels]) -> list[Channels]:
    """The same channels, those of one place at exactly the same, in whatever file, shot and quantity."""
    xy = np.concatenate([each.xy for each in channels])  # (K, 2)
    common = xy[at_one_place(xy)]
    ends = np.cumsum([len(each.xy) for each in channels])[:-1]
    return [replace(each, xy=part) for each, part in zip(channels, np.split(common, ends), strict=True)]


def _time_tolerance(channels: Sequence[Channels]) -> float:
    """By how much two instants may differ that are one, s."""
    steps = [np.diff(each.time, axis=-1) for each in channels if each.time.shape[-1] > 1]
    shortest = min((float(np.nanmin(each)) for each in steps), default=0.0)
    return NEAR * shortest + ROUNDING * max(float(np.nanmax(np.abs(each.time))) for each in channels)


def _is_alike(time: Array, other: Array, tolerance: float) -> bool:
    """Whether both are one axis of times."""
    return (
        time.ndim == other.ndim == 1 and time.shape == other.shape and bool((np.abs(time - other) <= tolerance).all())
    )


def _with_times(xy: Array, times: Array, tolerance: float) -> tuple[Array, Array]:
    """Rows of places and times (K, 2 + T), and by how much those of one receiver may differ, (2 + T,)."""
    allowed = np.concatenate([np.zeros(2), np.full(times.shape[1], tolerance)])
    return np.concatenate([xy, np.nan_to_num(times)], axis=1), allowed
