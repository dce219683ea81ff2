"""From channels to records: those of one quantity and shot together, a receiver for each place, a column a direction.

Letters of shapes: K channels, R receivers, T times, C channels of a receiver.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elastic_pinn.errors import ConfigError
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

    Raises ReceiverFileError where two channels are the same, and ConfigError where noise is stated for some of them.
    """
    keys = dict.fromkeys((each.kind, each.shot) for each in channels)
    return tuple(_group([each for each in channels if (each.kind, each.shot) == key]) for key in keys)


def _group(channels: Sequence[Channels]) -> Records:
    first, of = channels[0], {each.noise for each in channels}
    if len(of) > 1 and 0.0 in of:
        raise ConfigError(f"noise of {first.kind} is stated for some of the files only: state it for all of them")
    most = max(each.values.shape[1] for each in channels)
    xy = np.concatenate([each.xy for each in channels])  # (K, 2)
    values = np.concatenate([_padded(each.values, most) for each in channels])  # (K, T)
    is_common = all(np.array_equal(each.time, first.time) and each.time.ndim == 1 for each in channels)
    times = first.time if is_common else _own_times(channels, most)  # (T,) or (K, T)
    of_row = [each.noise for each in channels for _ in each.directions]
    turned = [_turned(direction, first.kind) for each in channels for direction in each.directions]
    receiver, places = _numbered(xy if is_common else np.concatenate([xy, np.nan_to_num(times)], axis=1))
    columns = sorted({direction for direction, _ in turned}, key=_order)
    of_column = _columns(receiver, [direction for direction, _ in turned], columns)  # (K,)
    count = int(of_column.max()) + 1
    names = RECORDED_QUANTITIES[first.kind].components
    noise, filled = np.full((len(places), count), np.nan), np.zeros((len(places), count), dtype=bool)
    parts = np.tile(part_of(columns[0], names), (len(places), count, 1))  # (R, C, K)
    recorded = np.full((len(places), most, count), np.nan)
    for row, (direction, sign) in enumerate(turned):
        at = receiver[row], of_column[row]
        if filled[at]:
            raise ReceiverFileError(
                f"two channels of {first.kind} at ({xy[row, 0]:g}, {xy[row, 1]:g}) m along {_named(direction)}: "
                "leave one out, or name the shot of each"
            )
        filled[at], noise[at], parts[at] = True, of_row[row], part_of(direction, names)
        recorded[receiver[row], :, at[1]] = sign * values[row]
    time = times if is_common else times[places]
    level = first.noise if len(of) == 1 else np.where(filled, noise, first.noise)
    directions = columns if count == len(columns) else Parts(parts)
    return Records(first.kind, recorded, xy[places], time, directions, level, shot=first.shot)


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


def _numbered(rows: Array) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The number of each row among the different ones, in the order in which they appear, and where each first is."""
    _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[inverse.reshape(-1)], first[order]
