"""A checkpoint's HDF5 file as a tree that unfolds, in HTML: what h5py shows of it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from elastic_pinn.storage import open_image
from elastic_pinn.workbench.text import truncate

if TYPE_CHECKING:
    import h5py

    from elastic_pinn.storage import Snapshot

WIDTH = 100  # characters of a value in its line
STYLE = "font-family: monospace; line-height: 1.4"
INDENT = "margin-left: 1.5em"


def html_tree(snapshot: Snapshot) -> str:
    """Return groups, data sets with type and shape, and attributes with values; all but the root is folded.

    The file is written again from its contents, so that a file that was read in isolation is never opened in this
    process; a file of an older format is shown as this version would write it.
    """
    with open_image("", bytes(snapshot.image())) as file:
        return f'<div style="{STYLE}">{_group(file, "/", is_open=True)}</div>'


def _group(group: h5py.Group, name: str, is_open: bool = False) -> str:
    counted = f"{name} ({len(group)} members, {len(group.attrs)} attributes)"
    inside = [_group(item, key) if hasattr(item, "keys") else _dataset(item, key) for key, item in group.items()]
    return _folded(counted, _attributes(group) + "".join(inside), is_open)


def _dataset(dataset: h5py.Dataset, name: str) -> str:
    line = f"{name}: {_type(dataset)} {dataset.shape}"
    content = _text(dataset[()]) if dataset.shape == () else ""
    inside = _attributes(dataset) + (_line(content) if len(content) > WIDTH else "")
    label = f"{line} = {truncate(content, WIDTH)}" if content else line
    return _folded(label, inside) if inside else _line(label)


def _attributes(item: h5py.Group | h5py.Dataset) -> str:
    return "".join(_line(f"@{name} = {truncate(_text(value), WIDTH)}") for name, value in item.attrs.items())


def _type(dataset: h5py.Dataset) -> str:
    """Return NumPy's name of a type; for a text, its number of bytes."""
    return f"text of {dataset.dtype.itemsize:,} bytes" if dataset.dtype.kind == "S" else str(dataset.dtype)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _folded(label: str, inside: str, is_open: bool = False) -> str:
    summary = f'<summary style="cursor: pointer">{html.escape(label)}</summary>'
    return f'<details{" open" * is_open}>{summary}<div style="{INDENT}">{inside}</div></details>'


def _line(text: str) -> str:
    return f"<div>{html.escape(text)}</div>"
