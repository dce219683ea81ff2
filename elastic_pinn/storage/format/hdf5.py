"""Write the subset of HDF5 that checkpoints use: ordered groups, plain numbers, fixed-length text.

Time stamps are omitted, so that equal contents give equal bytes. A checkpoint has dozens of data sets and each takes
time, so h5py's low-level interface is used, with types and property lists that are made once, and numbers are written
directly at the offsets that libhdf5 reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import h5py
import numpy as np
from h5py import h5a, h5d, h5f, h5fd, h5g, h5p, h5s, h5t

from elastic_pinn.storage.format.image import Image

LIBVER = ("v110", "v110")  # metadata with checksums, and readable by every HDF5 since 1.10

COMPRESSED_FROM = 4096  # bytes: smaller data sets do not shrink
CHUNK_BYTES = 1 << 20
IN_HEADER = (1000, 0)  # so many attributes are stored in an object's header: an index would take time

Value = str | int | float


def new_file(image: Image, userblock_size: int) -> h5py.File:
    """Return an empty HDF5 file whose bytes are in `image` once it is closed; the user block is zeros."""
    access, creation = h5p.create(h5p.FILE_ACCESS), h5p.create(h5p.FILE_CREATE)
    access.set_fileobj_driver(h5fd.fileobj_driver, image)
    access.set_libver_bounds(h5f.LIBVER_V110, h5f.LIBVER_V110)
    access.set_fclose_degree(h5f.CLOSE_STRONG)
    creation.set_userblock(userblock_size)
    creation.set_obj_track_times(False)
    creation.set_attr_phase_change(*IN_HEADER)
    return h5py.File(h5f.create(b"in memory", h5f.ACC_TRUNC, fcpl=creation, fapl=access))


class NewGroup:
    """A group of a `new_file`; its members keep the order in which they are made.

    Arguments:
        image: where the file is built.
        group: the group itself, such as `file.id` for the root.
        name: its path, for error messages.

    Raises ValueError for a name that is there already.
    """

    def __init__(self, image: Image, group: h5g.GroupID | h5f.FileID, name: str = "") -> None:
        self._image, self._id, self.name = image, group, name
        self._groups: dict[str, NewGroup] = {}

    def group(self, name: str) -> NewGroup:
        """Return the subgroup of a name; it is made if it does not exist."""
        if name not in self._groups:
            made = h5g.create(self._id, name.encode(), lcpl=_utf8_name(), gcpl=_ordered_group())
            self._groups[name] = NewGroup(self._image, made, f"{self.name}/{name}")
        return self._groups[name]

    def nested(self, name: str) -> tuple[NewGroup, str]:
        """Return the group of a name such as "loss/total", made as needed, and the last part of the name."""
        *folders, leaf = name.split("/")
        group = self
        for folder in folders:
            group = group.group(folder)
        return group, leaf

    def array(self, name: str, array: np.ndarray, compression: int = 0, **attributes: Value) -> None:
        """Make a data set with the shape and type of an array of integers, floats or fixed-length UTF-8 bytes.

        compression: 0 stores it in one piece, 1 to 9 in chunks, shuffled and then deflated, unless it is small.
        """
        array, kind = np.require(array, requirements="C"), _type_of(array.dtype)
        if compression and array.ndim and array.nbytes >= COMPRESSED_FROM:
            dataset = self._dataset(name, kind, array.shape, _deflated(_chunk(array), compression), attributes)
            dataset.write(h5s.ALL, h5s.ALL, array, kind)
            return
        dataset = self._dataset(name, kind, array.shape, _plain_dataset(), attributes)
        if array.size:
            self._image.seek(dataset.get_offset())  # the same as through libhdf5, in a third of the time
            self._image.write(array.reshape(-1).view(np.uint8))

    def chunks(
        self, name: str, dtype: np.dtype, shape: tuple[int], chunk: int, chunks: Sequence[bytes], **attributes: Value
    ) -> None:
        """Make a data set of one axis from chunks of so many rows, shuffled and deflated before."""
        dataset = self._dataset(name, _type_of(dtype), shape, _deflated((chunk,), 1), attributes)
        for number, data in enumerate(chunks):
            dataset.write_direct_chunk((number * chunk,), data)

    def set(self, **attributes: Value) -> None:
        """Set new attributes of this group: fixed-length UTF-8 text, int64 or float64."""
        for name, value in attributes.items():
            set_attribute(self._id, name, value)

    def _dataset(
        self, name: str, kind: h5t.TypeID, shape: tuple[int, ...], plist: h5p.PropDCID, attributes: dict[str, Value]
    ) -> h5d.DatasetID:
        dataset = h5d.create(self._id, name.encode(), kind, _space(shape), plist, lcpl=_utf8_name())
        for attribute, value in attributes.items():
            set_attribute(dataset, attribute, value)
        return dataset


def text_array(text: str) -> np.ndarray:
    """Return a text as one fixed-length UTF-8 element; an empty text is a single NUL, since HDF5 has no length 0."""
    encoded = text.encode() or b"\0"
    return np.array(encoded, dtype=h5py.string_dtype("utf-8", len(encoded)))


def set_attribute(item: h5g.GroupID | h5d.DatasetID | h5f.FileID, name: str, value: Value) -> None:
    """Set a new scalar attribute: fixed-length UTF-8 text, int64 or float64."""
    array = text_array(value) if isinstance(value, str) else np.array(value)
    kind = _type_of(array.dtype)
    h5a.create(item, name.encode(), kind, _scalar()).write(array, kind)


def _chunk(array: np.ndarray) -> tuple[int, ...]:
    """A chunk of whole rows, about CHUNK_BYTES."""
    row_bytes = array.nbytes // len(array)
    return (min(len(array), max(1, CHUNK_BYTES // row_bytes)), *array.shape[1:])


@lru_cache(maxsize=256)
def _type_of(dtype: np.dtype) -> h5t.TypeID:
    return h5t.py_create(dtype, logical=True)


@lru_cache(maxsize=256)
def _space(shape: tuple[int, ...]) -> h5s.SpaceID:
    return h5s.create_simple(shape)


@lru_cache(maxsize=1)
def _scalar() -> h5s.SpaceID:
    return h5s.create(h5s.SCALAR)


@lru_cache(maxsize=1)
def _plain_dataset() -> h5p.PropDCID:
    plist = h5p.create(h5p.DATASET_CREATE)
    plist.set_obj_track_times(False)
    plist.set_fill_time(h5d.FILL_TIME_NEVER)
    plist.set_alloc_time(h5d.ALLOC_TIME_EARLY)  # so that the offset of its bytes is known
    return plist


@lru_cache(maxsize=256)
def _deflated(chunk: tuple[int, ...], level: int) -> h5p.PropDCID:
    plist = h5p.create(h5p.DATASET_CREATE)
    plist.set_obj_track_times(False)
    plist.set_chunk(chunk)
    plist.set_shuffle()
    plist.set_deflate(level)
    return plist


@lru_cache(maxsize=1)
def _ordered_group() -> h5p.PropGCID:
    plist = h5p.create(h5p.GROUP_CREATE)
    plist.set_obj_track_times(False)
    plist.set_link_creation_order(h5p.CRT_ORDER_TRACKED | h5p.CRT_ORDER_INDEXED)
    plist.set_attr_phase_change(*IN_HEADER)
    return plist


@lru_cache(maxsize=1)
def _utf8_name() -> h5p.PropLCID:
    plist = h5p.create(h5p.LINK_CREATE)
    plist.set_char_encoding(h5t.CSET_UTF8)
    return plist
