"""Named numbers of a problem that a user states in Python: they are declared, checked and stored like fields."""

from __future__ import annotations

import keyword
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from elastic_pinn.errors import ConfigError
from elastic_pinn.legal_values import KINDS
from elastic_pinn.parameters import in_one_line, plain

OwnNumber = float | int | bool | str
Types = Mapping[str, Callable[..., Any]]
"""The declaration of own numbers: name -> float, int, bool or str."""

COLUMNS = {"run", "status", "reason", "warnings", "step", "seconds", "error", "estimated", "validation", "started",
           "history", "lambda", "mu", "rho", "fit", "chi2", "condition", "config"}  # fmt: skip
"""Columns of tables of runs, beside which an own number has one as well."""


class OwnNumbers(Mapping[str, OwnNumber]):
    """Own numbers by their names, which cannot be changed."""

    def __init__(self, values: Mapping[str, OwnNumber]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> OwnNumber:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(tuple(self._values.items()))

    def __repr__(self) -> str:
        return repr(self._values)

    @property
    def types(self) -> dict[str, type]:
        """Their types, as they are declared."""
        return {name: type(value) for name, value in self.items()}


def require_declared(types: object, taken: Collection[str]) -> None:
    """Raise ConfigError for a declaration with a name or a type that is not legal. taken: names of fields."""
    if not isinstance(types, Mapping):
        raise ConfigError(f"own = {in_one_line(types)}: names with types are needed, as in {{'pulse_width': float}}")
    for name, kind in types.items():
        if not (isinstance(name, str) and name.isidentifier()) or keyword.iskeyword(name) or name.startswith("_"):
            raise ConfigError(f"own: {in_one_line(name)} is no legal name of a parameter, as pulse_width is")
        if name in taken or name in COLUMNS:
            what = "a name of the config" if name in taken else "a column of tables of runs"
            raise ConfigError(f"own: {name!r} is {what} already: choose another name for the problem's own number")
        if kind not in KINDS:
            legal = ", ".join(kind.__name__ for kind in KINDS)
            raise ConfigError(f"own: {name!r} is declared as {in_one_line(kind)}; legal are {legal}")


def own_number(name: str, value: Any, kind: Any) -> Any:
    """Return a value of a declared type. Raises ConfigError for another one; a whole number is a number."""
    value = plain(value)
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind or (kind is float and not math.isfinite(value)):
        wanted = "a finite number" if kind is float else KINDS[kind]
        raise ConfigError(f"{name} = {in_one_line(value)}: {wanted} is needed. {name} is a number of the problem's own")
    return value


def own_numbers(types: Types, given: Mapping[str, Any]) -> OwnNumbers:
    """Return the declared numbers among given values. Raises ConfigError for one that is missing or of another type."""
    found, faults = {}, []
    for name, kind in types.items():
        try:
            if name not in given:
                raise ConfigError(f"{name} is missing: it is declared as own, so set it among the parameters")
            found[name] = own_number(name, given[name], kind)
        except ConfigError as error:
            faults.append(str(error))
    if faults:
        raise ConfigError("\n".join(faults))
    return OwnNumbers(found)
