"""Named arrays of a file, as columns of a table or variables of HDF5, MATLAB, NumPy and NetCDF, and what names say.

A name that is a word of this package, as "time", "x" or "velocity_y", says what it holds; any other is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np

from elastic_pinn.parameters import nearest
from elastic_pinn.physics.data.readers.traces import Direction, Missing
from elastic_pinn.physics.data.readers.units import different_units, is_unit
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions, Kind

WITH_UNIT = re.compile(r"(.*?)\s*[\[(]([^\])]*)[\])]\s*")  # "time [us]"
KINDS = "|".join(get_args(Kind))
COMPONENT = re.compile(rf"({KINDS})(?:_(-?[xyz]|xx|yy|xy))?")
MOST_NAMES = 12  # in an error
OR_A_STEP = ", or in place of it time_step (or sampling_rate, Hz) and first_time, where none does"
WORDS = {"time": ("time", "t"), "x": ("x",), "y": ("y",), "z": ("z",), "xy": ("xy",), "receiver": ("receiver",),
         "shot": ("shot",), "direction": ("direction",)}  # fmt: skip


@dataclass(frozen=True)
class Variables:
    """Named arrays of one file, with the units and the names of axes that it tells.

    words: what is read of a name as a word of this package, as "time" of the field "scan.time", where it is not all.
    """

    path: Any
    arrays: Mapping[str, np.ndarray[Any, Any]]
    units: Mapping[str, str] = field(default_factory=dict)
    axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    def numbers(self, name: str) -> np.ndarray[Any, Any]:
        """Return an array of real numbers in double precision. Raises ReceiverFileError for anything else."""
        found = self.arrays[name]
        if found.dtype.kind not in "fiu":
            what = "complex numbers" if found.dtype.kind == "c" else f"{_kind_of(found)}, and no plain numbers"
            raise ReceiverFileError(f"{self.path}: {name} holds {what}: save real numbers as one numeric array")
        return np.ascontiguousarray(found, dtype=np.float64)

    def vector(self, name: str) -> np.ndarray[Any, Any]:
        """Return an array with one axis longer than 1 as a vector (N,). Raises ReceiverFileError for another."""
        found = self.numbers(name)
        if found.size != max(found.shape, default=1):
            raise ReceiverFileError(f"{self.path}: {name} has shape {found.shape}, where a vector is needed")
        return found.reshape(-1)

    def unit(self, name: str) -> str:
        """Return the unit that the file tells of an array, or an empty text."""
        return self.units.get(name, "")

    def word(self, name: str) -> str:
        """Return what may be a word of this package in the name of an array."""
        return self.words.get(name, name).lower()

    @property
    def listed(self) -> str:
        """The names, as text; only the first of many."""
        return listed(self.arrays)


def listed(names: Iterable[str]) -> str:
    """Return names as text; only the first of many."""
    first, more = (each := list(names))[:MOST_NAMES], len(each) > MOST_NAMES
    return ", ".join(first) + (", ..." if more else "")


def unread(found: Variables, taken: Iterable[str]) -> str:
    """Tell which arrays of a file are not read, as the end of a sentence; empty where all are."""
    left = [name for name in found.arrays if name not in {*taken}]
    return f"; not read: {listed(left)}" if left else ""


def common_unit(found: Variables, names: Sequence[str]) -> str:
    """The unit that is told of all of some arrays; empty where one has none. Raises ReceiverFileError for several."""
    units = {found.unit(name) for name in names}
    if len(told := different_units(units - {""})) > 1:
        raise ReceiverFileError(
            f"{found.path}: {listed(names)} are in {' and '.join(told)}: import them apart, or in one unit"
        )
    return told[0] if told and "" not in units else ""


def _kind_of(found: np.ndarray[Any, Any]) -> str:
    return {"O": "objects (cells, sparse matrices or references)", "V": "a structure", "b": "truth values"}.get(
        found.dtype.kind, "text"
    )


@dataclass(frozen=True)
class Names:
    """Which array holds what; empty where that is neither said nor given."""

    time: str
    x: str
    y: str
    z: str
    xy: str
    receiver: str
    shot: str
    direction: str
    values: tuple[str, ...]
    kind: str
    directions: tuple[Direction, ...]

    @property
    def axes(self) -> list[str]:
        """The arrays of places along each axis."""
        return [name for name in (self.x, self.y, self.z) if name]

    @property
    def taken(self) -> set[str]:
        """The arrays that hold something."""
        return {self.time, self.x, self.y, self.z, self.xy, self.receiver, self.shot, self.direction, *self.values}


def with_units(headers: list[str]) -> tuple[list[str], dict[str, str]]:
    """Return the names of columns and the units of those that have one in brackets, as "time [us]"."""
    names, units = [], {}
    for header in headers:
        parts = WITH_UNIT.fullmatch(header)
        names.append(parts[1] if parts else header.strip())
        if parts:
            units[names[-1]] = parts[2].strip()
    return names, units


def find_names(found: Variables, options: ImportOptions, missing: Missing) -> Names:
    """Find which arrays hold times, positions and values; those of values are asked for where no name says it."""
    taken = {role: _one(found, role, getattr(options, f"{role}_column", "")) for role in WORDS}
    values = tuple(_known(found, "value_columns", name) for name in options.value_columns)
    said = [(name, COMPONENT.fullmatch(found.word(name))) for name in values or found.arrays]
    parts = {name: (match[1], match[2]) for name, match in said if match}
    kinds = {kind for kind, _ in parts.values()}
    if not values and len(kinds) > 1 and options.kind in kinds:
        parts = {name: part for name, part in parts.items() if part[0] == options.kind}
        kinds = {str(options.kind)}
    if not values and len(kinds) > 1:
        missing.ask("kind", f"which of {', '.join(sorted(kinds))}, which it all holds, to take", sorted(kinds)[0])
    values = values or tuple(parts)
    components = [parts.get(name, ("", None))[1] for name in values]
    return Names(
        **taken,
        values=values,
        kind=kinds.pop() if len(kinds) == 1 and len(parts) == len(values) else "",
        directions=tuple(components) if values and all(components) else (),
    )


def _one(found: Variables, role: str, given: str) -> str:
    """The array of a role: the one that is given, or the only one that is called so."""
    if given:
        return _known(found, f"{role}_column", given)
    called = [name for name in found.arrays if found.word(name) in WORDS[role]]
    return called[0] if len(called) == 1 else ""


def _known(found: Variables, option: str, name: str) -> str:
    if name not in found.arrays:
        raise ReceiverFileError(
            f"{found.path}: {option} names {name!r}, which it does not hold; it holds {found.listed}: give a whole "
            f"name, without a unit in brackets{nearest(name, found.arrays)}"
        )
    return name


def ask_for_values(found: Variables, names: Names, missing: Missing) -> None:
    """Ask which arrays hold the values; the example is of those that hold nothing else."""
    places = str(missing.asked["xy_column"][1]) if "xy_column" in missing.asked else ""
    possible = [name for name in found.arrays if name != places]
    taken = {*names.taken, likely_time(missing)}
    left = [name for name in possible if name not in taken] or possible
    missing.ask("value_columns", f"which of {listed(possible)} hold the values", left[:2])


def ask_for_times(found: Variables, columns: Sequence[str], otherwise: str, missing: Missing) -> None:
    """Ask which of some vectors holds the times; the example is the first in a unit of time, or that increases.

    otherwise: what may be given in its place, as the end of a sentence.
    """
    in_time = [name for name in columns if found.unit(name) and is_unit(found.unit(name), "time")]
    likely = next(iter(in_time or [name for name in columns if _increases(found.arrays[name])]), columns[0])
    missing.ask("time_column", f"which of {listed(columns)} holds the times{otherwise}", likely)


def likely_time(missing: Missing) -> str:
    """Return which array may hold the times, where that is asked for; empty elsewhere."""
    return str(missing.asked["time_column"][1]) if "time_column" in missing.asked else ""


def _increases(column: np.ndarray[Any, Any]) -> bool:
    return column.dtype.kind in "fiu" and column.size > 1 and bool((np.diff(column.reshape(-1)) > 0).all())
