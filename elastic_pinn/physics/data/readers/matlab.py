"""MATLAB's .mat: v5 to v7 by SciPy, v7.3, which is HDF5, by h5py."""

from __future__ import annotations

import math
from pathlib import Path

from elastic_pinn.physics.data.readers import hdf5_file
from elastic_pinn.physics.data.readers.arrays import traces_of_arrays
from elastic_pinn.physics.data.readers.traces import Missing, Traces, require_size
from elastic_pinn.physics.data.readers.variables import Variables
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions


def read(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read the variables of a file; cells, structures and objects are left aside."""
    with path.open("rb") as file:
        is_v7_3 = b"\x89HDF" in file.read(1024)
    found = hdf5_file.variables(path, options, is_matlab=True) if is_v7_3 else _up_to_v7(path, options)
    return traces_of_arrays(found, options, missing)


def _up_to_v7(path: Path, options: ImportOptions) -> Variables:
    from scipy.io import loadmat, whosmat

    for name, shape, _ in whosmat(path):
        require_size(path, 8 * math.prod(shape), options, f" its {name}")
    found = loadmat(path, chars_as_strings=False)
    arrays = {name: value for name, value in found.items() if not name.startswith("__") and hasattr(value, "dtype")}
    if not arrays:
        raise ReceiverFileError(f"{path} holds no variable: save numeric arrays")
    return Variables(path, arrays)
