"""The legal values of a config's field in words, for help() and for forms."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic.fields import FieldInfo

KINDS: Mapping[Any, str] = {float: "a number", int: "a whole number", bool: "True or False", str: "text"}
BOUNDS = ((Ge, "ge", "at least"), (Gt, "gt", "above"), (Le, "le", "at most"), (Lt, "lt", "below"))
WIDTH = 100


def legal_values(field: FieldInfo) -> str:
    """Describe the legal values of a field, such as "a whole number, at least 1"."""
    return _legal(field.annotation, field.metadata)


def with_fields(text: str | None, fields: Mapping[str, FieldInfo]) -> str:
    """Return a docstring with a section of fields, for help(): their legal values, defaults and meanings.

    It comes before the docstring's own sections.
    """
    entries = []
    for name, field in fields.items():
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        plain = f"{field.description}".replace("`", "")  # or the API pages would link to fields, which are no members
        meaning = textwrap.fill(plain, WIDTH, initial_indent="    ", subsequent_indent="    ")
        written = "not given" if default is None else f"default {default!r}"
        entries.append(f"{name} : {legal_values(field)}; {written}\n{meaning}")
    text, raises, errors = inspect.cleandoc(text or "").partition("\nRaises\n")
    section = "\n".join(["Parameters", "----------", *entries])
    return f"{text.rstrip()}\n\n{section}\n{raises}{errors}\n"


def signature_of(fields: Mapping[str, FieldInfo]) -> inspect.Signature:
    """Return a signature with the names, types and defaults of fields, for help() and tooltips.

    The types are without bounds and choices, which would take many thousand characters: the docstring has them.
    """
    keyword = inspect.Parameter.KEYWORD_ONLY
    return inspect.Signature(
        [
            inspect.Parameter(
                name,
                keyword,
                default=each.get_default(call_default_factory=True),
                annotation=_plain_type(each.annotation),
            )
            for name, each in fields.items()
        ]
    )


def _plain_type(kind: Any) -> Any:
    """The type alone of an annotation, such as float, str, tuple or float | None."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _plain_type(parts[0]) | None
    if origin is Annotated:
        return _plain_type(parts[0])
    return type(parts[0]) if origin is Literal else origin or kind


def _legal(kind: Any, metadata: list[Any]) -> str:
    if get_origin(kind) is Annotated:
        kind, *inner = get_args(kind)
        found = [part for each in inner for part in (each.metadata if isinstance(each, FieldInfo) else [each])]
        return _legal(kind, found)
    if get_origin(kind) in (Union, UnionType):
        return _legal(get_args(kind)[0], metadata)  # or None, which is as not given
    if get_origin(kind) is Literal:
        *others, last = map(repr, get_args(kind))
        return f"{', '.join(others)} or {last}" if others else last
    if get_origin(kind) is tuple:
        return _legal_list(get_args(kind), metadata)
    if hasattr(kind, "model_fields"):
        return f"a dict of {', '.join(kind.model_fields)}"
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return "names, each with a number, True, False or text"
    bounds = [f"{word} {getattr(each, name):g}" for each in metadata for kind_of, name, word in BOUNDS
              if isinstance(each, kind_of)]  # fmt: skip
    return ", ".join([KINDS.get(kind, "a value"), *bounds[:1]]) + "".join(f" and {bound}" for bound in bounds[1:])


def _legal_list(items: tuple[Any, ...], metadata: list[Any]) -> str:
    """Describe the legal values of a list, by the types of its items."""
    if items[-1] is not ...:
        each = [_legal(item, []) for item in items]
        same = len(set(each)) == 1
        return f"a list of {len(items)}, each {each[0]}" if same else f"a list of {len(items)}: {'; '.join(each)}"
    least = next((each.min_length for each in metadata if isinstance(each, MinLen)), 0)
    most = next((each.max_length for each in metadata if isinstance(each, MaxLen)), None)
    length = f" of {least} to {most}" if most else " that is not empty" if least else ""
    return f"a list{length}, each item {_legal(items[0], [])}"
