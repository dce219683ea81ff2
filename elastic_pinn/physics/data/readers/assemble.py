"""From traces and options to what `Receivers` hold: SI units, places and directions in the plane, a row a receiver.

Letters of shapes: K channels (traces), R receivers, T times.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from elastic_pinn.errors import ConfigError
from elastic_pinn.parameters import nearest
from elastic_pinn.physics.data.readers.csv_file import read_table
from elastic_pinn.physics.data.readers.csv_text import look_at
from elastic_pinn.physics.data.readers.examples import directions_for, places_for, receivers_of
from elastic_pinn.physics.data.readers.traces import Direction, Missing, Traces
from elastic_pinn.physics.data.readers.units import EXAMPLES, factor, in_si, is_mechanical, is_same_unit, is_unit
from elastic_pinn.physics.data.readers.variables import common_unit, listed, with_units
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions, Kind
from elastic_pinn.physics.numbers import Array

logger = logging.getLogger(__name__)

PLANES = {"xy": (0, 1), "xz": (0, 2), "yz": (1, 2)}
TENSOR = {"xx", "yy", "xy"}
TENSORS = {"strain", "strain_rate", "stress"}


@dataclass(frozen=True)
class Channels:
    """Channels of one quantity and shot in SI units, their places and directions in the plane.

    values (K, T), time (T,) or (K, T) in s, xy (K, 2) in m; a direction is a unit vector or a tensor's component. names
    (K,): those that the file has of channels or of their receivers; () where it has none.
    """

    kind: str
    shot: str
    values: Array
    time: Array
    xy: Array
    directions: tuple[Direction, ...]
    noise: float
    notes: tuple[str, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Geometry:
    """Places (K, 2 or 3), their unit, and directions and names of receivers where a file of places has them."""

    places: Array
    unit: str
    directions: tuple[Direction, ...] = ()
    names: tuple[str, ...] = ()


def channels_of(path: Path, traces: Traces, options: ImportOptions, missing: Missing) -> list[Channels]:
    """Return the channels of each shot of a file. Raises ConfigError that names every option that is missing."""
    geometry = _geometry(path, traces, options, missing)
    directions = _directions(path, traces, geometry, options, missing)
    kind = options.kind or traces.kind
    unit = options.value_unit or traces.value_unit
    length_unit = options.length_unit or (geometry.unit if geometry else traces.length_unit)
    time_unit = traces.time_unit if traces.has_clock else options.time_unit or traces.time_unit
    if not kind:
        missing.ask("kind", "what was recorded", "velocity")
    if not unit:
        missing.ask("value_unit", "the unit of the values", EXAMPLES[kind or "velocity"])
    elif not options.value_unit and not (is_unit(unit, kind) if kind else is_mechanical(unit)):
        _require_no_quantity(path, unit, kind)
        of_kind = f", which is no unit of {kind}" if kind else ""
        what = f"what 1 {unit} of the file stands for{of_kind}"
        missing.ask("value_unit", what, f"0.03 {EXAMPLES[kind or 'velocity']}")
    if not length_unit:
        missing.ask("length_unit", "the unit of the positions", "mm")
    if not time_unit and (traces.time is not None or _has_bare_time(options)):
        missing.ask("time_unit", "the unit of the times", "us")
    _ask_for_times(traces, options, missing)
    if _has_third_axis(geometry, directions) and not options.plane:
        missing.ask("plane", "which two of its three axes to take as x and y", "xz")
    missing.require_nothing()
    assert traces.values is not None and geometry is not None and directions is not None  # else they were asked for
    _require_shots(path, traces, options)
    _warn_of_others(path, traces, options, kind)
    size = factor(unit, kind, "value_unit")
    places = geometry.places * factor(length_unit, "length", "length_unit")
    own, given = (
        factor(unit, "time", "time_unit") if unit else 1.0 for unit in (time_unit, options.time_unit or time_unit)
    )
    time = _times(path, traces, options, own, given)
    _require_increasing(path, time)
    axes = PLANES[options.plane or "xy"]
    inside = [_in_plane(each, options.plane or "xy") for each in directions]
    kept = [row for row, each in enumerate(inside) if each is not None]
    if not kept:
        raise ReceiverFileError(f"{path}: all channels recorded across the plane {options.plane}: give another plane")
    _require_of_kind(path, kind, [inside[row] for row in kept])
    lost = len(inside) - len(kept)
    notes = [f"{path.name}: {traces.read_as}"] if traces.read_as else []
    notes += [f"left out: {lost} channels that recorded across the plane {options.plane or 'xy'}"] if lost else []
    every = Channels(
        kind,
        options.shot,
        traces.values[kept] * size,
        time if time.ndim == 1 else time[kept],
        (places[:, axes] if places.shape[1] == 3 else places)[kept],
        tuple(inside[row] for row in kept),  # type: ignore[misc]
        in_si(options.noise or 0.0, kind, "noise", size, "0 or more"),
        tuple(notes),
        tuple(named[row] for row in kept) if (named := traces.receivers or geometry.names) else (),
    )
    return _of_shots(every, [traces.shots[row] for row in kept]) if traces.shots else [every]


def _require_no_quantity(path: Path, unit: str, kind: str) -> None:
    """Raise ConfigError for the unit of another quantity than what was recorded; volts of a transducer are of none."""
    if is_mechanical(unit):
        kinds = " or ".join(repr(each) for each in get_args(Kind) if is_unit(unit, each))
        mend = f"kind = {kinds}, whose unit it is, or " if kinds else ""
        raise ConfigError(
            f"{path} says that its values are in {unit}, which is no unit of {kind}: give {mend}value_unit, as "
            f"{EXAMPLES[kind]!r}, where the file is wrong"
        )


def _require_shots(path: Path, traces: Traces, options: ImportOptions) -> None:
    """Raise ConfigError for the name of one shot of several, and for those of several where a file has one."""
    if options.shot and traces.shots:
        raise ConfigError(
            f"{path}: shot = {options.shot!r} is the name of one, and it has {listed(dict.fromkeys(traces.shots))}: "
            "leave it out; those along an axis of an array are named by shots"
        )
    if options.shots and {*options.shots} != {*traces.shots}:
        raise ConfigError(
            f"{path}: shots = {list(options.shots)} are the names along an axis of an array, and it has none of shots: "
            "give axes with shot among them, or name the only shot by shot"
        )


def _of_shots(every: Channels, shots: Sequence[str]) -> list[Channels]:
    """The channels of each shot, by the name of that of each channel (K,); notes are with the first."""
    found: list[Channels] = []
    for shot in dict.fromkeys(shots):
        rows = [row for row, name in enumerate(shots) if name == shot]
        own = replace(
            every,
            shot=shot,
            values=every.values[rows],
            time=every.time if every.time.ndim == 1 else every.time[rows],
            xy=every.xy[rows],
            directions=tuple(every.directions[row] for row in rows),
            names=tuple(every.names[row] for row in rows) if every.names else (),
            notes=() if found else every.notes,
        )
        found.append(own)
    return found


def _ask_for_times(traces: Traces, options: ImportOptions, missing: Missing) -> None:
    if "time_column" in missing.asked:
        return  # which tells what may be given in its place
    if traces.time is None and not (options.time_step or options.sampling_rate):
        missing.ask("time_step", "the time between samples (or sampling_rate)", "0.2 us")
    if (traces.time is None or traces.is_relative) and options.first_time is None:
        missing.ask("first_time", "the time of the first sample", 0)


def _has_bare_time(options: ImportOptions) -> bool:
    """Whether an option is a time without its unit; 0 needs none."""
    return any(each and not isinstance(each, str) for each in (options.time_step, options.first_time))


def _warn_of_others(path: Path, traces: Traces, options: ImportOptions, kind: str) -> None:
    """Log where an option is taken in place of what a file says, unless both are the same unit in other words, or one
    tells what the other stands for, as 1 V."""
    if traces.kind and options.kind and traces.kind != options.kind:
        logger.warning("%s says %s, and kind = %s is taken, as it was given", path, traces.kind, options.kind)
    for name, quantity in (("value_unit", kind), ("length_unit", "length"), ("time_unit", "time")):
        said, given = getattr(traces, name), getattr(options, name)
        if name == "time_unit" and traces.has_clock:
            continue
        if said and given and is_mechanical(said) and not is_same_unit(said, given, quantity):
            logger.warning("%s says %s, and %s = %s is taken, as it was given", path, said, name, given)


def _times(path: Path, traces: Traces, options: ImportOptions, own: float, given: float) -> Array:
    """Times in s, (T,) or (K, T). own, given: the units of the file's times and of the options, in s."""
    first = in_si(options.first_time or 0.0, "time", "first_time", given)
    if traces.time is not None:
        if own != given and not traces.is_relative:
            raise ConfigError(f"{path} has times of its own, in {traces.time_unit}: leave out time_unit")
        if options.time_step or options.sampling_rate:
            raise ConfigError(f"{path} has times of its own: leave out time_step and sampling_rate")
        if options.first_time is not None and not traces.is_relative:
            raise ConfigError(f"{path} has times of its own: leave out first_time")
        return first + traces.time * own
    if options.time_step and options.sampling_rate:
        raise ConfigError("time_step and sampling_rate are given: one of them is enough")
    assert traces.values is not None
    if options.sampling_rate:
        step = 1.0 / in_si(options.sampling_rate, "frequency", "sampling_rate", sign="more than 0")
    else:
        step = in_si(options.time_step or 0.0, "time", "time_step", given, "more than 0")
    return first + step * np.arange(traces.values.shape[1])


