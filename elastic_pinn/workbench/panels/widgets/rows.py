"""Rows of widgets, which are continued in a further line where a window is too narrow for them."""

from collections.abc import Sequence

import ipywidgets as widgets

WRAPPED = {"align_items": "center", "flex_flow": "row wrap"}
"""The layout of a row."""


def row(children: Sequence[widgets.Widget]) -> widgets.HBox:
    """Return the widgets in a row."""
    return widgets.HBox(children, layout=WRAPPED)
