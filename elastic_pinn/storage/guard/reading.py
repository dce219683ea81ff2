"""Read the subset of HDF5 that checkpoints use; anything that this package never writes is refused before it is used.

Refused are links other than hard ones, second paths to one object, types other than integers, floats and fixed-length
text, external and virtual storage, filters other than shuffle + deflate, data that declare more than they store, and
files with too many, too deep or too large objects for a checkpoint. Memory for a data set is allocated only after its
declared and stored sizes were found consistent.
"""

import struct
from collections.abc import Iterator
from math import prod
from os import PathLike
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5l, h5o, h5p, h5s, h5t, h5z

from elastic_pinn.storage.errors import CheckpointError
from elastic_pinn.storage.guard.chunks import Chunks
from elastic_pinn.storage.guard.metadata import SuspiciousMetadataError, check_metadata

# What h5py, NumPy and torch raise about contents that this package never writes.
UNREADABLE = (OSError, RuntimeError, LookupError, ValueError, TypeError, ArithmeticError, MemoryError)
REFUSED = "Do not use this file: elastic_pinn writes no such object"

# Limits on one file, far above what any run of elastic_pinn needs.
MAX_OBJECTS = 100_000
MAX_DEPTH = 64
MAX_ATTRIBUTES = 1_000  # of one object
MAX_ATTRIBUTE_BYTES = 65_536
MAX_EXPANSION = 1032  # bytes that deflate can inflate one byte to, at most
FREE_BYTES, FREE_RATIO = 256 << 20, 16  # limit on the declared bytes: a constant, and a factor of the file's size

# What `new_file` writes after the user block: signature, version 3, 8-byte addresses and lengths, flags, the
# user block's size, no extension, where the file ends; then the root group's address and a checksum.
SUPERBLOCK = struct.Struct("<8sBBBBQQQ")
UNDEFINED = 2**64 - 1

NUMBERS = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
PLAIN = {np.dtype(order + code): h5t.py_create(np.dtype(order + code)) for order in "<>" for code in NUMBERS}


def require_known_structure(path: str | PathLike[str], data: bytes, userblock_size: int) -> None:
    """Refuse a file image whose superblock or indexes differ from those that this package writes.

    Another kind of superblock may refer to other files, and a crafted index may crash libhdf5, before a guard can check
    it.
    """
    expected = (b"\x89HDF\r\n\x1a\n", 3, 8, 8, 0, userblock_size, UNDEFINED, len(data))
    block = data[userblock_size : userblock_size + SUPERBLOCK.size]
    if len(block) < SUPERBLOCK.size or SUPERBLOCK.unpack(block) != expected:
        raise CheckpointError(path, "is sealed, but its HDF5 part begins as no checkpoint does", REFUSED)
    try:
        check_metadata(data, userblock_size)
    except SuspiciousMetadataError as error:
        raise CheckpointError(
            path, f"is sealed, but its HDF5 part is built as no checkpoint is ({error})", REFUSED
        ) from error


def is_consistent(declared: int, size: int) -> bool:
    """Return whether a file of this size may declare so many bytes in its data sets: otherwise it may be a bomb."""
    return declared <= FREE_BYTES + FREE_RATIO * size


