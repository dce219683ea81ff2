"""NumPy's .npy and .npz; nothing in them is unpickled."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from elastic_pinn.physics.data.readers.arrays import traces_of_arrays
from elastic_pinn.physics.data.readers.traces import Missing, Traces, require_size
from elastic_pinn.physics.data.readers.variables import Variables
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions


def read_npy(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read one array, which holds the values; times and positions are options."""
    name = options.kind or "values"
    with path.open("rb") as file:
        found = Variables(path, {name: _array(path, file, "it")})
    chosen = options if options.value_columns else options.model_copy(update={"value_columns": (name,)})
    return traces_of_arrays(found, chosen, missing)


def read_npz(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read named arrays."""
    return traces_of_arrays(variables_in(path, options), options, missing)


def variables_in(path: Path, options: ImportOptions) -> Variables:
    """Return the named arrays of an .npz file. Raises ReceiverFileError where there is none."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
        require_size(path, size, options, " once it is unpacked, it")
        for member in archive.namelist():
            name = member.removesuffix(".npy")
            with archive.open(member) as file:
                arrays[name] = _array(path, file, f"its array {name}")
    if not arrays:
        raise ReceiverFileError(f"{path} holds no array: save arrays by numpy.savez")
    return Variables(path, arrays)


def _array(path: Path, file: Any, of: str) -> np.ndarray[Any, Any]:
    """Return one array. Raises ReceiverFileError for objects, which would have to be unpickled."""
    try:
        return np.lib.format.read_array(file, allow_pickle=False)
    except ValueError as error:
        if "allow_pickle" in str(error):
            mend = "nothing is unpickled here, for that may run code; save plain numbers, by array.astype(float)"
            raise ReceiverFileError(f"{path}: {of} holds pickled objects: {mend}") from None
        raise
