"""The narrow part of HDF5 that checkpoints use, written: ordered groups, plain numbers, fixed-length text.

Time stamps are left out, so that equal contents give equal bytes. A checkpoint has a hundred data sets and each takes
time, so h5py's low level is called, with types and property lists that are made once.
"""

from functools import lru_cache

import h5py
import numpy as np
from h5py import h5a, h5d, h5f, h5fd, h5g, h5p, h5s, h5t

from elastic_pinn.storage.image import Image

LIBVER = ("v110", "v110")  # metadata with checksums, and readable by every HDF5 since 1.10

COMPRESSED_FROM = 4096  # bytes: smaller data sets would gain nothing
CHUNK_BYTES = 1 << 20


def new_file(image: Image, userblock_size: int) -> h5py.File:
    """An empty HDF5 file, whose bytes are in `image` once it is closed; those of the user block are zeros."""
    access, creation = h5p.create(h5p.FILE_ACCESS), h5p.create(h5p.FILE_CREATE)
    access.set_fileobj_driver(h5fd.fileobj_driver, image)
    access.set_libver_bounds(h5f.LIBVER_V110, h5f.LIBVER_V110)
    access.set_fclose_degree(h5f.CLOSE_STRONG)
    creation.set_userblock(userblock_size)
    creation.set_obj_track_times(False)
    return h5py.File(h5f.create(b"in memory", h5f.ACC_TRUNC, fcpl=creation, fapl=access))


def make_group(parent: h5py.Group, name: str) -> h5py.Group:
    """A new group whose members keep the order in which they are made."""
    return h5py.Group(h5g.create(parent.id, name.encode(), lcpl=_utf8_name(), gcpl=_ordered_group()))


def write_array(parent: h5py.Group, name: str, array: np.ndarray, compression: int = 0) -> h5py.Dataset:
    """A new data set with the shape and type of an array of integers, floats or fixed-length UTF-8 bytes.

    compression: 0 stores it in one piece, 1 to 9 in chunks, shuffled and then deflated, unless it is small.
    """
    array, kind = np.require(array, requirements="C"), _type_of(array.dtype)
    plist = _plain_dataset()
    if compression and array.ndim and array.nbytes >= COMPRESSED_FROM:
        plist = _compressed_dataset(_chunk(array), compression)
    dataset = h5d.create(parent.id, name.encode(), kind, h5s.create_simple(array.shape), plist, lcpl=_utf8_name())
    if array.size:
        dataset.write(h5s.ALL, h5s.ALL, array, kind)
    return h5py.Dataset(dataset)


def write_nested(group: h5py.Group, name: str, array: np.ndarray, compression: int = 0) -> h5py.Dataset:
    """As `write_array`, under a name such as "loss/total", whose folders are groups made as needed."""
    return write_array(*nested(group, name), array, compression)


def nested(group: h5py.Group, name: str) -> tuple[h5py.Group, str]:
    """The group that a name such as "loss/total" lies in, made as needed, and the rest of the name."""
    *folders, leaf = name.split("/")
    for folder in folders:
        group = group[folder] if folder in group else make_group(group, folder)
    return group, leaf


def text_array(text: str) -> np.ndarray:
    """A text as one fixed-length UTF-8 element; HDF5 has none of length 0: an empty one is a single NUL."""
    encoded = text.encode() or b"\0"
    return np.array(encoded, dtype=h5py.string_dtype("utf-8", len(encoded)))


def set_attribute(item: h5py.Group | h5py.Dataset, name: str, value: str | int | float) -> None:
    """A new scalar attribute: fixed-length UTF-8 text, int64 or float64."""
    array = text_array(value) if isinstance(value, str) else np.array(value)
    kind = _type_of(array.dtype)
    h5a.create(item.id, name.encode(), kind, h5s.create(h5s.SCALAR)).write(array, kind)


def _chunk(array: np.ndarray) -> tuple[int, ...]:
    """A chunk of whole rows, about CHUNK_BYTES."""
    row_bytes = array.nbytes // len(array)
    return (min(len(array), max(1, CHUNK_BYTES // row_bytes)), *array.shape[1:])


@lru_cache(maxsize=256)
def _type_of(dtype: np.dtype) -> h5t.TypeID:
    return h5t.py_create(dtype, logical=True)


@lru_cache(maxsize=256)
def _plain_dataset() -> h5p.PropDCID:
    plist = h5p.create(h5p.DATASET_CREATE)
    plist.set_obj_track_times(False)
    plist.set_fill_time(h5d.FILL_TIME_NEVER)
    return plist


@lru_cache(maxsize=256)
def _compressed_dataset(chunk: tuple[int, ...], level: int) -> h5p.PropDCID:
    plist = h5p.create(h5p.DATASET_CREATE)
    plist.set_obj_track_times(False)
    plist.set_chunk(chunk)
    plist.set_shuffle()
    plist.set_deflate(level)
    return plist


@lru_cache(maxsize=256)
def _ordered_group() -> h5p.PropGCID:
    plist = h5p.create(h5p.GROUP_CREATE)
    plist.set_obj_track_times(False)
    plist.set_link_creation_order(h5p.CRT_ORDER_TRACKED | h5p.CRT_ORDER_INDEXED)
    return plist


@lru_cache(maxsize=256)
def _utf8_name() -> h5p.PropLCID:
    plist = h5p.create(h5p.LINK_CREATE)
    plist.set_char_encoding(h5t.CSET_UTF8)
    return plist