def _require_increasing(path: Path, time: Array) -> None:
    """Raise ReceiverFileError unless the times of each channel increase; ends of shorter ones are NaN."""
    for channel, row in enumerate(np.atleast_2d(time)):
        there = np.isfinite(row)
        if not there[: there.sum()].all() or not there.any():
            raise ReceiverFileError(f"{path}: the time of sample {np.argmin(there) + 1} is missing: give each its time")
        falls = np.flatnonzero(np.diff(row[there]) <= 0)
        if len(falls):
            of = f" of channel {channel + 1}" if time.ndim == 2 else ""
            is_twice = row[falls[0] + 1] == row[falls[0]]
            how = "write them with all their digits, if they were rounded" if is_twice else "sort them"
            raise ReceiverFileError(
                f"{path}: times{of} do not increase after sample {falls[0] + 1} ({row[falls[0]]:g} s): {how}"
            )


def _geometry(path: Path, traces: Traces, options: ImportOptions, missing: Missing) -> _Geometry | None:
    """Places as options give them, or the file; None where they are asked for."""
    channels = None if traces.values is None else len(traces.values)
    if not options.positions:
        if traces.positions is not None:
            return _Geometry(traces.positions, traces.length_unit)
        if channels is not None and options.directions and not traces.receivers:
            receivers = channels // len(options.directions) or None
        else:
            receivers = receivers_of(traces.receivers, channels)
        places = places_for(receivers)
        missing.ask("positions", "where the receivers are (rows of x and y, or a CSV file with them)", places)
        return None
    if isinstance(options.positions, str):
        places, unit, names, directions = _table_of_places(Path(options.positions), options)
        if names and traces.receivers:
            at = _rows_of(Path(options.positions), names, places)
            if len(at) < len(names) and len(set(traces.receivers)) < len(traces.receivers):
                directions = ()  # a row for each channel, which this file does not name
            if lost := [name for name in traces.receivers if name not in at]:
                raise ReceiverFileError(
                    f"{options.positions} has no receiver {lost[0]!r}, which {path} recorded: its column receiver has "
                    f"to hold what channels are called there, of a wide table whole headers without a unit in brackets"
                    f"{nearest(lost[0], at)}"
                )
            rows = [at[name] for name in traces.receivers]
            return _Geometry(places[rows], unit, tuple(directions[row] for row in rows) if directions else ())
    else:
        places, unit, names, directions = np.array(options.positions, dtype=np.float64), "", (), ()
    if channels is None:
        return None
    rows_of = _spread(path, len(places), channels, "positions", traces, options, missing)
    if rows_of is None:
        return None
    directions = tuple(directions[row] for row in rows_of) if directions else ()
    return _Geometry(places[rows_of], unit, directions, tuple(names[row] for row in rows_of) if names else ())