class Guard:
    """The limits on one opened file, and how much of them is used. All reading of the file goes through this class.

    Every method raises CheckpointError, which names the object, for anything that this package never writes.

    skips_foreign: leave out attributes that are no plain numbers or text, such as those that viewers add, instead.
    """

    def __init__(self, file: h5py.File, skips_foreign: bool = False) -> None:
        self._skips_foreign = skips_foreign
        self._size = file.id.get_filesize()
        self._seen = {h5o.get_info(h5g.open(file.id, b"/")).addr}
        self._depth = self._stored = self._declared = 0

    def members(self, group: h5py.Group) -> Iterator[tuple[str, h5py.Group | h5py.Dataset]]:
        """Yield the groups and data sets in a group, in order; the depth is counted by nested iteration."""
        self._depth += 1
        try:
            if self._depth > MAX_DEPTH:
                raise refusal(group, f"is nested deeper than {MAX_DEPTH} groups")
            if len(self._seen) + group.id.get_num_objs() > MAX_OBJECTS:
                raise refusal(group, f"brings the file above {MAX_OBJECTS:,} objects")
            for name in group.id:
                yield self._member(group, name)
        finally:
            self._depth -= 1

    def walk(self, group: h5py.Group, prefix: str = "") -> Iterator[tuple[str, h5py.Dataset]]:
        """Yield all data sets below a group, by names such as "loss/total"."""
        for name, item in self.members(group):
            if isinstance(item, h5py.Group):
                yield from self.walk(item, f"{prefix}{name}/")
            else:
                yield prefix + name, item

    def attributes(self, item: h5py.Group | h5py.Dataset) -> dict[str, Any]:
        """Return all attributes of an object, by name."""
        names: list[bytes] = []
        self._require_few_attributes(item)
        h5a.iterate(item.id, names.append)
        attributes = {}
        for name in names:
            try:
                text = _utf8(item, name)
                attributes[text] = self.get_attribute(item, text)
            except CheckpointError:
                if not self._skips_foreign:
                    raise
        return attributes

    def get_attribute(self, item: h5py.Group | h5py.Dataset, name: str, default: Any = None) -> Any:
        """Return the str, int or float of a scalar attribute; if there is none, `default`, unless that is None."""
        if not h5a.exists(item.id, name.encode()):
            if default is not None:
                return default
            raise refusal(item, f"has no attribute {name!r}")
        attribute = h5a.open(item.id, name.encode())
        kind = attribute.get_type()
        if attribute.get_space().get_simple_extent_type() != h5s.SCALAR or not _is_plain(kind):
            raise refusal(item, f"has an attribute {name!r} that is no plain number or text")
        if kind.get_size() > MAX_ATTRIBUTE_BYTES:
            raise refusal(item, f"has an attribute {name!r} of more than {MAX_ATTRIBUTE_BYTES:,} bytes")
        value = np.empty((), attribute.dtype)
        attribute.read(value)
        return _utf8(item, value.item()) if value.dtype.kind == "S" else value.item()

    def read_array(self, dataset: h5py.Dataset) -> np.ndarray:
        """Return the contents of a data set, always as an array."""
        plist = self.admit(dataset)
        layout = plist.get_layout()
        if layout == h5d.CHUNKED:
            return self._read_chunks(dataset, plist)
        if layout != h5d.CONTIGUOUS or plist.get_nfilters():
            raise refusal(dataset, "is not stored as a checkpoint's data sets are")
        array = self._stored_array(dataset)
        if array.size:
            dataset.id.read(h5s.ALL, h5s.ALL, array)
        return array

    def read_text(self, dataset: h5py.Dataset) -> str:
        """Return the text of a data set that contains a `text_array`."""
        array = self.read_array(dataset)
        if array.dtype.kind != "S" or array.shape != ():
            raise refusal(dataset, "is not a text")
        return _utf8(dataset, array.item())

    def admit(self, dataset: h5py.Dataset) -> h5p.PropDCID:
        """Refuse types other than integers, floats and fixed-length text, external storage, and too large declared
        sizes; return the creation properties."""
        kind, space = dataset.id.get_type(), dataset.id.get_space()
        if not _is_plain(kind) or space.get_simple_extent_type() == h5s.NULL:
            raise refusal(dataset, "holds something other than integers, floats or fixed-length text")
        plist = dataset.id.get_create_plist()
        if plist.get_layout() == h5d.VIRTUAL or plist.get_external_count():
            raise refusal(dataset, "is not stored in one piece inside the file")
        self._declare(dataset, prod(max(1, n) for n in space.get_simple_extent_dims()) * kind.get_size())
        return plist

    def count(self, item: h5py.Group | h5py.Dataset, objects: int) -> None:
        """Refuse a data set that would become too many objects, such as a long list of tensors."""
        if len(self._seen) + objects > MAX_OBJECTS:
            raise refusal(item, f"brings the file above {MAX_OBJECTS:,} objects")

    def _member(self, group: h5py.Group, link: bytes) -> tuple[str, h5py.Group | h5py.Dataset]:
        name = _utf8(group, link)
        if group.id.links.get_info(link).type != h5l.TYPE_HARD:
            raise refusal(group, f"holds {name!r}, a soft, external or user-defined link")
        address = h5o.get_info(group.id, link).addr
        if address in self._seen:
            raise refusal(group, f"holds {name!r}, which is another object as well")
        self._seen.add(address)
        opened = h5o.open(group.id, link)
        if not isinstance(opened, h5g.GroupID | h5d.DatasetID):
            raise refusal(group, f"holds {name!r}, which is neither a group nor a data set")
        item = h5py.Group(opened) if isinstance(opened, h5g.GroupID) else h5py.Dataset(opened)
        self._require_few_attributes(item)
        return name, item

    def _require_few_attributes(self, item: h5py.Group | h5py.Dataset) -> None:
        if h5a.get_num_attrs(item.id) > MAX_ATTRIBUTES:
            raise refusal(item, f"has more than {MAX_ATTRIBUTES:,} attributes")

    def _declare(self, dataset: h5py.Dataset, declared: int) -> None:
        self._declared += declared
        if not is_consistent(self._declared, self._size):
            raise refusal(dataset, f"declares more than it stores: {declared:,} bytes, in a file of {self._size:,}")

    def _store(self, dataset: h5py.Dataset, stored: int) -> None:
        self._stored += stored
        if self._stored > self._size:
            raise refusal(dataset, f"claims more than the file has: {stored:,} bytes of {self._size:,}")

    def _stored_array(self, dataset: h5py.Dataset) -> np.ndarray:
        """Return an empty array for a contiguous data set, whose declared size must equal its stored size."""
        shape, dtype = dataset.id.shape, dataset.id.dtype
        stored, offset = dataset.id.get_storage_size(), dataset.id.get_offset()
        if stored != prod(shape) * dtype.itemsize:
            raise refusal(dataset, "declares more than it stores")
        if stored and (offset is None or offset + stored > self._size):
            raise refusal(dataset, "does not lie inside the file")
        self._store(dataset, stored)
        return np.empty(shape, dtype)

    def _read_chunks(self, dataset: h5py.Dataset, plist: h5p.PropDCID) -> np.ndarray:
        if [plist.get_filter(n)[0] for n in range(plist.get_nfilters())] != [h5z.FILTER_SHUFFLE, h5z.FILTER_DEFLATE]:
            raise refusal(dataset, "is not stored as a checkpoint's data sets are")
        chunks = Chunks(dataset, plist.get_chunk())
        if not chunks.fit:
            raise refusal(dataset, "is stored in chunks larger than itself")
        self._declare(dataset, chunks.count * chunks.nbytes)
        self.count(dataset, dataset.id.get_num_chunks())
        try:
            stored = chunks.find()
            self._store(dataset, stored)
            if chunks.count * chunks.nbytes > MAX_EXPANSION * stored:
                raise refusal(dataset, "declares more than it stores")
            return chunks.read()
        except ValueError as error:
            raise refusal(dataset, f"is not stored as a checkpoint's data sets are ({error})") from error


def refusal(item: h5py.Group | h5py.Dataset, fault: str) -> CheckpointError:
    """Return the error about an object in a file; `fault` continues the sentence after the object's name."""
    return CheckpointError(item.file.filename, f"{item.name!r} {fault}", REFUSED)


def _is_plain(kind: h5t.TypeID) -> bool:
    if kind.committed():
        return False
    if kind.get_class() == h5t.STRING:
        return not kind.is_variable_str() and kind.get_size() < 2**31
    if kind.get_class() not in (h5t.INTEGER, h5t.FLOAT):
        return False
    try:
        plain = PLAIN.get(kind.dtype)
    except (TypeError, ValueError):  # a size or a precision that NumPy lacks
        return False
    return plain is not None and kind.equal(plain)


def _utf8(item: h5py.Group | h5py.Dataset, text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise refusal(item, f"holds text that is not UTF-8: {text[:40]!r}") from error
