"""Nested training state <-> HDF5: equal types and equal bits come back, and nothing is ever unpickled.

A mapping, list or tuple is a group, anything else a data set; the attribute `type` of each says what it was.
A list of numbers, or of tensors of one shape and dtype (L-BFGS keeps hundreds), is one data set.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import h5py
import numpy as np
import torch

from elastic_pinn.storage.guard import get_attribute, members, read_array, refusal
from elastic_pinn.storage.hdf5 import make_group, set_attribute, text_array, write_array

Tree: TypeAlias = Any  # one of:
LEGAL = "a tensor, an array of numbers, int, float, bool, None, str, list, tuple, mapping with str or int keys"

# NumPy and HDF5 lack these: they are stored as integers of the same bits.
BITS_OF = {1: torch.uint8, 2: torch.int16}
FLOAT8 = ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu")
EXOTIC = {name: getattr(torch, name) for name in ("bool", "bfloat16", *FLOAT8) if hasattr(torch, name)}
COMPLEX = {"complex32": torch.complex32, "complex64": torch.complex64, "complex128": torch.complex128}
NATIVE = {
    torch.float16, torch.float32, torch.float64, torch.int8, torch.int16, torch.int32, torch.int64,
    torch.uint8, torch.uint16, torch.uint32, torch.uint64,
}  # fmt: skip

INT_NAME = re.compile(r"-?[0-9]+")


def write_tree(group: h5py.Group, name: str | int, tree: Tree) -> None:
    """Write a tree into a group under a name.

    Tensors may be on any device, of any strides; a mapping of any class comes back as dict. Raises TypeError,
    naming the place, for anything that would not come back as it is.
    """
    try:
        name = escape(name)
        leaf = _encode(tree)
    except TypeError as error:
        place = f"{group.name.rstrip('/')}/{name}"
        raise TypeError(f"{place}: {error} cannot be stored; legal is {LEGAL}") from None
    if leaf:
        kind, array = leaf
        set_attribute(write_array(group, name, array), "type", kind)
    else:
        _write_branch(group, name, tree)


def read_tree(item: h5py.Group | h5py.Dataset) -> Tree:
    """The tree that was written; tensors are on the CPU, none shares memory with another.

    Raises CheckpointError, naming the object in the file, for anything that `write_tree` does not write.
    """
    return _read(item, set())


def escape(key: str | int) -> str:
    """The HDF5 name of a key: an int's decimals; a str itself, but where HDF5 or an int forbids it."""
    if type(key) is int:
        return str(key)
    if type(key) is not str:
        raise TypeError(f"a key of type {type(key).__name__}")
    if key in ("", "."):
        return "%2E" if key else "%"
    name = re.sub(r"[%/\0]", _percent, key)
    return re.sub(r"^.", _percent, name) if INT_NAME.fullmatch(name) else name


