"""Tables: long, with a row for each sample of each receiver, and wide, with a column for each channel.

Letters of shapes: N rows, R receivers, T times, K channels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from elastic_pinn.physics.data.readers.examples import places_for
from elastic_pinn.physics.data.readers.traces import NOT_READ, Missing, Traces
from elastic_pinn.physics.data.readers.variables import (
    OR_A_STEP,
    Names,
    Variables,
    ask_for_times,
    ask_for_values,
    common_unit,
    find_names,
    likely_time,
    listed,
    unread,
)
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions


def traces_of_table(table: Variables, first_line: int, options: ImportOptions, missing: Missing) -> Traces:
    """Return the channels of a table whose first row of numbers is at `first_line` of its file."""
    names = find_names(table, options, missing)
    is_long = options.layout == "long" or (
        options.layout is None and bool(names.receiver or (names.x and names.y) or options.receiver_column)
    )
    if not names.time and (is_long or not (options.time_step or options.sampling_rate)):
        left = [name for name in table.arrays if name != names.receiver]
        ask_for_times(table, left, "" if is_long else OR_A_STEP, missing)
    return (_long if is_long else _wide)(table, names, first_line, options, missing)


def _wide(table: Variables, names: Names, first_line: int, options: ImportOptions, missing: Missing) -> Traces:
    time_name = names.time or likely_time(missing)  # whose unit is none of the values'
    values = names.values or tuple(name for name in table.arrays if name not in (time_name, names.shot))
    _require_told(table, [names.shot] if names.shot else [], first_line)
    shots = np.unique(table.arrays[names.shot]).tolist() if names.shot else []
    if len(shots) > 1:
        raise ReceiverFileError(
            f"{table.path}: a wide table is of one shot, and its column {names.shot} has {listed(shots)}: give "
            "layout='long' with x_column and y_column (or receiver_column), or a file for each shot"
        )
    time = table.vector(names.time) if names.time else None
    if time is not None:
        _require_increasing(table, time, np.zeros(len(time), dtype=np.int64), np.arange(len(time)), first_line)
    return Traces(
        values=np.stack([table.vector(name) for name in values]) if values else None,  # (K, T)
        time=time,
        directions=names.directions,
        kind=names.kind,
        value_unit=common_unit(table, values),
        time_unit=table.unit(time_name),
        receivers=values,
        shots=tuple(shots) * len(values),
        read_as=f"a wide table: {len(values)} channels in columns{unread(table, (time_name, *values))}",
    )


def _long(table: Variables, names: Names, first_line: int, options: ImportOptions, missing: Missing) -> Traces:
    if not names.values:
        ask_for_values(table, names, missing)
    has_xy, has_name = bool(names.x and names.y), bool(names.receiver)
    if not (has_xy or has_name):
        missing.ask("x_column", "which column holds x", "x")
        missing.ask("y_column", "which column holds y", "y")
    elif not (has_xy or options.positions):
        own = "rows of x and y, or a CSV file with them; or x_column and y_column, where columns of the table hold them"
        count = len({*table.arrays[names.receiver].tolist()})
        missing.ask("positions", f"where the receivers are ({own})", places_for(count))
    said = Traces(
        time=NOT_READ,
        positions=None if has_name and not has_xy else NOT_READ,
        kind=names.kind,
        directions=names.directions,
        value_unit=common_unit(table, names.values),
        length_unit=common_unit(table, names.axes) if has_xy else "",
        time_unit=table.unit(names.time or likely_time(missing)),
    )
    if not (names.values and names.time and (has_xy or has_name)):
        return said
    by = [name for name in (names.shot, names.direction) if name]
    _require_one_direction(table, names, options)
    keys = [names.receiver] if has_name else names.axes
    _require_told(table, by, first_line)
    for name in keys if has_xy and not has_name else ():
        lost = np.flatnonzero(~np.isfinite(table.vector(name)))
        if len(lost):
            raise ReceiverFileError(f"{table.path}, line {first_line + lost[0]}: no {name}; give each row its place")
    code, first = _codes([table.arrays[name] for name in [*by, *keys]])
    order = np.argsort(code, kind="stable")  # (N,) receiver by receiver
    labels = tuple(", ".join(str(table.arrays[name][row]) for name in [*by, *keys]) for row in first)
    time = table.vector(names.time)[order]
    _require_increasing(table, time, code[order], order, first_line, labels)
    places = np.stack([table.vector(name)[first] for name in names.axes], 1) if has_xy else None
    if has_xy and has_name:
        _require_one_place(table, names, code, first)
    counts, channels = np.bincount(code), len(names.values)
    values = np.stack([_by_receiver(table.vector(name)[order], counts) for name in names.values], 1)  # (R, C, T)
    times = _by_receiver(time, counts)  # (R, T)
    is_common = bool((times == times[0]).all())
    return replace(
        said,
        values=values.reshape(-1, values.shape[-1]),
        time=times[0] if is_common else np.repeat(times, channels, axis=0),
        positions=None if places is None else np.repeat(places, channels, axis=0),
        directions=tuple(table.arrays[names.direction][first].tolist())
        if names.direction
        else names.directions * len(counts),
        receivers=tuple(np.repeat([str(table.arrays[keys[0]][row]) for row in first], channels).tolist())
        if has_name
        else (),
        shots=tuple(np.repeat(table.arrays[names.shot][first].astype(str), channels).tolist()) if names.shot else (),
        is_grouped=not names.direction,
        read_as=f"a long table: {len(counts)} {'channels' if names.direction else 'receivers'}"
        f"{' of all shots' if names.shot else ''}, {'one direction' if names.direction else f'{channels} channel'}"
        f"{'s' * (channels > 1)} each{unread(table, names.taken)}",
    )


def _require_told(table: Variables, names: list[str], first_line: int) -> None:
    """Raise ReceiverFileError for a row without a shot or a direction, where there is a column of these."""
    import pandas as pd  # slow to import, and needed for tables only

    for name in names:
        if (lost := pd.isna(table.arrays[name])).any():
            at = first_line + lost.argmax()
            raise ReceiverFileError(f"{table.path}, line {at}: no {name}; give each row its {table.word(name)}")


def _require_one_direction(table: Variables, names: Names, options: ImportOptions) -> None:
    """Raise ReceiverFileError for directions beside a column of them."""
    if names.direction and (options.directions or len(names.values) > 1):
        beside = "the option directions" if options.directions else f"the columns {listed(names.values)}"
        raise ReceiverFileError(
            f"{table.path} has a column {names.direction}, which tells that of each row, beside {beside}: leave one out"
        )


def _codes(keys: list[np.ndarray[Any, Any]]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """A number for each different row of keys, in the order in which they appear, (N,), and the first row of each."""
    import pandas as pd  # slow to import, and needed for tables only

    code = np.zeros(len(keys[0]), dtype=np.int64)
    for key in keys:
        own, different = pd.factorize(key)
        code = pd.factorize(code * (len(different) + 1) + own)[0]
    return code, np.flatnonzero(~pd.Series(code).duplicated().to_numpy())


def _by_receiver(values: np.ndarray[Any, Any], counts: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Values (N,), receiver by receiver, as (R, T), with NaN at the end of shorter ones."""
    most = int(counts.max())
    if (counts == most).all():
        return values.reshape(len(counts), most)
    padded = np.full((len(counts), most), np.nan)
    padded[np.arange(most) < counts[:, None]] = values
    return padded