def _rows_of(path: Path, names: tuple[str, ...], places: Array) -> dict[str, int]:
    """The first row of each name. Raises ReceiverFileError for one that has two places."""
    at: dict[str, int] = {}
    for row, name in enumerate(names):
        if not np.array_equal(places[at.setdefault(name, row)], places[row]):
            raise ReceiverFileError(f"{path}, row {row + 1}: {name} had another place before: give each one place")
    return at


def _table_of_places(path: Path, options: ImportOptions) -> tuple[Array, str, tuple[str, ...], tuple[Direction, ...]]:
    """Places, their unit, names of receivers and directions of a CSV file. Raises ReceiverFileError for another."""
    plain = ImportOptions(size_limit=options.size_limit)
    headers, _ = with_units(look_at(path, plain).headers)
    if not {"x", "y"} <= set(headers):
        raise ReceiverFileError(
            f"{path} has the columns {listed(headers)}, where x and y are needed, beside them receiver and direction "
            "where channels are found by these: give its columns these names"
        )
    axes = [name for name in ("x", "y", "z") if name in headers]
    table, _ = read_table(path, plain, tuple(name for name in headers if name not in axes))
    places = np.stack([table.vector(name) for name in axes], axis=1)
    if not np.isfinite(places).all():
        raise ReceiverFileError(f"{path}, row {np.flatnonzero(~np.isfinite(places).all(1))[0] + 1}: a place is missing")
    names = tuple(map(str, table.arrays["receiver"])) if "receiver" in table.arrays else ()
    directions = tuple(map(str, table.arrays["direction"])) if "direction" in table.arrays else ()
    return places, common_unit(table, axes), names, directions


