"""The fields of forms, by the types of their values: how a value is shown and read back, what is said of it, faults."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from itertools import accumulate
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import ipywidgets as widgets
import yaml

from elastic_pinn.config import ConfigError
from elastic_pinn.config_sections import as_written, entry_of
from elastic_pinn.workbench.figures.style.colors import BLUE, VERMILLION
from elastic_pinn.yaml_values import read_yaml, write_yaml

MARK = "⚠ "
STYLE = {"description_width": "165px"}
GRID = {"grid_template_columns": "repeat(auto-fill, minmax(330px, 1fr))", "grid_gap": "0 12px"}
FLOW: dict[str, Any] = {"default_flow_style": True, "width": 10_000}
QUOTED = re.compile(r"""(?<![^\s,\[(])(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(?=\s*(?:[,\])]|$))""")  # an item of a list
NEEDS_QUOTES = re.compile(r"""[,()\[\]{}"'\n]|^\s|\s$|^$""")
# The height is constant, so that nothing below moves away from under the mouse.
CSS = f""".ep-help {{height: 6.8em; overflow-y: auto; line-height: 1.4; padding: 4px 2px}}
.ep-help > div {{display: none}}
.ep-form:not(:has(.ep-field :focus)) .ep-help-none {{display: block; opacity: 0.6}}
.ep-fault input, .ep-fault select, .ep-fault textarea {{box-shadow: 0 0 0 2px {VERMILLION} !important}}
.ep-chosen:not(:focus-within) {{opacity: 0.4}}
.ep-lines, .ep-cell:has(> .ep-lines) {{grid-column: 1 / -1}}
.ep-lines textarea {{field-sizing: content; max-height: 14em}}
:is(.ep-form, .ep-views) .lm-TabBar-content {{flex-wrap: wrap}}
:is(.ep-form, .ep-views) .lm-TabBar-tab {{flex: 0 0 auto !important; min-width: 0; max-width: none !important}}
:is(.ep-form, .ep-views) .lm-TabBar-tabLabel {{overflow: visible}}
.ep-form .ep-field::after {{flex: none; align-self: center; padding-left: 4px; opacity: 0.7}}
.ep-changed > .ep-field > .widget-label, .ep-changed .widget-label-basic {{box-shadow: inset 3px 0 {BLUE}}}
.ep-back {{flex: none; padding: 0 7px}}
.ep-take {{flex: 0 1 auto; margin-left: 175px; height: 22px; line-height: 22px; padding: 0 7px; font-size: 90%}}
.ep-why {{margin: 0 0 4px 175px}}
.ep-why .widget-html-content {{line-height: 1.3; font-size: 90%; opacity: 0.7}}
.ep-form [class*="ep-group-"]::before {{grid-column: 1 / -1; font-weight: bold; padding-top: 4px}}
.ep-cell-text {{width: 100%; box-sizing: border-box; resize: vertical; max-height: 40em;
font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px);
color: var(--jp-ui-font-color1, black); background: var(--jp-layout-color1, white);
border: 1px solid var(--jp-border-color1, gray)}}"""


def field_of(name: str, kind: Any, value: Any, layout: widgets.Layout, **look: Any) -> widgets.ValueWidget:
    """Return the widget of a field: a dropdown, a checkbox, text, or as many lines of text as a list has items.

    kind: the annotation of its values. look: more traits of a text.
    """
    common = {"description": name, "style": STYLE, "layout": layout}
    kinds = _kinds(kind)
    if get_origin(kinds[0]) is Literal:
        legal = get_args(kinds[0])
        options = [("", None), *((each, each) for each in legal)] if _is_optional(kind) else legal
        field = widgets.Dropdown(options=options, value=value, **common)
    elif kind is bool:
        field = widgets.Checkbox(value, **common)
    elif _is_of_lines(kind):
        look = {"rows": 2, "placeholder": "- one item a line", **look}
        field = widgets.Textarea(as_shown(kind, value), **common, **look)
        field.add_class("ep-lines")
    else:
        field = widgets.Text(as_shown(kind, value), **common, **look)
    field.add_class("ep-field")
    field.add_class(f"ep-field-{name}")
    return field


def as_shown(kind: Any, value: Any) -> Any:
    """Return a value as its field shows it: lists and numbers as text, lists of lists or of dicts as YAML."""
    if isinstance(value, tuple):
        if _is_of_lines(kind):
            return "\n".join(f"- {write_yaml(as_written(item), **FLOW).strip()}" for item in value)
        if any(isinstance(item, tuple) for item in value):
            return write_yaml(as_written(value), **FLOW).strip()[1:-1]
        return ", ".join(map(_item_shown, value))
    if value is None and get_origin(_kinds(kind)[0]) is not Literal:
        return ""
    return value if isinstance(value, bool | str | NoneType) else str(value)


def as_read(name: str, kind: Any, shown: Any) -> Any:
    """Return the value of what a field shows; its section refuses text that cannot be read.

    Raises ConfigError for what is not YAML.
    """
    kinds = _kinds(kind)
    if not isinstance(shown, str):
        return shown
    if _is_of_lines(kind):
        value = _read_yaml(name, shown)
        return [] if value is None else value
    lists = [each for each in kinds if get_origin(each) is tuple]
    if not lists or (str in kinds and not shown.lstrip().startswith("[")):
        return None if not shown.strip() and _is_optional(kind) else _read(kinds, shown)
    item = _item(lists[0])
    if len(of_item := _kinds(item)) > 1 or get_origin(of_item[0]) is tuple:
        items = _read_yaml(name, f"[{shown}]")
        return items[0] if _is_list_of(of_item, items) else items
    return [_read(of_item, part) for part in _parts(name, shown)]


def help_of(descriptions: Mapping[str, tuple[str, str]]) -> str:
    """Return the meanings of all fields, of which a style sheet shows that of the focused one, since ipywidgets do not
    report the focus.

    descriptions: the meaning of each, and what is legal.
    """
    rules = "".join(
        f".ep-form:has(.ep-field-{name} :focus) .ep-help-{name} {{display: block}}" for name in descriptions
    )
    texts = "".join(
        f'<div class="ep-help-{name}"><b>{name}</b>: {html.escape(str(text))}<br>legal: {html.escape(legal)}</div>'
        for name, (text, legal) in descriptions.items()
    )
    none = '<div class="ep-help-none">Click into a field to read here what it means.</div>'
    return f'<style>{CSS}{rules}</style><div class="ep-help">{none}{texts}</div>'


def units_of(texts: Mapping[str, str]) -> str:
    """Return the style that shows the units of fields, by their names, beside them."""
    rules = (f".ep-field-{name}::after {{content: {json.dumps(text)}}}" for name, text in texts.items())
    return f"<style>{''.join(rules)}</style>"


def mark(field: widgets.DOMWidget, style: str, is_marked: bool) -> None:
    """Give a field a style, or take it: "ep-fault" or "ep-chosen"."""
    (field.add_class if is_marked else field.remove_class)(style)


def as_fault(text: str, color: str = VERMILLION) -> str:
    """Return a fault as HTML that is readable on a light and a dark background, with its lines kept."""
    lines = "<br>".join(html.escape(line) for line in text.splitlines())
    look = f"font-size:var(--jp-content-font-size1,14px);line-height:1.4;border-left:3px solid {color};padding-left:8px"
    return f'<div style="{look}">{lines}</div>'


def _kinds(kind: Any) -> list[Any]:
    """The types of a union, or the only one, without what is required of them and without None."""
    if get_origin(kind) is Annotated:
        return _kinds(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return [one for each in get_args(kind) if each is not NoneType for one in _kinds(each)]
    return [kind]


def _is_optional(kind: Any) -> bool:
    return NoneType in get_args(kind)


def _item(kind: Any) -> Any:
    """The type of the items of a list, with what is required of them; None for anything else."""
    return next(iter(get_args(kind)), None) if get_origin(kind) is tuple else None


def _is_of_lines(kind: Any) -> bool:
    """Whether a field is a list of lists or of dicts, which have a line each."""
    return entry_of(kind) is not None or get_origin(_kinds(_item(kind))[0]) is tuple


def _read_yaml(name: str, text: str) -> Any:
    try:
        return read_yaml(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: {' '.join(str(error).split())}") from None


def _item_shown(item: Any) -> str:
    """An item of a list as text, in quotes where it would else be taken for several, or for another."""
    text = str(item)
    is_plain = not (isinstance(item, str) and NEEDS_QUOTES.search(text))
    return text if is_plain else write_yaml(text, default_style='"', allow_unicode=True, **FLOW).strip()


def _is_list_of(kinds: list[Any], items: list[Any]) -> bool:
    """Whether the only item is itself the list, in brackets of its own: of lists, or of texts where one is legal."""
    legal = (list, str) if str in kinds else list
    return len(items) == 1 and isinstance(items[0], list) and all(isinstance(each, legal) for each in items[0])


def _parts(name: str, text: str) -> list[str]:
    """The items of a list, which may stand in brackets; those in quotes are read as YAML."""
    text = text.strip()
    masked = QUOTED.sub(lambda found: "_" * len(found[0]), text)  # commas and brackets in quotes do not count
    if _is_in_brackets(masked):
        text, masked = text[1:-1], masked[1:-1]
    items = [text[slice(*found.span())].strip() for found in re.finditer("[^,]+", masked)]
    return [str(_read_yaml(name, item)) if QUOTED.fullmatch(item) else item for item in items if item]


def _is_in_brackets(text: str) -> bool:
    """Whether the first character is a bracket, and the last is the one that closes it."""
    closing = {"[": "]", "(": ")"}.get(text[:1])
    depths = list(accumulate((each == text[0]) - (each == closing) for each in text))
    return closing is not None and depths[-1] == 0 and 0 not in depths[:-1]


def _read(kinds: list[Any], text: str) -> Any:
    """Text as a number, where it may and can be one."""
    for kind in kinds:
        if kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                continue
    return text
