"""The parameters in a notebook's namespace, as plain Python values."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from numbers import Number
from pathlib import PurePath
from reprlib import Repr
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

PLAIN = (Number, str, bytes, list, tuple, set, dict, type(None))
"""Types whose values are parameters under any public name, legal or not; others are under the name of a field only."""

FUNCTIONS = (FunctionType, BuiltinFunctionType)

DECIMAL_COMMA = re.compile(r"\s*[-+]?\d*,\d+(?![\d,])")

LIKE = 0.5  # how alike a name must be to one that may be meant
NEAR = 0.85  # least similarity of a name to a field's for it to count as a misspelt parameter
LESS_LIKELY = 0.05  # of similarity less than the nearest name: no field that is meant


def parameters_in(namespace: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    """Collect the parameters in a notebook's namespace, as plain Python values where that is unambiguous.

    These are public names with a plain value (number, text, list, ...), fields with a value of whatever type, and names
    much like a field's that hold data of another kind (an array, a table, a range, a path, a type of numbers) or a
    function: a misspelt field must not be ignored. Modules, classes and other objects are no parameters.
    """
    found = {}
    for name, value in namespace.items():
        if name.startswith("_") or name in {"In", "Out"}:
            continue
        is_mistakable = _is_data(value) or isinstance(value, FUNCTIONS)
        if name in fields or isinstance(value, PLAIN) or (is_mistakable and _is_near(name, fields)):
            found[name] = plain(value)
    return found


def plain(value: Any) -> Any:
    """Convert a value to plain Python.

    Converted are scalars and arrays of NumPy, torch and pandas, ranges, paths, and torch's devices and types, in lists
    and dicts too; any other value is returned unchanged.
    """
    if type(value) in (bool, int, float, str):  # most are, in sweeps of many runs
        return value
    if isinstance(value, list | tuple):
        return type(value)(map(plain, value)) if type(value) in (list, tuple) else value
    if type(value) is dict:
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, range):
        return list(value)
    if isinstance(value, PurePath):
        return str(value)
    if _is_array(value):
        try:
            return value.tolist()
        except (RuntimeError, TypeError):  # a sparse tensor, or one without data
            return value
    if _is_of_torch(value):
        return str(value).removeprefix("torch.")
    return getattr(type(value), "AS_PARAMETER", value)


def decimal_comma(value: object) -> str:
    """Return how a number with a decimal comma is to be written, as part of a sentence; empty for anything else."""
    is_one = isinstance(value, str) and DECIMAL_COMMA.match(value)
    return f"the decimal sign has to be a point, as in {str(value).strip().replace(',', '.', 1)!r}" if is_one else ""


def in_one_line(value: object) -> str:
    """Format any value for an error message, cut if it is long."""
    text = Repr()
    text.maxstring, text.maxother, text.maxlist, text.maxtuple, text.maxdict = 300, 100, 12, 12, 12
    return " ".join(text.repr(value).split())


def _is_array(value: Any) -> bool:
    """Whether it is a scalar or an array of NumPy, torch, pandas or others, which all have this method."""
    return not isinstance(value, type) and callable(getattr(value, "tolist", None))


def _is_data(value: Any) -> bool:
    """Whether it is data that is not plain: arrays, tables, ranges, paths, types of numbers, devices."""
    if isinstance(value, type | ModuleType):
        return False
    is_table = callable(getattr(value, "to_numpy", None))
    return isinstance(value, range | PurePath | frozenset) or _is_array(value) or is_table or _is_of_torch(value)


def _is_of_torch(value: Any) -> bool:
    """Whether it is a device or a number type of torch; does not import torch."""
    return type(value).__module__ == "torch" and type(value).__name__ in ("device", "dtype")


def _is_near(name: str, fields: Collection[str]) -> bool:
    return bool(difflib.get_close_matches(name, fields, n=1, cutoff=NEAR))


def nearest(name: str, among: Iterable[str]) -> str:
    """Return which of some names may be meant, as the end of a sentence; empty where none is like it."""
    by_lower = {each.lower(): each for each in among}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=LIKE)
    return f"; did you mean {by_lower[near[0]]!r}?" if near else ""


def not_a_field(
    name: str, fields: Collection[str], beside: Collection[str], listed_by: str = "", unlisted: Collection[str] = ()
) -> str:
    """Return the error message for a name that is not a field: what may be meant, or where all legal names are listed.

    beside: the notebook parameters that are not fields but arguments of ep.train. listed_by: what lists the fields; "":
    the message does. unlisted: legal names that it does not list.
    """
    if name in beside:
        return f"{name!r} is an argument of ep.train, not a field of Config"
    legal = sorted([*fields, *beside])
    near = difflib.get_close_matches(name, legal, n=3)
    likely = [each for each in near if _similarity(name, each) > _similarity(name, near[0]) - LESS_LIKELY]
    if likely:
        hint = f"did you mean {' or '.join(map(repr, likely))}?"
    else:
        others = f", all but {', '.join(unlisted)}" if unlisted else ""
        hint = f"{listed_by} lists the legal ones{others}" if listed_by else f"legal names: {', '.join(legal)}"
    return f"{name!r} is not a field; {hint}"


def _similarity(name: str, field: str) -> float:
    return difflib.SequenceMatcher(None, field, name).ratio()