def _spread(
    path: Path, given: int, channels: int, what: str, traces: Traces, options: ImportOptions, missing: Missing
) -> list[int] | None:
    """Which of the given positions, or directions, each channel has; None where the order is asked for."""
    if given == channels:
        return list(range(channels))
    by_shot = _by_shot(traces, channels)
    if given == 0 or any(len(each) % given for each in by_shot):
        raise ConfigError(
            f"{what} has {given} rows, and {path} has {' and '.join(str(len(each)) for each in by_shot)} channels"
            f"{' in its shots' if len(by_shot) > 1 else ''}: give one for each channel, or one for each "
            f"{'receiver' if what == 'positions' else 'channel of a receiver'}"
        )
    order = "by receiver" if traces.is_grouped or given == 1 else options.channel_order
    if order is None:
        missing.ask("channel_order", "whether all channels of the first receiver come first", "by receiver")
        return None
    is_slow, found = (order == "by receiver") == (what == "positions"), np.empty(channels, dtype=np.int64)
    for rows in by_shot:
        number = np.arange(len(rows))
        found[rows] = number // (len(rows) // given) if is_slow else number % given
    return found.tolist()


def _by_shot(traces: Traces, channels: int) -> list[np.ndarray[Any, np.dtype[np.signedinteger[Any]]]]:
    """The channels of each shot."""
    if not traces.shots:
        return [np.arange(channels)]
    names = np.array(traces.shots)
    return [np.flatnonzero(names == name) for name in dict.fromkeys(traces.shots)]


def _directions(
    path: Path, traces: Traces, geometry: _Geometry | None, options: ImportOptions, missing: Missing
) -> tuple[Direction, ...] | None:
    """The direction of each channel, as options, a file of places, or the file itself give them."""
    if options.directions:
        if traces.values is None:
            return None
        rows = _spread(path, len(options.directions), len(traces.values), "directions", traces, options, missing)
        return None if rows is None else tuple(options.directions[row] for row in rows)
    if geometry is not None and geometry.directions:
        return geometry.directions
    if traces.directions:
        return traces.directions
    if traces.values is None:
        asked = missing.asked.get("value_columns")
        example = directions_for(len(asked[1]) if asked else None, 1)
    else:
        given = len(options.positions) if not isinstance(options.positions, str) else 0
        places = given if geometry is None else len(np.unique(geometry.places, axis=0))
        example = directions_for(len(traces.values), places or receivers_of(traces.receivers, len(traces.values)))
    one = "one item where that is the same for all, as y, or [0.6, 0.8] along a direction"
    missing.ask("directions", f"along which each channel of a receiver recorded ({one})", example)
    return None


def _has_third_axis(geometry: _Geometry | None, directions: tuple[Direction, ...] | None) -> bool:
    has_heights = geometry is not None and geometry.places.shape[1] == 3 and bool(np.ptp(geometry.places[:, 2]) > 0)
    return has_heights or any(isinstance(each, str) and "z" in each for each in directions or ())


def _in_plane(direction: Direction, plane: str) -> Direction | None:
    """A unit vector in the plane, or a component of a tensor; None across the plane."""
    if not isinstance(direction, str):
        size = float(np.hypot(*direction))
        if not (np.isfinite(size) and size > 0):
            raise ConfigError(f"the direction {list(direction)} has no length: give [n_x, n_y]")
        return direction[0] / size, direction[1] / size
    name, sign = direction.strip().lower().removeprefix("-"), -1.0 if direction.strip().startswith("-") else 1.0
    if name in TENSOR and sign > 0:
        return name
    if name not in ("x", "y", "z"):
        raise ConfigError(
            f"the direction {direction!r} is not known: give x, y, z, one with a minus, xx, yy, xy, or [n_x, n_y]"
        )
    if name not in plane:
        return None
    return (sign, 0.0) if name == plane[0] else (0.0, sign)


def _require_of_kind(path: Path, kind: str, directions: list[Direction | None]) -> None:
    """Raise ConfigError for components of a tensor that is a vector."""
    if kind not in TENSORS and (named := [each for each in directions if isinstance(each, str)]):
        raise ConfigError(f"{path}: {kind} has no component {named[0]!r}: give directions x and y, or [n_x, n_y]")
