"""The layout of receiver files until format 2: x and y of one vector at common times, read for ever."""

from __future__ import annotations

import h5py

from elastic_pinn.physics.data.hdf5_values import numbers
from elastic_pinn.physics.data.quantities import VECTORS
from elastic_pinn.physics.data.recorded_quantity import VECTOR, RecordedQuantity
from elastic_pinn.physics.data.records import Records

FORMAT = "elastic_pinn receivers 1"


def read_records(file: h5py.File) -> tuple[Records, ...]:
    """Return what an open file of format 1 has records of."""
    quantity = _quantity(file)
    recorded, unit = f"receivers/{quantity.name}", quantity.unit
    values = numbers(file, recorded, unit)
    if "noise" not in file[recorded].attrs:
        raise ValueError(f"{recorded} lacks the attribute noise (standard deviation in {unit}, or 0)")
    xy, time = numbers(file, "receivers/xy", "m"), numbers(file, "receivers/time", "s")
    return (Records(quantity.name, values, xy, time, VECTOR, float(file[recorded].attrs["noise"])),)


def _quantity(file: h5py.File) -> RecordedQuantity:
    found = [name for name in VECTORS if f"receivers/{name}" in file]
    if not found:
        first, *others = (f"receivers/{name}" for name in VECTORS)
        raise ValueError(f"the data set {first} is missing, and so are {' and '.join(others)}, any of which would do")
    if len(found) > 1:
        names = " and ".join(f"receivers/{name}" for name in found)
        raise ValueError(f"there are {names}, where a file of this format has one of them")
    return VECTORS[found[0]]
