"""The receiver file: HDF5, in SI units, each data set with its unit as an attribute; data/README.md lists them.

Letters of shapes: R receivers, T times, P pulses.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.physics.data.quantities import RECORDED_QUANTITIES, only_quantity
from elastic_pinn.physics.data.recorded_quantity import RecordedQuantity
from elastic_pinn.physics.media.material import UNITS
from elastic_pinn.physics.numbers import Array, require_real
from elastic_pinn.physics.solutions import GaussianPulse

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers

FORMAT = "elastic_pinn receivers 1"
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
            "or make a file with data/make_aluminium_receivers.py"
        ) from error


def read(file: h5py.File) -> dict[str, Any]:
    """Return the fields of Receivers from an open file."""
    found = _text(file.attrs.get("format", "missing"))
    if found != FORMAT:
        raise ValueError(f"the attribute format is {found!r}, where {FORMAT!r} is needed")
    quantity = _quantity(file)
    recorded, unit = f"receivers/{quantity.name}", quantity.unit
    values = _numbers(file, recorded, unit)
    if "noise" not in file[recorded].attrs:
        raise ValueError(f"{recorded} lacks the attribute noise (standard deviation in {unit}, or 0)")
    is_known = any(f"known/{name}" in file for name in UNITS)
    return {
        "xy": _numbers(file, "receivers/xy", "m"),
        "time": _numbers(file, "receivers/time", "s"),
        quantity.name: values,
        "noise": float(file[recorded].attrs["noise"]),
        "material": _read_material(file, "known") if is_known else {},
        "start": frozenset(name for name in UNITS if is_known and _read_role(file, f"known/{name}") == "start"),
        "pulses": _read_pulses(file) if "known/pulses" in file else (),
        "truth": {
            "material": _read_material(file, "truth"),
            quantity.name: _numbers(file, f"truth/{quantity.name}", unit),
        }
        if "truth" in file
        else None,
        "title": _text(file.attrs.get("title", "")),
        "provenance": _text(file.attrs.get("provenance", "")),
    }


def _quantity(file: h5py.File) -> RecordedQuantity:
    """Return what the file has records of."""
    found = [name for name in RECORDED_QUANTITIES if f"receivers/{name}" in file]
    if not found:
        first, *others = (f"receivers/{name}" for name in RECORDED_QUANTITIES)
        raise ValueError(f"the data set {first} is missing, and so are {' and '.join(others)}, any of which would do")
    if len(found) > 1:
        names = " and ".join(f"receivers/{name}" for name in found)
        raise ValueError(f"there are {names}, where a file has one of them: write a file for each")
    return only_quantity(found)


def _dataset(file: h5py.File, name: str, unit: str) -> h5py.Dataset:
    """Return a data set of numbers in the stated unit."""
    dataset = file.get(name)
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"the data set {name} is missing")
    require_real(name, dataset.dtype)
    found = _text(dataset.attrs.get("units", "missing"))
    if found != unit:
        raise ValueError(f"the attribute units of {name} is {found!r}, where {unit!r} is needed")
    return dataset


def _numbers(file: h5py.File, name: str, unit: str) -> Array:
    """Return the values of a data set, in double precision."""
    return np.asarray(_dataset(file, name, unit)[()], dtype=np.float64)


def _scalar(file: h5py.File, name: str, unit: str) -> float:
    """Return the value of a data set that holds one number."""
    value = _numbers(file, name, unit)
    if value.shape != ():
        raise ValueError(f"{name} has shape {value.shape}, where one number is needed")
    return float(value)


def _read_material(file: h5py.File, group: str) -> dict[str, float]:
    return {name: _scalar(file, f"{group}/{name}", unit) for name, unit in UNITS.items()}


def _read_role(file: h5py.File, name: str) -> str:
    """Return "start" or "known"."""
    role = _text(file[name].attrs.get("role", "missing"))
    if role not in ("start", "known"):
        raise ValueError(f"the attribute role of {name} is {role!r}, where 'start' or 'known' is needed")
    return role


def _read_pulses(file: h5py.File) -> tuple[GaussianPulse, ...]:
    """Return the pulses; a data set holds one of their values for all of them."""
    columns = {name: _numbers(file, f"known/pulses/{name}", unit) for name, unit in PULSE_UNITS.items()}
    for name, column in columns.items():
        needed = (columns["width"].size, 2) if name in ("center", "direction") else (columns["width"].size,)
        if column.shape != needed:
            raise ValueError(f"known/pulses/{name} has shape {column.shape}, where {needed} is needed")
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return tuple(GaussianPulse(tuple(center), tuple(direction), *rest) for center, direction, *rest in rows)


def _text(value: object) -> str:
    """Return an attribute as text, whichever kind of string a writer chose."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def write(file: h5py.File, receivers: Receivers) -> None:
    """Fill an open file."""
    for name in ("title", "provenance"):
        _put_text(file, name, getattr(receivers, name))
    _put_text(file, "format", FORMAT)
    _put(file, "receivers/xy", receivers.xy, "m")
    _put(file, "receivers/time", receivers.time, "s")
    quantity = receivers.quantity
    recorded = _put(file, f"receivers/{quantity.name}", receivers.recorded, quantity.unit)
    recorded.attrs["noise"] = receivers.noise
    recorded.attrs["noise_relative"] = receivers.noise_relative
    for name, unit in UNITS.items() if receivers.material else ():
        dataset = _put(file, f"known/{name}", receivers.material[name], unit)
        _put_text(dataset, "role", "start" if name in receivers.start else "known")
    if receivers.pulses:
        for name, unit in PULSE_UNITS.items():
            _put(file, f"known/pulses/{name}", [getattr(pulse, name) for pulse in receivers.pulses], unit)
    if receivers.truth:
        for name, unit in UNITS.items():
            _put(file, f"truth/{name}", receivers.truth.material[name], unit)
        _put(file, f"truth/{quantity.name}", receivers.truth.recorded, quantity.unit)


def _put(file: h5py.File, name: str, values: object, unit: str) -> h5py.Dataset:
    dataset = file.create_dataset(name, data=np.asarray(values, dtype=np.float64))
    _put_text(dataset, "units", unit)
    return dataset


def _put_text(node: h5py.HLObject, name: str, text: str) -> None:
    """Write an attribute as UTF-8 of fixed length, which every viewer shows."""
    data = text.encode()
    node.attrs.create(name, data, dtype=h5py.string_dtype("utf-8", max(len(data), 1)))
