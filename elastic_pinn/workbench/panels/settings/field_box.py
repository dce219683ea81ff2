"""A field with a button back to the value that it began with, and one that takes a recommended value."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from elastic_pinn.config import ConfigError
from elastic_pinn.training.lifecycle.recommended import Recommendation
from elastic_pinn.workbench.panels.widgets.form_fields import as_read, as_shown, mark

ROW = {"flex_flow": "row wrap", "align_items": "center", "align_content": "flex-start", "overflow": "visible"}
"""The layout of a box, which all boxes of a form share."""


class FieldBox(widgets.HBox):
    """A field and its buttons, which are there only where they have an effect.

    The buttons come after the field, so that the field's own view stays, and with it the focus. kind: the annotation of
    its values; first: the value in the notebook's cell. layout: of the box, by ROW.

    Attributes:
        first: the value in the notebook's cell, as the field shows it.
    """

    def __init__(self, name: str, field: widgets.ValueWidget, kind: Any, first: Any, layout: widgets.Layout) -> None:
        self.field, self._name, self._kind = field, name, kind
        self.first, self._recommended = as_shown(kind, first), None
        self._back: widgets.Button | None = None
        self._take: widgets.Button | None = None
        self._why: widgets.HTML | None = None
        super().__init__([field], layout=layout)
        self.add_class("ep-cell")
        self.add_class(f"ep-cell-{name}")

    @property
    def is_changed(self) -> bool:
        """Whether the field's value is another than in the notebook's cell, however it is written."""
        if self.field.value == self.first:
            return False
        try:
            here, there = (as_read(self._name, self._kind, shown) for shown in (self.field.value, self.first))
        except ConfigError:
            return True
        return bool(here != there)

    def update(self, recommended: Recommendation | None, is_chosen: bool) -> None:
        """Show the buttons that have an effect by now.

        recommended: a value that is another than the field's, and why; None for none. is_chosen: whether it is what
        training takes in the place of the field's.
        """
        is_changed = self.is_changed
        buttons: list[widgets.Widget] = []
        mark(self, "ep-changed", is_changed)
        if is_changed:
            self._back = self._back or action_button("undo", "ep-back", lambda: self._set(self.first))
            first = "an empty field" if self.first in ("", None) else self.first  # False is a value
            self._back.tooltip = f"back to {first}, as in the notebook's cell"
            buttons.append(self._back)
        if recommended is not None:
            self._recommended = as_shown(self._kind, recommended.value)
            self._take = self._take or action_button("arrow-up", "ep-take", lambda: self._set(self._recommended))
            self._take.description = f"{'chosen' if is_chosen else 'recommended'}: {self._recommended}"
            buttons.append(self._take)
            if not is_chosen:  # of which the line below the fields tells
                self._why = self._why or _line()
                self._why.value = html.escape(recommended.why)
                buttons.append(self._why)
        self.children = (self.field, *buttons)  # the same ones are not sent again

    def _set(self, shown: Any) -> None:
        self.field.value = shown


def action_button(icon: str, css_class: str, action: Callable[[], None]) -> widgets.Button:
    """Return a button with a look of its own, and what a click does."""
    button = widgets.Button(icon=icon, layout={"width": "auto"})
    button.add_class(css_class)
    button.on_click(lambda _: action())
    return button


def _line() -> widgets.HTML:
    line = widgets.HTML(layout={"width": "100%"})
    line.add_class("ep-why")
    return line
