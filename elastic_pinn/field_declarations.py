"""What is declared beside a field: the unit of its numbers, and what it needs to have an effect.

Each declaration is part of the field's annotation, as in `Annotated[Fraction, With(stages=("sgd",))]`, and so in the
`metadata` of its FieldInfo.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Unit:
    """The unit of a field's numbers."""

    text: str


@dataclass(frozen=True)
class UnitOf:
    """The unit of a field's numbers is the value of another field, by its name."""

    field: str


@dataclass(frozen=True)
class OfTerm:
    """The field has an effect where the problem has this term of the loss.

    column: of the term.
    """

    column: str

    def __str__(self) -> str:
        return f"a problem with the term {self.column!r} of the loss"


class With:
    """The field has an effect beside certain values of other fields, which have an effect themselves.

    set_fields: fields that are needed with any value but an empty one, 0 or False. values: the values of which other
    fields need one; of a list one item is enough.
    """

    def __init__(self, *set_fields: str, **values: Collection[str]) -> None:
        self.set_fields, self.values = set_fields, values

    def __str__(self) -> str:
        named = [f"{name} {_either(map(repr, legal))}" for name, legal in self.values.items()]
        return " and ".join([*named, *(f"{name} set" for name in self.set_fields)])


def units(fields: Mapping[str, FieldInfo], values: Mapping[str, Any]) -> dict[str, str]:
    """Return the units of those fields that have one.

    values: of the fields that are units of others, by their names.
    """
    found = {}
    for name, info in fields.items():
        for each in info.metadata:
            if isinstance(each, Unit):
                found[name] = each.text
            elif isinstance(each, UnitOf) and (unit := str(values[each.field])):
                found[name] = unit
    return found


def needs_of(field: FieldInfo) -> list[OfTerm | With]:
    """Return what a field needs to have an effect, of which one is enough; [] of one that always has an effect."""
    return [each for each in field.metadata if isinstance(each, OfTerm | With)]


def needs_text(field: FieldInfo) -> str:
    """Describe what a field needs to have an effect; "" of one that always has an effect."""
    needs = needs_of(field)
    return f"has an effect with {_either(map(str, needs))}" if needs else ""


def has_effect(name: str, fields: Mapping[str, FieldInfo], values: Mapping[str, Any], terms: Collection[str]) -> bool:
    """Return whether a field has an effect beside the values of all fields.

    terms: the columns of the terms that the problem has.
    """

    def holds(need: OfTerm | With) -> bool:
        if isinstance(need, OfTerm):
            return need.column in terms
        given = {each: values[each] for each in (*need.set_fields, *need.values)}
        is_met = all(given[each] for each in need.set_fields) and all(
            set(legal) & set(given[each] if isinstance(given[each], tuple) else (given[each],))
            for each, legal in need.values.items()
        )
        return is_met and all(has_effect(each, fields, values, terms) for each in given)

    needs = needs_of(fields[name])
    return not needs or any(map(holds, needs))


def _either(items: Any) -> str:
    *others, last = items
    return f"{', '.join(others)} or {last}" if others else last
