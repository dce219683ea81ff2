"""Store nested training state in HDF5 and read it back with equal types and bits; nothing is ever unpickled.

A mapping, list or tuple is a group, anything else a data set; the attribute `type` gives the type of anything but a
mapping or a tensor. Since each data set takes time, a list of numbers, a list of tensors of one dtype (an optimizer's
moments) and a dict of nothing but texts, numbers and such dicts (a generator's state) are one data set each.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple, TypeAlias

import h5py
import numpy as np
import torch

from elastic_pinn.storage.format.hdf5 import NewGroup, text_array
from elastic_pinn.storage.guard.reading import MAX_ATTRIBUTE_BYTES, MAX_DEPTH, Guard, refusal

Tree: TypeAlias = Any  # one of:
LEGAL = "a tensor, an array of numbers, int, float, bool, None, str, list, tuple, mapping with str or int keys"

# NumPy and HDF5 lack these types: they are stored as integers with the same bits.
BITS_OF = {1: torch.uint8, 2: torch.int16}
FLOAT8 = ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu")
EXOTIC = {name: getattr(torch, name) for name in ("bool", "bfloat16", *FLOAT8) if hasattr(torch, name)}
COMPLEX = {"complex32": torch.complex32, "complex64": torch.complex64, "complex128": torch.complex128}
NATIVE = {
    torch.float16, torch.float32, torch.float64, torch.int8, torch.int16, torch.int32, torch.int64,
    torch.uint8, torch.uint16, torch.uint32, torch.uint64,
}  # fmt: skip

PLAIN_GROUP, PLAIN_DATASET = "dict", "tensor"  # without an attribute `type`; format version 1 wrote it

MAX_PACKED = 1000  # tensors of different shapes in one data set; their shapes must fit into an attribute

MAX_PLAIN_DEPTH, MAX_PLAIN_BITS = 8, 1024  # of a tree that is stored as JSON

ORDINARY = re.compile(r"[A-Za-z_][^%/\0]*")  # a key that is an HDF5 name as it is
INT_NAME = re.compile(r"-?[0-9]+")


class Leaf(NamedTuple):
    """The contents of a data set: its attribute `type`, its array, and the shapes, as JSON, of tensors that are packed
    end to end."""

    kind: str
    array: np.ndarray
    shapes: str = ""


def write_tree(group: NewGroup, name: str | int, tree: Tree, compression: int = 0) -> None:
    """Write a tree into a group under a name, compressed as `NewGroup.array` does.

    Tensors may be on any device, of any strides; a mapping of any class comes back as dict. Raises TypeError, which
    names the location, for anything that would not be read back unchanged.
    """
    try:
        name = escape(name)
        leaf = _encode(tree)
    except TypeError as error:
        location = f"{group.name}/{name}"
        raise TypeError(f"{location}: {error} cannot be stored; legal is {LEGAL}") from None
    if leaf:
        attributes = {"type": leaf.kind, "shapes": leaf.shapes}
        needed = {key: text for key, text in attributes.items() if text not in ("", PLAIN_DATASET)}
        group.array(name, leaf.array, compression, **needed)
    else:
        _write_branch(group, name, tree, compression)


def read_tree(item: h5py.Group | h5py.Dataset, guard: Guard | None = None) -> Tree:
    """Return the tree that was written; tensors are on the CPU, and none shares memory with another.

    guard: of the opened file, if more of it is read. Raises CheckpointError, naming the object in the file, for
    anything that `write_tree` does not write.
    """
    return _read(item, guard or Guard(item.file))


def copy_tree(tree: Tree) -> Tree:
    """Return a copy of a tree, with tensors on the CPU and arrays copied, that does not change while training
    continues."""
    if isinstance(tree, torch.Tensor):
        return tree.detach().clone() if tree.device.type == "cpu" else tree.detach().cpu()
    if isinstance(tree, np.ndarray):
        return tree.copy()
    if isinstance(tree, Mapping):
        return {key: copy_tree(child) for key, child in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(map(copy_tree, tree))
    return tree


def tree_bytes(tree: Tree) -> int:
    """Return the bytes of all tensors and arrays in a tree."""
    if isinstance(tree, torch.Tensor | np.ndarray):
        return int(tree.nbytes)
    children = tree.values() if isinstance(tree, Mapping) else tree if isinstance(tree, list | tuple) else ()
    return sum(map(tree_bytes, children))


def escape(key: str | int) -> str:
    """Return the HDF5 name of a key: the decimals of an int; a str itself, escaped where it is no legal or unique
    name."""
    if type(key) is int:
        return str(key)
    if type(key) is not str:
        raise TypeError(f"a key of type {type(key).__name__}")
    if ORDINARY.fullmatch(key):
        return key
    if key in ("", "."):
        return "%2E" if key else "%"
    name = re.sub(r"[%/\0]", _percent, key)
    return re.sub(r"^.", _percent, name) if INT_NAME.fullmatch(name) else name


def unescape(name: str) -> str | int:
    """Return the key of an HDF5 name that `escape` made."""
    if INT_NAME.fullmatch(name):
        return int(name)
    return "" if name == "%" else re.sub(r"%([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), name)


def _percent(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def _write_branch(group: NewGroup, name: str, tree: Mapping | list | tuple, compression: int) -> None:
    branch = group.group(name)
    if branch.name.count("/") >= MAX_DEPTH:
        raise TypeError(f"{branch.name[:80]}...: more than {MAX_DEPTH} groups inside each other cannot be stored")
    if isinstance(tree, list | tuple):
        branch.set(type=type(tree).__name__)
    for key, child in tree.items() if isinstance(tree, Mapping) else enumerate(tree):
        write_tree(branch, key, child, compression)


def _encode(tree: Tree) -> Leaf | None:
    """Return the type and the array of a leaf, or None for a branch. Raises TypeError for anything else."""
    kind = type(tree)
    if isinstance(tree, torch.Tensor):
        return _encode_tensor(tree)
    if kind is np.ndarray:
        return _encode_array(tree)
    if kind in SCALARS:
        return Leaf(kind.__name__.removesuffix("Type"), SCALARS[kind](tree))
    if kind is list or kind is tuple:
        return _encode_sequence(tree)
    if isinstance(tree, Mapping):
        return Leaf("json", text_array(json.dumps(tree))) if kind is dict and tree and _is_plain(tree) else None
    raise TypeError(f"{kind.__module__}.{kind.__qualname__}")


def _is_plain(tree: Tree, depth: int = 0) -> bool:
    """Return whether a tree of dicts is read back from JSON unchanged."""
    if type(tree) is dict:
        inside = all(type(key) is str and _is_plain(child, depth + 1) for key, child in tree.items())
        return inside and depth < MAX_PLAIN_DEPTH
    if type(tree) is float:
        return not math.isnan(tree)  # JSON would lose the bits of a NaN
    return tree is None or type(tree) in (bool, str) or (type(tree) is int and abs(tree) < 2**MAX_PLAIN_BITS)


def _encode_int(number: int) -> np.ndarray:
    if -(2**63) <= number < 2**64:
        return np.array(number, np.int64 if number < 2**63 else np.uint64)
    return text_array(str(number))  # the state of a PCG64 generator has 128 bits


def _encode_text(text: str) -> np.ndarray:
    if text and "\0" not in text:
        return text_array(text)
    return np.frombuffer(text.encode(), np.uint8)  # HDF5 would drop trailing NULs


SCALARS: dict[type, Callable[[Any], np.ndarray]] = {
    type(None): lambda none: np.array(0, np.uint8),
    bool: lambda flag: np.array(flag, np.uint8),
    int: _encode_int,
    float: lambda number: np.array(number, np.float64),
    str: _encode_text,
}


# How each type is read, and the kinds of NumPy type that may store it.
DECODERS: dict[str, tuple[Callable[[Any], Tree], str]] = {
    "None": (lambda _: None, "u"),
    "bool": (bool, "u"),
    "int": (int, "iuS"),
    "float": (float, "f"),
    "str": (str, "S"),
}


def _encode_sequence(items: list | tuple) -> Leaf | None:
    kind, types = type(items).__name__, {type(item) for item in items}
    if types == {int} and all(-(2**63) <= item < 2**63 for item in items):
        return Leaf(f"{kind}[int]", np.array(items, np.int64))
    if types == {float}:
        return Leaf(f"{kind}[float]", np.array(items, np.float64))
    if types == {torch.Tensor} and _are_alike(items):
        return _encode_tensors(kind, [item.detach().cpu() for item in items])
    return None


def _are_alike(tensors: Sequence[torch.Tensor]) -> bool:
    """Return whether tensors can be one data set: strided, and of one dtype that NumPy has."""
    dtype = tensors[0].dtype
    return dtype in NATIVE and all(
        (tensor.dtype, tensor.layout, tensor.is_meta) == (dtype, torch.strided, False) for tensor in tensors
    )


def _encode_tensors(kind: str, tensors: list[torch.Tensor]) -> Leaf | None:
    shapes = [list(tensor.shape) for tensor in tensors]
    if all(shape == shapes[0] for shape in shapes):
        return Leaf(f"{kind}[tensor]", torch.stack(tensors).numpy())
    text = json.dumps(shapes)
    if len(tensors) > MAX_PACKED or len(text) > MAX_ATTRIBUTE_BYTES:
        return None
    return Leaf(f"{kind}[tensors]", torch.cat([tensor.reshape(-1) for tensor in tensors]).numpy(), text)


def _encode_tensor(tensor: torch.Tensor) -> Leaf:
    name = str(tensor.dtype).removeprefix("torch.")
    if tensor.layout != torch.strided or tensor.is_meta:
        raise TypeError(f"a tensor that is sparse or has no values ({tensor.layout}, {tensor.device})")
    if tensor.dtype in NATIVE:
        return Leaf("tensor", tensor.numpy(force=True))
    values = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
    if name in COMPLEX:
        return Leaf(f"tensor[{name}]", torch.view_as_real(values).numpy())
    if name in EXOTIC:
        return Leaf(f"tensor[{name}]", values.view(BITS_OF[values.itemsize]).numpy())
    raise TypeError(f"a tensor of {tensor.dtype}")


def _encode_array(array: np.ndarray) -> Leaf:
    kind, size, order = array.dtype.kind, array.dtype.itemsize, array.dtype.byteorder
    if kind in "iuf" and size <= 8:
        return Leaf("array", array)
    if kind == "b":
        return Leaf("array[bool]", array.view(np.uint8))
    if kind == "c" and size <= 16:
        return Leaf("array[complex]", np.require(array, requirements="C")[..., None].view(f"{order}f{size // 2}"))
    raise TypeError(f"an array of {array.dtype}")


def _read(item: h5py.Group | h5py.Dataset, guard: Guard) -> Tree:
    plain = PLAIN_GROUP if isinstance(item, h5py.Group) else PLAIN_DATASET
    kind = guard.get_attribute(item, "type", plain)
    if isinstance(item, h5py.Group):
        return _read_branch(item, kind, guard)
    array = guard.read_array(item)
    shapes = ""
    if kind in ("list[tensor]", "tuple[tensor]"):
        guard.count(item, len(array) if array.ndim else 1)
    if kind in ("list[tensors]", "tuple[tensors]"):
        shapes = guard.get_attribute(item, "shapes")
    try:
        return _decode(Leaf(kind, array, shapes))
    except (LookupError, ValueError, TypeError, RuntimeError) as error:
        fault = f"is of type {kind!r} but holds {array.dtype} of shape {array.shape}"
        raise refusal(item, fault) from error


def _read_branch(group: h5py.Group, kind: str, guard: Guard) -> Tree:
    children = {_key(group, name): _read(child, guard) for name, child in guard.members(group)}
    if kind == PLAIN_GROUP:
        return children
    if kind not in ("list", "tuple") or list(children) != list(range(len(children))):
        raise refusal(group, f"is no list, tuple or dict, though its type is {kind!r}")
    return list(children.values()) if kind == "list" else tuple(children.values())


def _key(group: h5py.Group, name: str) -> str | int:
    """Return the key of a name, which must be the only name of this key."""
    try:
        key = unescape(name)
        if escape(key) == name:
            return key
    except ValueError:  # an int of thousands of digits
        pass
    raise refusal(group, f"holds {name[:80]!r}, which is no key's name")


def _decode(leaf: Leaf) -> Tree:
    kind, array, shapes = leaf
    if sequence := re.fullmatch(r"(list|tuple)\[(.*)\]", kind):
        items = _decode_tensors(array, shapes) if sequence[2] == "tensors" else _decode_items(sequence[2], array)
        return list(items) if sequence[1] == "list" else tuple(items)
    if re.match(r"tensor(\[|$)", kind):
        return _decode_tensor(kind, array)
    if re.match(r"array(\[|$)", kind):
        return _decode_array(kind, array)
    if kind == "json":
        return _decode_json(array)
    if kind == "str" and array.dtype == np.uint8:
        return array.tobytes().decode()
    decode, kinds = DECODERS[kind]
    _require(array.dtype.kind in kinds)
    value = array.item()
    if kind == "bool":
        _require(value <= 1)
    return decode(value.decode() if isinstance(value, bytes) else value)


def _decode_json(array: np.ndarray) -> dict[str, Tree]:
    _require(array.dtype.kind == "S" and array.shape == ())
    tree = json.loads(array.item().decode())  # from bytes, json would guess the encoding
    _require(type(tree) is dict and _is_plain(tree))
    return tree


def _require(legal: bool) -> None:
    if not legal:
        raise TypeError


def _decode_items(kind: str, array: np.ndarray) -> Iterator[Tree]:
    if kind == "tensor":
        return (item.clone() for item in _decode_tensor(kind, array).unbind())
    _require(array.ndim == 1)
    return iter(array.astype({"int": np.int64, "float": np.float64}[kind], casting="no").tolist())


def _decode_tensors(array: np.ndarray, shapes: str) -> Iterator[torch.Tensor]:
    wanted = json.loads(shapes)
    _require(isinstance(wanted, list) and len(wanted) <= MAX_PACKED and array.ndim == 1)
    _require(all(type(n) is int and n >= 0 for shape in wanted for n in shape))
    sizes = [prod(shape) for shape in wanted]
    _require(sum(sizes) == array.size)
    parts = torch.from_numpy(array).split(sizes)
    return (part.clone().reshape(shape) for part, shape in zip(parts, wanted, strict=True))


def _decode_tensor(kind: str, array: np.ndarray) -> torch.Tensor:
    tensor = torch.from_numpy(array)
    name = kind[len("tensor[") : -1]
    if not name:
        return tensor
    if name in COMPLEX:
        _require(tensor.shape[-1] == 2)
        tensor = torch.complex(tensor[..., 0], tensor[..., 1])
        _require(tensor.dtype == COMPLEX[name])
        return tensor
    _require(tensor.dtype == BITS_OF[EXOTIC[name].itemsize])
    _require(name != "bool" or bool((tensor <= 1).all()))
    return tensor.view(EXOTIC[name])


def _decode_array(kind: str, array: np.ndarray) -> np.ndarray:
    name = kind[len("array[") : -1]
    if name == "complex":
        _require(array.dtype.kind == "f" and array.shape[-1] == 2)
        return array.view(f"{array.dtype.byteorder}c{2 * array.dtype.itemsize}")[..., 0]
    if name == "bool":
        _require(array.dtype == np.uint8 and bool((array <= 1).all()))
        return array.view(np.bool_)
    _require(not name and array.dtype.kind in "iuf")
    return array
