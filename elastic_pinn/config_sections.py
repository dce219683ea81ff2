"""What the groups of a config's fields share: their base class, and the types of numbers and lists.

Each wing declares its own group beside what reads it: physics/setups/, networks/config.py, training/config.py,
storage/config.py. These import neither torch nor h5py. config.py joins them.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

Item = TypeVar("Item")
OfList = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
List = Annotated[tuple[Item, ...], OfList]
Count = Annotated[int, Field(ge=1)]
OptionalCount = Annotated[int, Field(ge=0)]
Threads = Annotated[int, Field(ge=0, le=1024)]  # of some 10,000 torch ends the process without a word
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Pair = Annotated[tuple[Finite, Finite], OfList]


class Section(BaseModel):
    """Frozen, strict (1.5 is no whole number, 'abc' no number), and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True, defer_build=True)


class Entry(Section):
    """An item of a list in a config that has fields of its own: a dict in files and notebooks."""

    @model_serializer(mode="wrap")
    def _given(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is not given."""
        return {name: value for name, value in handler(self).items() if value not in ("", None)}

    def __repr__(self) -> str:
        return repr(as_written(self))

    __str__ = __repr__


def as_written(value: Any) -> Any:
    """Return the value of a config's field as it is written in a notebook's parameters: lists, dicts and numbers."""
    if isinstance(value, Entry):
        fields = type(value).model_fields
        return {name: as_written(each) for name, each in value if each != fields[name].default}
    if isinstance(value, dict):
        return {name: as_written(each) for name, each in value.items()}
    return [as_written(each) for each in value] if isinstance(value, list | tuple) else value


def entry_of(kind: Any) -> type[Entry] | None:
    """Return what the items of a field are, by its annotation, if they are entries."""
    item = get_args(kind)[0] if get_origin(kind) is tuple else None
    return item if isinstance(item, type) and issubclass(item, Entry) else None


def require_unique_names(groups: Iterable[type[Section]]) -> None:
    """Raise TypeError if two groups, or the groups that they are made of, declare a field of the same name."""
    declared: dict[str, type] = {}
    for group in {part: None for each in groups for part in each.__mro__ if issubclass(part, Section)}:
        for name in inspect.get_annotations(group).keys() & group.model_fields.keys():
            if name in declared:
                raise TypeError(f"{group.__name__} and {declared[name].__name__} both declare the field {name!r}")
            declared[name] = group
