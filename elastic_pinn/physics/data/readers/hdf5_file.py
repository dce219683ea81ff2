"""HDF5: data sets by their paths, with the units that their attributes tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from elastic_pinn.physics.data.readers.arrays import traces_of_arrays
from elastic_pinn.physics.data.readers.traces import Missing, Traces, require_size
from elastic_pinn.physics.data.readers.variables import Variables
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions

PACKING, FILLS = ("scale_factor", "add_offset"), ("_FillValue", "missing_value")


def read(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read the data sets of a file, in groups too, by their paths, with their attribute units; objects are unread."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    units: dict[str, str] = {}
    with h5py.File(path) as file:
        if "format" in file.attrs and "elastic_pinn receivers" in str(file.attrs["format"]):
            raise ReceiverFileError(f"{path} is a receiver file already: read it by ep.Receivers.load")
        for name, found in _data_sets(file):
            if found.dtype.kind in "fiu":
                _require_plain(path, name, found)
                require_size(path, 8 * found.size, options, f" its {name}")
                arrays[name] = found[()]
            else:
                arrays[name] = np.empty(0, dtype=object)
            if "units" in found.attrs:
                unit = found.attrs["units"]
                units[name] = unit.decode("utf-8", "replace") if isinstance(unit, bytes) else str(unit)
    if not arrays:
        raise ReceiverFileError(f"{path} holds no data set: save numeric arrays")
    return traces_of_arrays(Variables(path, arrays, units), options, missing)


def _require_plain(path: Path, name: str, found: h5py.Dataset) -> None:
    """Raise ReceiverFileError for numbers that NetCDF packs, or marks as missing."""
    said = [name for name in PACKING if name in found.attrs]
    said += [name for name in FILLS if np.isfinite(np.asarray(found.attrs.get(name, np.nan), dtype=np.float64)).any()]
    if said:
        raise ReceiverFileError(
            f"{path}: {name} has the attribute {said[0]}, by which NetCDF packs numbers or marks missing ones: give "
            "format='netcdf', or save plain numbers, NaN where there are none"
        )


def _data_sets(file: h5py.File) -> list[tuple[str, h5py.Dataset]]:
    """Every data set by its path; those of MATLAB's own bookkeeping begin with #."""
    found: list[tuple[str, h5py.Dataset]] = []
    file.visititems(lambda name, node: found.append((name, node)) if isinstance(node, h5py.Dataset) else None)
    return [(name, node) for name, node in found if not name.startswith("#")]
