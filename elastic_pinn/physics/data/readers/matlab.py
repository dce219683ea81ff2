"""MATLAB's .mat: v5 to v7 by SciPy, v7.3, which is HDF5, by h5py.

A field of a structure is called as in MATLAB: "scan.velocity", or "scan(2).velocity" of an array of structures.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from elastic_pinn.physics.data.readers.arrays import traces_of_arrays
from elastic_pinn.physics.data.readers.traces import Missing, Traces, require_size
from elastic_pinn.physics.data.readers.variables import Variables
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions

Named = Iterator[tuple[str, np.ndarray[Any, Any]]]
NUMBERS = re.compile(r"|double|single|u?int(8|16|32|64)|logical")  # classes in v7.3; plain HDF5 has none
HEAD, COMPRESSED = 128, 15  # bytes of a v5 file's header; the type of a variable that is compressed by zlib


def read(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read the variables of a file, and the fields of its structures; cells, text and objects are left unread."""
    with path.open("rb") as file:
        is_v7_3 = b"\x89HDF" in file.read(1024)
    arrays = _of_v7_3(path, options) if is_v7_3 else _up_to_v7(path, options)
    if not arrays:
        raise ReceiverFileError(f"{path} holds no variable: save numeric arrays")
    # A field of one number is a setting, as of an instrument, and no time, place or record.
    last = {name: name.rpartition(".")[2] for name, values in arrays.items() if values.size != 1}
    count = Counter(last.values())
    return traces_of_arrays(
        Variables(path, arrays, words={name: word for name, word in last.items() if count[word] == 1}), options, missing
    )


def _up_to_v7(path: Path, options: ImportOptions) -> dict[str, np.ndarray[Any, Any]]:
    from scipy.io import loadmat, whosmat
    from scipy.io.matlab import matfile_version

    for name, shape, _ in whosmat(path):
        require_size(path, 8 * math.prod(shape), options, f" its {name}")
    if matfile_version(path)[0] == 1:  # v5 to v7: v4 has no structures
        require_size(path, _unpacked(path), options, " once it is unpacked, it")
    found = loadmat(path, chars_as_strings=False)
    named = ((name, value) for name, value in found.items() if not name.startswith("__") and hasattr(value, "dtype"))
    return {field: values for name, value in named for field, values in _fields(name, value)}


def _unpacked(path: Path) -> int:
    """The bytes of all variables of a v5 file once they are unpacked, as their heads tell before any is read."""
    size = 0
    with path.open("rb") as file:
        order = "<" if file.read(HEAD)[-2:] == b"IM" else ">"
        while len(head := file.read(8)) == 8:
            kind, length = struct.unpack(f"{order}2I", head)
            end = file.tell() + length
            if kind == COMPRESSED:
                head = zlib.decompressobj().decompress(file.read(min(length, 1024)), 8)
                _, length = struct.unpack(f"{order}2I", head)
            size += length
            file.seek(end)
    return size


def _fields(name: str, value: Any) -> Named:
    """An array by its name, or those in a structure, or in an array of structures, by the names of its fields.

    MATLAB's objects, which SciPy gives as arrays of subclasses, are none of these, nor are sparse matrices.
    """
    if type(value) is not np.ndarray or value.dtype.names is None:
        yield name, value if isinstance(value, np.ndarray) else np.empty(0, dtype=object)
        return
    for number, each in enumerate(value.reshape(-1, order="F"), start=1):
        at = name if value.size == 1 else f"{name}({number})"
        for field in value.dtype.names:
            yield from _fields(f"{at}.{field}", each[field])


def _of_v7_3(path: Path, options: ImportOptions) -> dict[str, np.ndarray[Any, Any]]:
    with h5py.File(path) as file:
        nodes = [each for name, node in file.items() if not name.startswith("#") for each in _nodes(name, node)]
        total, arrays = 0, {}
        for name, node in nodes:
            arrays[name] = np.empty(0, dtype="U1" if _class(node) == "char" else object)
            if isinstance(node, h5py.Dataset) and node.dtype.kind in "fiu" and NUMBERS.fullmatch(_class(node)):
                total += 8 * node.size
                require_size(path, total, options, f" its {name}")
                arrays[name] = _array(node)
    return arrays


def _nodes(name: str, node: h5py.Group | h5py.Dataset) -> Iterator[tuple[str, h5py.Group | h5py.Dataset]]:
    """A data set by its name, or those in a structure; an array of structures has references in each field.

    A sparse matrix, which is a group too, is given as it is.
    """
    if isinstance(node, h5py.Dataset) or "MATLAB_sparse" in node.attrs:
        yield name, node
        return
    for field, value in node.items():
        is_of_array = isinstance(value, h5py.Dataset) and value.dtype == h5py.ref_dtype and not _class(value)
        if not is_of_array:
            yield from _nodes(f"{name}.{field}", value)
            continue
        for number, reference in enumerate(value[()].reshape(-1), start=1):
            yield from _nodes(f"{name}({number}).{field}", node.file[reference])


def _class(node: h5py.Group | h5py.Dataset) -> str:
    said = node.attrs.get("MATLAB_class", b"")
    return said.decode("latin-1") if isinstance(said, bytes) else str(said)


def _array(node: h5py.Dataset) -> np.ndarray[Any, Any]:
    """The numbers, in MATLAB's order of axes; an empty array has its size in the place of numbers."""
    return np.empty(0) if node.attrs.get("MATLAB_empty", 0) else np.asarray(node[()]).T