def _require_increasing(
    table: Variables,
    time: np.ndarray[Any, Any],
    code: np.ndarray[Any, Any],
    row: np.ndarray[Any, Any],
    first_line: int,
    labels: tuple[str, ...] = (),
) -> None:
    """Raise ReceiverFileError unless the times of each receiver are there and increase from row to row."""
    bad = np.flatnonzero(~np.isfinite(time))
    if len(bad):
        raise ReceiverFileError(f"{table.path}, line {first_line + row[bad[0]]}: no time; give each row its time")
    falls = np.flatnonzero((np.diff(time) <= 0) & (np.diff(code) == 0))
    if len(falls):
        at = falls[0] + 1
        of = f" of receiver ({labels[code[at]]})" if labels else ""
        fault = "is there twice" if time[at] == time[at - 1] else f"comes after {time[at - 1]:g}"
        mend = "leave one out" if time[at] == time[at - 1] else "sort the rows by time"
        mend += "" if labels else ", or give x_column and y_column, if each receiver has rows of its own"
        raise ReceiverFileError(f"{table.path}, line {first_line + row[at]}: the time {time[at]:g}{of} {fault}: {mend}")


def _require_one_place(table: Variables, names: Names, code: np.ndarray[Any, Any], first: np.ndarray[Any, Any]) -> None:
    for name in names.axes:
        column = table.vector(name)
        moved = np.flatnonzero(column != column[first][code])
        if len(moved):
            receiver = table.arrays[names.receiver][moved[0]]
            raise ReceiverFileError(
                f"{table.path}: receiver {receiver} has {name} = {column[moved[0]]:g} in row {moved[0] + 1} of the "
                f"table, and {column[first][code][moved[0]]:g} before: give each place a receiver of its own"
            )
