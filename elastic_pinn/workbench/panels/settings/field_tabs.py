"""Fields in tabs, of which those are shown that have an effect, or that a search finds."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping

import ipywidgets as widgets

from elastic_pinn.workbench.panels.settings.field_box import FieldBox
from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge
from elastic_pinn.workbench.panels.widgets.form_fields import GRID, MARK
from elastic_pinn.workbench.panels.widgets.rows import row

CHANGED = "• "
"""Before the name of a tab with a field that is not as in the notebook's cell."""
PLACEHOLDER = "search all fields by name or meaning"


class FieldTabs(widgets.VBox):
    """A search box, a tick that shows all fields, and below them the fields, a tab for each group.

    What is hidden is one rule of a style sheet: no widget is made anew while somebody types. Fields at fault, and those
    with another value than in the notebook's cell, are not hidden, but by a search.

    groups: the names of the fields of each tab. boxes: the fields by their names. meanings: what the search looks
    through, by names. last: a further tab, by its title. on_select: called when another tab is opened. beside: widgets
    beside the search.

    Attributes:
        shown: the names of the fields that are not hidden.
    """

    def __init__(
        self,
        groups: Mapping[str, Collection[str]],
        boxes: Mapping[str, FieldBox],
        meanings: Mapping[str, str],
        last: tuple[str, widgets.Widget],
        on_select: Callable[[], None],
        beside: Collection[widgets.Widget],
    ) -> None:
        self._groups = groups
        self._texts = {name: f"{name} {name.replace('_', ' ')} {text}".lower() for name, text in meanings.items()}
        self._used: Collection[str] = meanings.keys()
        self._kept: Collection[str] = ()
        self._at_fault: Collection[str] = ()
        self.shown: set[str] = set(meanings)
        wide = {"width": "auto", "flex": "1 1 260px"}
        self._search = widgets.Text(description="search", placeholder=PLACEHOLDER, style={"description_width": "50px"},
                                    layout=wide)  # fmt: skip
        self._all = widgets.Checkbox(False, description="show all", indent=False, layout={"width": "auto"})
        self._count, self._style = widgets.HTML(layout={"margin": "2px 8px"}), widgets.HTML(layout={"display": "none"})
        grids = [widgets.GridBox([boxes[name] for name in names], layout=GRID) for names in groups.values()]
        for i, grid in enumerate(grids):
            grid.add_class(f"ep-group-{i}")
        title, widget = last
        self._titles = (*groups, title)
        self._tabs = widgets.Tab([*grids, widget], titles=self._titles, selected_index=0)
        super().__init__([row([self._search, self._all, self._count, *beside]), self._tabs, self._style])
        self._scope = f"ep-tabs-{self.model_id}"  # a page may have several forms
        self.add_class(self._scope)
        for field in (self._search, self._all):
            field.observe(lambda _: self._filter(), "value")
        self._tabs.observe(lambda _: on_select(), "selected_index")
        acknowledge(self._search, self._all, self._tabs)

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of the tabs, with marks."""
        return tuple(self._tabs.titles)

    @property
    def selected(self) -> str:
        """The title of the tab that is open, without a mark."""
        return self._titles[self._tabs.selected_index or 0]

    def update(self, used: Collection[str], at_fault: Collection[str], changed: Collection[str]) -> None:
        """Show other fields.

        used: the names of those that have an effect; at_fault, changed: which are at fault, and which have another
        value than in the notebook's cell.
        """
        self._used, self._kept, self._at_fault = used, {*at_fault, *changed}, at_fault
        marks = {MARK: at_fault, CHANGED: changed}
        marked = ["".join(each for each, of in marks.items() if {*of} & {*names}) for names in self._groups.values()]
        self._tabs.titles = tuple(each + title for each, title in zip([*marked, ""], self._titles, strict=True))
        self._filter()

    def _filter(self) -> None:
        words = self._search.value.lower().split()
        found = {name for name, text in self._texts.items() if all(word in text for word in words)}
        if words:
            self.shown = found | {*self._at_fault}
        else:
            self.shown = {name for name in self._texts if self._all.value or name in self._used or name in self._kept}
        unused = self.shown - {*self._used}
        self._count.value = _count_text(len(self.shown), len(self._texts), len(unused), bool(words))
        empty = [i for i, names in enumerate(self._groups.values()) if not self.shown & {*names}]
        self._style.value = f"<style>{self._rules(empty, bool(words))}</style>"
        if not words and self._tabs.selected_index in empty:
            self._tabs.selected_index = next((i for i in range(len(self._groups)) if i not in empty), 0)

    def _rules(self, empty: Collection[int], is_search: bool) -> str:
        """The style sheet that hides fields; in a search, the groups are not behind tabs but below each other."""
        scope, none = f".{self._scope}", "{display: none !important}"
        hidden = [f".ep-cell-{name}" for name in self._texts if name not in self.shown]
        hidden += [f".lm-TabBar-tab:nth-child({i + 1})" for i in empty]
        rules = [f"{scope} {each} {none}" for each in hidden]
        unused = self.shown - {*self._used}
        rules += [f"{scope} .ep-cell-{name} .widget-label {{font-style: italic}}" for name in sorted(unused)]
        if is_search:
            contents = f"{scope} .widget-tab-contents >"
            rules += [f"{scope} .lm-TabBar {none}", f"{contents} * {none}"]
            for i, title in enumerate(self._groups):
                if i not in empty:
                    rules.append(f"{contents} .ep-group-{i} {{display: grid !important}}")
                    rules.append(f"{contents} .ep-group-{i}::before {{content: {json.dumps(title)}}}")
        return "".join(rules)


def _count_text(shown: int, of: int, unused: int, is_search: bool) -> str:
    """How many fields are shown, and what those in italics and the others are."""
    if not shown:
        return "no field has this in its name or meaning"
    others = "" if is_search or shown == of else "; the others have no effect here"
    return f"{shown} of {of} fields{f'; {unused} in italics have no effect here' if unused else others}"
