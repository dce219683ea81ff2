"""The narrow part of HDF5 that checkpoints use: ordered groups, contiguous numbers, fixed-length text.

Writing leaves out time stamps, so that equal contents give equal bytes, and calls h5py's low level, as a
checkpoint has hundreds of data sets and each takes time from training. Reading refuses whatever writing never
makes: links other than hard ones, second paths to one object, external, virtual, chunked or filtered storage,
and types other than integers, floats and fixed-length text.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5l, h5o, h5p, h5s, h5t

from elastic_pinn.storage.errors import CheckpointError

# Metadata with checksums, and readable by every HDF5 since 1.10.
LIBVER = ("v110", "v110")

REFUSED = "Do not use this file: elastic_pinn writes no such object"


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


def attributes(item: h5py.Group | h5py.Dataset) -> dict[str, Any]:
    """All attributes of an object, by name. Raises CheckpointError as `get_attribute` does."""
    return {name: get_attribute(item, name) for name in item.attrs}


def get_attribute(item: h5py.Group | h5py.Dataset, name: str) -> Any:
    """The str, int or float of a scalar attribute. Raises CheckpointError where there is no such one."""
    if not h5a.exists(item.id, name.encode()):
        raise refusal(item, f"has no attribute {name!r}")
    attribute = h5a.open(item.id, name.encode())
    if attribute.get_space().get_simple_extent_type() != h5s.SCALAR or not _is_plain(attribute.get_type()):
        raise refusal(item, f"has an attribute {name!r} that is no plain number or text")
    value = np.empty((), attribute.dtype)
    attribute.read(value)
    return value.item().decode() if value.dtype.kind == "S" else value.item()


def members(group: h5py.Group, seen: set[int]) -> Iterator[tuple[str, h5py.Group | h5py.Dataset]]:
    """The groups and data sets in a group, in order.

    Arguments:
        group: where to look.
        seen: addresses of what was met on one walk through a file, so that a cycle ends; added to.

    Raises CheckpointError for a link that is not hard, before following it, and for an object met before.
    """
    for name in group:
        if group.id.links.get_info(name.encode()).type != h5l.TYPE_HARD:
            raise refusal(group, f"holds {name!r}, a soft, external or user-defined link")
        item = group[name]
        if not isinstance(item, h5py.Group | h5py.Dataset):
            raise refusal(group, f"holds {name!r}, which is neither a group nor a data set")
        address = h5o.get_info(item.id).addr
        if address in seen:
            raise refusal(group, f"holds {name!r}, which is another object as well")
        seen.add(address)
        yield name, item


def walk(group: h5py.Group) -> Iterator[tuple[str, h5py.Dataset]]:
    """All data sets below a group, by names such as "loss/total". Raises as `members` does."""
    yield from _walk(group, "", set())


def read_array(dataset: h5py.Dataset) -> np.ndarray:
    """The contents of a data set, always as an array.

    Raises CheckpointError for what `write_array` cannot have made.
    """
    _require_stored_plainly(dataset)
    array = np.empty(dataset.shape, dataset.dtype)
    if array.size:
        dataset.id.read(h5s.ALL, h5s.ALL, array)
    return array


def read_text(dataset: h5py.Dataset) -> str:
    """The text of a data set that holds a `text_array`. Raises CheckpointError where it holds none."""
    array = read_array(dataset)
    if array.dtype.kind != "S" or array.shape != ():
        raise refusal(dataset, "is not a text")
    return array.item().decode()


def refusal(item: h5py.Group | h5py.Dataset, fault: str) -> CheckpointError:
    """The error about an object in a file; `fault` goes on from the object's name."""
    return CheckpointError(item.file.filename, f"{item.name!r} {fault}", REFUSED)


def require_plain_type(dataset: h5py.Dataset) -> None:
    """Refuse types other than integers, floats and fixed-length text, and data sets without a shape."""
    if not _is_plain(dataset.id.get_type()) or dataset.shape is None:
        raise refusal(dataset, "holds something other than integers, floats or fixed-length text")


def _require_stored_plainly(dataset: h5py.Dataset) -> None:
    require_plain_type(dataset)
    plist = dataset.id.get_create_plist()
    if plist.get_layout() != h5d.CONTIGUOUS or plist.get_external_count():
        raise refusal(dataset, "is not stored in one piece inside the file")
    if dataset.id.get_storage_size() != dataset.size * dataset.dtype.itemsize:
        raise refusal(dataset, "declares more than it stores")


def _is_plain(kind: h5t.TypeID) -> bool:
    if kind.get_class() == h5t.STRING:
        return not kind.is_variable_str()
    return kind.get_class() in (h5t.INTEGER, h5t.FLOAT) and kind.dtype.kind in "iuf"


def _walk(group: h5py.Group, prefix: str, seen: set[int]) -> Iterator[tuple[str, h5py.Dataset]]:
    for name, item in members(group, seen):
        if isinstance(item, h5py.Group):
            yield from _walk(item, f"{prefix}{name}/", seen)
        else:
            yield prefix + name, item


def _type_of(array: np.ndarray) -> h5t.TypeID:
    return h5t.py_create(array.dtype, logical=True)


def _utf8_name() -> h5p.PropLCID:
    plist = h5p.create(h5p.LINK_CREATE)
    plist.set_char_encoding(h5t.CSET_UTF8)
    return plist