def unescape(name: str) -> str | int:
    """The key of an HDF5 name that `escape` made."""
    if INT_NAME.fullmatch(name):
        return int(name)
    return "" if name == "%" else re.sub(r"%([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), name)


def _percent(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def _write_branch(group: h5py.Group, name: str, tree: Mapping | list | tuple) -> None:
    branch = make_group(group, name)
    set_attribute(branch, "type", type(tree).__name__ if isinstance(tree, list | tuple) else "dict")
    for key, child in tree.items() if isinstance(tree, Mapping) else enumerate(tree):
        write_tree(branch, key, child)


def _encode(tree: Tree) -> tuple[str, np.ndarray] | None:
    """The type and the array of a leaf, or None for a branch. Raises TypeError for what is neither."""
    kind = type(tree)
    if isinstance(tree, torch.Tensor):
        return _encode_tensor(tree)
    if kind is np.ndarray:
        return _encode_array(tree)
    if kind in SCALARS:
        return kind.__name__.removesuffix("Type"), SCALARS[kind](tree)
    if kind is list or kind is tuple:
        return _encode_sequence(tree)
    if isinstance(tree, Mapping):
        return None
    raise TypeError(f"{kind.__module__}.{kind.__qualname__}")


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


# How each is read, and the kinds of NumPy type that it may be stored as.
DECODERS: dict[str, tuple[Callable[[Any], Tree], str]] = {
    "None": (lambda _: None, "u"),
    "bool": (bool, "u"),
    "int": (int, "iuS"),
    "float": (float, "f"),
    "str": (str, "S"),
}


def _encode_sequence(items: list | tuple) -> tuple[str, np.ndarray] | None:
    kind, types = type(items).__name__, {type(item) for item in items}
    if types == {int} and all(-(2**63) <= item < 2**63 for item in items):
        return f"{kind}[int]", np.array(items, np.int64)
    if types == {float}:
        return f"{kind}[float]", np.array(items, np.float64)
    if types == {torch.Tensor} and _can_stack(items):
        return f"{kind}[tensor]", torch.stack([item.detach().cpu() for item in items]).numpy()
    return None


def _can_stack(tensors: Sequence[torch.Tensor]) -> bool:
    """Whether tensors can be one: strided, of one shape, and of one dtype that NumPy has too."""
    first = tensors[0]
    return first.dtype in NATIVE and all(
        (tensor.dtype, tensor.shape, tensor.layout) == (first.dtype, first.shape, torch.strided) and not tensor.is_meta
        for tensor in tensors
    )


def _encode_tensor(tensor: torch.Tensor) -> tuple[str, np.ndarray]:
    name = str(tensor.dtype).removeprefix("torch.")
    if tensor.layout != torch.strided or tensor.is_meta:
        raise TypeError(f"a tensor that is sparse or has no values ({tensor.layout}, {tensor.device})")
    values = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
    if tensor.dtype in NATIVE:
        return "tensor", values.numpy()
    if name in COMPLEX:
        return f"tensor[{name}]", torch.view_as_real(values).numpy()
    if name in EXOTIC:
        return f"tensor[{name}]", values.view(BITS_OF[values.itemsize]).numpy()
    raise TypeError(f"a tensor of {tensor.dtype}")


def _encode_array(array: np.ndarray) -> tuple[str, np.ndarray]:
    kind, size, order = array.dtype.kind, array.dtype.itemsize, array.dtype.byteorder
    if kind in "iuf" and size <= 8:
        return "array", array
    if kind == "b":
        return "array[bool]", array.view(np.uint8)
    if kind == "c" and size <= 16:
        return "array[complex]", np.require(array, requirements="C")[..., None].view(f"{order}f{size // 2}")
    raise TypeError(f"an array of {array.dtype}")


def _read(item: h5py.Group | h5py.Dataset, seen: set[int]) -> Tree:
    kind = get_attribute(item, "type")
    if isinstance(item, h5py.Group):
        return _read_branch(item, kind, seen)
    array = read_array(item)
    try:
        return _decode(kind, array)
    except (LookupError, ValueError, TypeError, RuntimeError) as error:
        fault = f"is of type {kind!r} but holds {array.dtype} of shape {array.shape}"
        raise refusal(item, fault) from error


def _read_branch(group: h5py.Group, kind: str, seen: set[int]) -> Tree:
    children = {unescape(name): _read(child, seen) for name, child in members(group, seen)}
    if kind == "dict":
        return children
    if kind not in ("list", "tuple") or list(children) != list(range(len(children))):
        raise refusal(group, f"is no list, tuple or dict, though its type is {kind!r}")
    return list(children.values()) if kind == "list" else tuple(children.values())


def _decode(kind: str, array: np.ndarray) -> Tree:
    if sequence := re.fullmatch(r"(list|tuple)\[(.*)\]", kind):
        items = _decode_items(sequence[2], array)
        return list(items) if sequence[1] == "list" else tuple(items)
    if kind.startswith("tensor"):
        return _decode_tensor(kind, array)
    if kind.startswith("array"):
        return _decode_array(kind, array)
    if kind == "str" and array.dtype == np.uint8:
        return array.tobytes().decode()
    decode, kinds = DECODERS[kind]
    _require(array.dtype.kind in kinds)
    value = array.item()
    return decode(value.decode() if isinstance(value, bytes) else value)


def _require(legal: bool) -> None:
    if not legal:
        raise TypeError


def _decode_items(kind: str, array: np.ndarray) -> Iterator[Tree]:
    if kind.startswith("tensor"):
        return (item.clone() for item in _decode_tensor(kind, array).unbind())
    return iter(array.astype({"int": np.int64, "float": np.float64}[kind], casting="no").tolist())


def _decode_tensor(kind: str, array: np.ndarray) -> torch.Tensor:
    tensor = torch.from_numpy(array)
    name = kind[len("tensor[") : -1]
    if not name:
        return tensor
    if name in COMPLEX:
        tensor = torch.complex(tensor[..., 0], tensor[..., 1])
        _require(tensor.dtype == COMPLEX[name])
        return tensor
    _require(tensor.dtype == BITS_OF[EXOTIC[name].itemsize])
    return tensor.view(EXOTIC[name])


def _decode_array(kind: str, array: np.ndarray) -> np.ndarray:
    name = kind[len("array[") : -1]
    if name == "complex":
        return array.view(f"{array.dtype.byteorder}c{2 * array.dtype.itemsize}")[..., 0]
    return array.view(np.bool_) if name == "bool" else array
