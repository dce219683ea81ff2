"""The narrow part of HDF5 that checkpoints use, written: ordered groups, contiguous numbers, fixed-length text.

Time stamps are left out, so that equal contents give equal bytes, and h5py's low level is called, as a checkpoint has
hundreds of data sets and each takes time.
"""

from io import BytesIO

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5o, h5p, h5s, h5t

# Metadata with checksums, and readable by every HDF5 since 1.10.
LIBVER = ("v110", "v110")


def new_file(buffer: BytesIO, userblock_size: int) -> h5py.File:
    """An empty HDF5 file that is built in memory."""
    return h5py.File(buffer, "w", userblock_size=userblock_size, libver=LIBVER)


def make_group(parent: h5py.Group, name: str) -> h5py.Group:
    """A new group whose members keep the order in which they are made."""
    plist = h5p.create(h5p.GROUP_CREATE)
    plist.set_obj_track_times(False)
    plist.set_link_creation_order(h5p.CRT_ORDER_TRACKED | h5p.CRT_ORDER_INDEXED)
    return h5py.Group(h5g.create(parent.id, name.encode(), lcpl=_utf8_name(), gcpl=plist))


def write_array(parent: h5py.Group, name: str, array: np.ndarray) -> h5py.Dataset:
    """A new data set with the shape and type of an array of integers, floats or fixed-length UTF-8 bytes."""
    plist = h5p.create(h5p.DATASET_CREATE)
    plist.set_obj_track_times(False)
    array = np.require(array, requirements="C")
    dataset = h5d.create(parent.id, None, _type_of(array), h5s.create_simple(array.shape), plist)
    if array.size:
        dataset.write(h5s.ALL, h5s.ALL, array)
    h5o.link(dataset, parent.id, name.encode(), lcpl=_utf8_name())
    return h5py.Dataset(dataset)


def write_nested(group: h5py.Group, name: str, array: np.ndarray) -> h5py.Dataset:
    """As `write_array`, under a name such as "loss/total", whose folders are groups made as needed."""
    *folders, leaf = name.split("/")
    for folder in folders:
        group = group[folder] if folder in group else make_group(group, folder)
    return write_array(group, leaf, array)


def text_array(text: str) -> np.ndarray:
    """A text as one fixed-length UTF-8 element; HDF5 has none of length 0: an empty one is a single NUL."""
    return np.array(text.encode() or b"\0", dtype=h5py.string_dtype("utf-8", max(1, len(text.encode()))))


def set_attribute(item: h5py.Group | h5py.Dataset, name: str, value: str | int | float) -> None:
    """A new scalar attribute: fixed-length UTF-8 text, int64 or float64."""
    array = text_array(value) if isinstance(value, str) else np.array(value)
    attribute = h5a.create(item.id, name.encode(), _type_of(array), h5s.create(h5s.SCALAR))
    attribute.write(array)


def _type_of(array: np.ndarray) -> h5t.TypeID:
    return h5t.py_create(array.dtype, logical=True)


def _utf8_name() -> h5p.PropLCID:
    plist = h5p.create(h5p.LINK_CREATE)
    plist.set_char_encoding(h5t.CSET_UTF8)
    return plist
