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

FAULTS = (ValueError, OSError, EOFError, SyntaxError, TypeError, KeyError, zipfile.BadZipFile, NotImplementedError)
"""In which NumPy's readers end on files that are damaged, or hold objects."""


def read_npy(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read one array, which holds the values; times and positions are options."""
    return traces_of_arrays(Variables(path, {options.kind or "values": _array(path, path)}), _one(options), missing)


def _one(options: ImportOptions) -> ImportOptions:
    return (
        options if options.value_columns else options.model_copy(update={"value_columns": (options.kind or "values",)})
    )


def read_npz(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read named arrays."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
            require_size(path, size, options, " once it is unpacked, it")
            members = [member for member in archive.namelist() if member.endswith(".npy")]
            arrays = {}
            for member in members:
                with archive.open(member) as file:
                    arrays[member.removesuffix(".npy")] = _array(
                        path, file, f" its array {member.removesuffix('.npy')}"
                    )
    except zipfile.BadZipFile as error:
        raise ReceiverFileError(f"{path} is no whole .npz file: {error}; save it anew by numpy.savez") from error
    if not arrays:
        raise ReceiverFileError(f"{path} holds no array: save arrays by numpy.savez")
    return traces_of_arrays(Variables(path, arrays), options, missing)


def _array(path: Path, file: Any, of: str = "") -> np.ndarray[Any, Any]:
    """Return one array. Raises ReceiverFileError for objects, which would be unpickled, and for a damaged file."""
    try:
        return np.lib.format.read_array(file, allow_pickle=False) if of else np.load(file, allow_pickle=False)
    except FAULTS as error:
        if "pickle" in str(error):
            mend = "nothing is unpickled here, for that may run code; save plain numbers, by array.astype(float)"
            raise ReceiverFileError(f"{path}:{of or ' it'} holds pickled objects: {mend}") from None
        raise ReceiverFileError(f"{path}:{of or ' it'} is no whole array of NumPy: {error}; save it anew") from error
