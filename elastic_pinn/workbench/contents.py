"""The contents of a checkpoint, as a tree of names with types and shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

from elastic_pinn.workbench.text import truncate

if TYPE_CHECKING:
    from elastic_pinn.storage import Snapshot

STEP = "  "


def lines_of(snapshot: Snapshot) -> Iterator[str]:
    """Yield a line for each object in a checkpoint, indented by its depth."""
    yield from _lines("weights", dict(snapshot.weights))
    for name, tree in snapshot.state.items():
        yield from _lines(name, tree)
    yield from _lines("history", snapshot.history.columns())
    yield f"{STEP}losses_of_start_until: {snapshot.history.losses_of_start_until}"
    yield f"{STEP}events: {len(snapshot.history.events)}"
    for step, text in snapshot.history.events:
        yield f"{STEP}{STEP}step {step}: {text}"


def _lines(name: str | int, tree: Any) -> Iterator[str]:
    if not _is_branch(tree):
        yield f"{name}: {_leaf(tree)}"
        return
    yield f"{name}/"
    for key, child in tree.items() if isinstance(tree, Mapping) else enumerate(tree):
        for line in _lines(key, child):
            yield STEP + line


def _is_branch(tree: Any) -> bool:
    """Return whether a tree contains mappings or sequences; a sequence of numbers or tensors takes one line."""
    if isinstance(tree, Mapping):
        return bool(tree)
    return isinstance(tree, list | tuple) and any(isinstance(item, Mapping | list | tuple) for item in tree)


def _leaf(tree: Any) -> str:
    """Return arrays by type and shape, a plain value as it is, a sequence of tensors by their types and shapes."""
    if isinstance(tree, list | tuple) and any(map(_has_shape, tree)):
        return truncate(", ".join(f"{len(list(alike))} x {kind}" for kind, alike in groupby(map(_kind, tree))))
    return _kind(tree) if _has_shape(tree) else truncate(repr(tree))


def _kind(item: Any) -> str:
    """Return the type and shape of a tensor or an array; of anything else, its literal."""
    return f"{str(item.dtype).removeprefix('torch.')} {tuple(item.shape)}" if _has_shape(item) else truncate(repr(item))


def _has_shape(item: Any) -> bool:
    return hasattr(item, "dtype")
