"""Contents of older format versions -> today's: one pure function from each version to the next.

A checkpoint of format version v is read as it is, and its contents (the fields of a Snapshot) pass through all
functions from v on. Nothing is ever written in an older version, and a function once released never changes: a golden
file of each version is kept in tests/storage/format/golden.
"""

from collections.abc import Callable, Mapping
from typing import Any

Contents = Mapping[str, Any]
"""The fields of a Snapshot, as far as the version has them."""


def migrate(contents: Contents, version: int) -> Contents:
    """Contents of a format version as today's version has them. `contents` is left as it is."""
    for step in STEPS[version - 1 :]:
        contents = step(contents)
    return contents


def _from_1_to_2(contents: Contents) -> Contents:
    """Moments and counters stand by their name, then by parameter; what the metric means is not known."""
    state = dict(contents["state"])
    if "optimizer" in state:
        by_parameter = _rows(state["optimizer"])
        names = by_parameter[0] if by_parameter else ()
        state["optimizer"] = {name: [moments[name] for moments in by_parameter] for name in names}
    return {**contents, "state": state}


def _rows(moments: Any) -> list[dict[str, Any]]:
    """The moments of each parameter, in order. Raises ValueError for what version 1 never wrote."""
    if not isinstance(moments, dict) or list(moments) != list(range(len(moments))):
        raise ValueError("an optimizer's moments are not by parameter")
    rows = list(moments.values())
    if not all(isinstance(row, dict) and row.keys() == rows[0].keys() for row in rows):
        raise ValueError("an optimizer's moments are not the same for all parameters")
    return rows


def _from_2_to_3(contents: Contents) -> Contents:
    """Rows have the losses that their steps led to; `read_history` marks those of a version that did not say so."""
    return contents


STEPS: tuple[Callable[[Contents], Contents], ...] = (_from_1_to_2, _from_2_to_3)
"""STEPS[v - 1] leads from version v to v + 1."""
