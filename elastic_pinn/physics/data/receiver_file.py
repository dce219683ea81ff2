"""The receiver file, format 2: HDF5, in SI units, each data set with its unit; data/README.md lists them.

Letters of shapes: R receivers, T times, P pulses.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.paths import near_file
from elastic_pinn.physics.data import receiver_file_1
from elastic_pinn.physics.data.hdf5_values import numbers, put, put_text, put_texts, scalar, text, texts
from elastic_pinn.physics.data.quantities import RECORDED_QUANTITIES, VECTORS
from elastic_pinn.physics.data.recorded_quantity import RecordedQuantity
from elastic_pinn.physics.data.records import Parts, Records
from elastic_pinn.physics.media.material import UNITS
from elastic_pinn.physics.solutions import GaussianPulse

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers

FORMAT = "elastic_pinn receivers 2"
ALWAYS = "values", "xy", "time", "directions", "noise"
NAMES = "names"
HDF5 = b"\x89HDF"  # with which such a file begins
USUAL = {"gain": 1.0, "delay": 0.0}  # which are not written
PULSE_UNITS = {"center": "m", "direction": "1", "width": "m", "peak": "m/s"}


class ReceiverFileError(ElasticPinnError, ValueError):
    """A receiver file that cannot be used; the text names the file, the fault and what to do."""


def read_bytes(path: Path) -> bytes:
    """Return the file's bytes, or say where they were looked for."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ReceiverFileError(
            f"no receiver file could be read at {path.absolute()}: {error.strerror}; check the path, "
            f"or make a file with data/make_aluminium_receivers.py{near_file(path, path)}"
        ) from error


def not_whole(path: Path, image: bytes, error: Exception) -> ReceiverFileError:
    """Return the error of a file whose bytes h5py cannot read: a damaged one, or of another kind."""
    mend = "fetch or make it anew"
    if image and not image.startswith(HDF5):
        mend = f"of a raw recording, `elastic-pinn import {path} --output ...` or 07_own_data makes a receiver file"
    return ReceiverFileError(f"{path} is not a whole HDF5 file: {error}; {mend}")


def read(file: h5py.File) -> dict[str, Any]:
    """Return the fields of Receivers from an open file, `truth` as those of Truth."""
    found = text(file.attrs.get("format", "missing"))
    if found not in (FORMAT, receiver_file_1.FORMAT):
        raise ValueError(
            f"the attribute format is {found!r}, where {FORMAT!r} is needed, or {receiver_file_1.FORMAT!r}"
        )
    known = [name for name in UNITS if f"known/{name}" in file]
    if known not in ([], ["rho"]):
        known = list(UNITS)
    return {
        "records": _read_records(file) if found == FORMAT else receiver_file_1.read_records(file),
        "material": _read_constants(file, "known", known),
        "start": frozenset(name for name in known if _read_role(file, f"known/{name}") == "start"),
        "pulses": _read_pulses(file) if "known/pulses" in file else (),
        "truth": _read_truth(file) if "truth" in file else None,
        "title": text(file.attrs.get("title", "")),
        "provenance": text(file.attrs.get("provenance", "")),
    }


def _read_records(file: h5py.File) -> tuple[Records, ...]:
    """Return the records of the groups /records/1, /records/2, ..."""
    groups = file.get("records")
    if not isinstance(groups, h5py.Group) or not len(groups):
        raise ValueError("the group records is missing, or has nothing in it")
    if wrong := sorted(set(groups) - {str(i) for i in range(1, len(groups) + 1)}):
        raise ValueError(f"records/{wrong[0]} is no number from 1 to {len(groups)}, of {len(groups)} groups")
    return tuple(_read_one(file, f"records/{i}") for i in range(1, len(groups) + 1))


