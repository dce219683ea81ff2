"""What the groups of a config's fields share: their base class, and the types of numbers and lists.

Each wing declares its own group beside what reads it: physics/setups/, networks/config.py, training/config.py,
storage/config.py. These import neither torch nor h5py. config.py joins them.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Item = TypeVar("Item")
List = Annotated[tuple[Item, ...], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)]
Count = Annotated[int, Field(ge=1)]
OptionalCount = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, lt=1)]


class Section(BaseModel):
    """Frozen, strict (1.5 is no whole number, 'abc' no number), and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True, defer_build=True)
