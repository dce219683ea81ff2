"""Several fields that add up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from elastic_pinn.physics.domains import Domain
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.fields import Field, name_of, require_field, values_of
from elastic_pinn.physics.sources.local import Local, Source


@dataclass(frozen=True)
class Total:
    """The sum of some fields, (x, y, t) -> (N, 2)."""

    fields: tuple[Field, ...]

    @property
    def __name__(self) -> str:
        return " + ".join(map(name_of, self.fields))

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Evaluate each field, and add them, (N, 2)."""
        return torch.stack([values_of(field, x, y, t).to(x) for field in self.fields]).sum(0)


def field_of(given: Any, role: str) -> Field | None:
    """Make one field of a field, of several in a list or tuple, or of None.

    Raises ProblemError, naming `role`, for what is no field.
    """
    if not isinstance(given, list | tuple):
        require_field(given, role)
        return given
    for i, field in enumerate(given):
        require_field(field, f"{role}[{i}]")
        if field is None:
            raise ProblemError(f"{role}[{i}] is None, where a function (x, y, t) -> (N, 2) is needed")
    return Total(tuple(given)) if len(given) > 1 else next(iter(given), None)


def local_in(field: Field | None) -> tuple[Local, ...]:
    """Return what of a field is local."""
    fields = field.fields if isinstance(field, Total) else (field,)
    return tuple(each for each in fields if isinstance(each, Local))


def identity_of(field: Field | None, domain: Domain) -> tuple[float, ...]:
    """Return numbers that tell where in a domain a field's sources act; none where it has no sources."""
    return tuple(number for source in local_in(field) for number in source.identity_in(domain))


def end_of(field: Field | None) -> float:
    """Return until when a field may differ from zero, s: -inf where there is none, the end of the last pulse where it
    is sources alone, inf otherwise."""
    if field is None:
        return -math.inf
    ends = [each.pulse.interval[1] if isinstance(each, Source) else math.inf for each in local_in(field)]
    return math.inf if rest_of(field) else max(ends)


def rest_of(field: Field | None) -> Field | None:
    """Return what of a field is not local; None where nothing is."""
    if isinstance(field, Total):
        return field_of([each for each in field.fields if not isinstance(each, Local)], "")
    return None if isinstance(field, Local) else field
