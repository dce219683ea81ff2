"""Bring contents of older format versions up to date: one pure function from each version to the next.

A checkpoint of format version v is read as it is, and its contents (the fields of a Snapshot) pass through all
functions from v on. Nothing is written in an older version, and a released function never changes:
tests/storage/format/golden has a file of each version.
"""

from collections.abc import Callable, Mapping
from typing import Any

Contents = Mapping[str, Any]
"""The fields of a Snapshot, as far as the version has them."""


def migrate(contents: Contents, version: int) -> Contents:
    """Return contents of a format version as the present version has them. `contents` is not changed."""
    for step in STEPS[version - 1 :]:
        contents = step(contents)
    return contents


def _from_1_to_2(contents: Contents) -> Contents:
    """Order moments and counters by name, then by parameter; the metric's id is unknown."""
    state = dict(contents["state"])
    if "optimizer" in state:
        by_parameter = _rows(state["optimizer"])
        names = by_parameter[0] if by_parameter else ()
        state["optimizer"] = {name: [moments[name] for moments in by_parameter] for name in names}
    return {**contents, "state": state}


def _rows(moments: Any) -> list[dict[str, Any]]:
    """Return the moments of each parameter, in order. Raises ValueError for contents that version 1 never wrote."""
    if not isinstance(moments, dict) or list(moments) != list(range(len(moments))):
        raise ValueError("an optimizer's moments are not by parameter")
    rows = list(moments.values())
    if not all(isinstance(row, dict) and row.keys() == rows[0].keys() for row in rows):
        raise ValueError("an optimizer's moments are not the same for all parameters")
    return rows


def _from_2_to_3(contents: Contents) -> Contents:
    """Change nothing: rows have the losses after their steps, and `read_history` marks those of older versions."""
    return contents


STEPS: tuple[Callable[[Contents], Contents], ...] = (_from_1_to_2, _from_2_to_3)
"""STEPS[v - 1] leads from version v to v + 1."""
