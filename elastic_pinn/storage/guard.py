"""The narrow part of HDF5 that checkpoints use, read: whatever writing never makes is refused.

That is: links other than hard ones, second paths to one object, external, virtual, chunked or filtered storage, and
types other than integers, floats and fixed-length text.
"""

from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5l, h5o, h5s, h5t

from elastic_pinn.storage.errors import CheckpointError

REFUSED = "Do not use this file: elastic_pinn writes no such object"


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