def _read_one(file: h5py.File, group: str) -> Records:
    attributes = file[group].attrs
    quantity = text(attributes.get("quantity", "missing"))
    if quantity not in RECORDED_QUANTITIES:
        legal = ", ".join(RECORDED_QUANTITIES)
        raise ValueError(f"the attribute quantity of {group} is {quantity!r}, where one of {legal} is needed")
    kind = RECORDED_QUANTITIES[quantity]
    given: dict[str, Any] = {name: numbers(file, f"{group}/{name}", unit) for name, unit in _units(kind).items()
             if name in ALWAYS or name in file[group]}  # fmt: skip
    told = text(file[f"{group}/directions"].attrs.get("components", "missing"))
    if told != " ".join(kind.components):
        needed = " ".join(kind.components)
        raise ValueError(f"the attribute components of {group}/directions is {told!r}, where {needed!r} is needed")
    given["directions"] = Parts(given["directions"])
    if NAMES in file[group]:
        given[NAMES] = texts(file, f"{group}/{NAMES}")
    try:
        return Records(quantity, shot=text(attributes.get("shot", "")), **given)
    except ValueError as error:
        raise ValueError(f"{group}: {error}") from error


def _units(kind: RecordedQuantity) -> dict[str, str]:
    """The data sets of records, and their units."""
    return {
        "values": kind.unit,
        "xy": "m",
        "time": "s",
        "directions": "1",
        "noise": kind.unit,
        "gain": "1",
        "delay": "s",
    }


def _read_truth(file: h5py.File) -> dict[str, Any]:
    given = {
        name: numbers(file, f"truth/{name}", kind.unit) for name, kind in VECTORS.items() if f"truth/{name}" in file
    }
    return {"material": _read_constants(file, "truth", UNITS), **given}


def _read_constants(file: h5py.File, group: str, names: Iterable[str]) -> dict[str, float]:
    return {name: scalar(file, f"{group}/{name}", UNITS[name]) for name in names}


def _read_role(file: h5py.File, name: str) -> str:
    """Return "start" or "known"."""
    role = text(file[name].attrs.get("role", "missing"))
    if role not in ("start", "known"):
        raise ValueError(f"the attribute role of {name} is {role!r}, where 'start' or 'known' is needed")
    return role


def _read_pulses(file: h5py.File) -> tuple[GaussianPulse, ...]:
    """Return the pulses; a data set holds one of their values for all of them."""
    columns = {name: numbers(file, f"known/pulses/{name}", unit) for name, unit in PULSE_UNITS.items()}
    for name, column in columns.items():
        needed = (columns["width"].size, 2) if name in ("center", "direction") else (columns["width"].size,)
        if column.shape != needed:
            raise ValueError(f"known/pulses/{name} has shape {column.shape}, where {needed} is needed")
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return tuple(GaussianPulse(tuple(center), tuple(direction), *rest) for center, direction, *rest in rows)


def write(file: h5py.File, receivers: Receivers) -> None:
    """Fill an open file."""
    for name in ("title", "provenance"):
        put_text(file, name, getattr(receivers, name))
    put_text(file, "format", FORMAT)
    for number, records in enumerate(receivers.records, 1):
        group = f"records/{number}"
        for name, unit in _units(records.kind).items():
            values = records.directions.values if name == "directions" else getattr(records, name)
            if name in ALWAYS or np.ndim(values) or values != USUAL[name]:
                put(file, f"{group}/{name}", values, unit)
        if records.names is not None:
            put_texts(file, f"{group}/{NAMES}", records.names)
        put_text(file[group], "quantity", records.quantity)
        put_text(file[group], "shot", records.shot)
        put_text(file[f"{group}/directions"], "components", " ".join(records.kind.components))
    for name, value in receivers.material.items():
        dataset = put(file, f"known/{name}", value, UNITS[name])
        put_text(dataset, "role", "start" if name in receivers.start else "known")
    if receivers.pulses:
        for name, unit in PULSE_UNITS.items():
            put(file, f"known/pulses/{name}", [getattr(pulse, name) for pulse in receivers.pulses], unit)
    if truth := receivers.truth:
        for name, unit in UNITS.items():
            put(file, f"truth/{name}", truth.material[name], unit)
        for name in truth.records:
            put(file, f"truth/{name}", truth.recorded, truth.quantity.unit)
