"""A form with a field for each parameter of own data, and beside each field what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import ipywidgets as widgets

from elastic_pinn.errors import ConfigError
from elastic_pinn.field_declarations import units
from elastic_pinn.legal_values import legal_values
from elastic_pinn.paths import delivered, project_root
from elastic_pinn.physics.data.readers.registry import FORMATS
from elastic_pinn.physics.data.readers.traces import OptionsNeeded
from elastic_pinn.physics.import_options import ImportOptions, legal_option
from elastic_pinn.workbench.own_data import OwnData, options_beside
from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge
from elastic_pinn.workbench.panels.widgets.form_fields import (
    GRID,
    MARK,
    STYLE,
    as_fault,
    as_read,
    as_shown,
    field_of,
    help_of,
    mark,
    units_of,
)

GROUPS: Mapping[str, tuple[str, ...]] = {
    "File and units": (
        "data", "kind", "value_unit", "length_unit", "time_unit", "directions", "noise", "shot", "title",
        "more_data",
    ),
    "Channels": ("channel_gains", "channel_delays", "channel_noise"),
    "Columns": (
        "value_columns", "time_column", "x_column", "y_column", "xy_column", "receiver_column", "layout", "axes",
        "shots", "delimiter", "decimal", "skip_rows", "format", "size_limit",
    ),
    "Places and times": ("positions", "channel_order", "plane", "time_step", "sampling_rate", "first_time"),
    "Material": ("lame_lambda", "lame_mu", "density", "start"),
    "Preparation": (
        "drop_rows", "baseline", "keep_x", "keep_y", "keep_time", "lowest_frequency", "highest_frequency",
        "estimate_noise", "mute",
    ),
    "Output": ("output",),
}  # fmt: skip
"""The fields of each tab."""

APART = ("options", "shown_records", "file_options")  # records are chosen beside the pictures; options are fields here
FIELDS = {name: each for name, each in (OwnData.model_fields | ImportOptions.model_fields).items() if name not in APART}
RECEIVER_FILES = (".h5", ".hdf5", ".hdf")  # mostly made already: not offered, but read if they are given
_WORDS, _NAMES = ("|".join(name for name in FIELDS if ("_" in name) is is_rare) for is_rare in (False, True))
NAMED = re.compile(
    rf"(?<![\w./])(?:(?P<at>{_WORDS})(?= = )|(?P<name>{_NAMES})(?![\w./]))|^(?P<first>{_WORDS})(?=[:,]| and | of )"
)
"""A field in a sentence: by its name, or where that is a common word too, where only a field's name can be."""


class OwnDataForm(widgets.VBox):
    """The parameters of own data, in groups; below them the meaning of the focused field.

    own: the initial values. on_change: called after each change.
    """

    def __init__(self, own: OwnData, on_change: Callable[[], None]) -> None:
        values = _values(own)
        layout = widgets.Layout(width="auto")
        self.fields: dict[str, Any] = {
            name: field_of(name, info.annotation, values[name], layout, continuous_update=False)
            for name, info in FIELDS.items()
            if name != "data"
        }
        self.fields["data"] = widgets.Combobox(
            value=own.data, options=_files(), description="data", style=STYLE, layout=layout, continuous_update=False
        )
        for name in ("ep-field", "ep-field-data"):
            self.fields["data"].add_class(name)
        self._sentences = {name: widgets.HTML(layout={"display": "none"}) for name in FIELDS}
        cells = {name: widgets.VBox([self.fields[name], self._sentences[name]]) for name in FIELDS}
        for name in ("mute", "more_data"):
            cells[name].add_class("ep-lines")
        grids = [widgets.GridBox([cells[name] for name in names], layout=GRID) for names in GROUPS.values()]
        self._tabs = widgets.Tab(grids, titles=tuple(GROUPS), selected_index=0)
        self._empty = {name: as_shown(info.annotation, info.get_default()) for name, info in FIELDS.items()}
        self._of_file: dict[str, Any] = {}  # what the fields show of the YAML file beside the raw one
        self._fault_beside: ConfigError | None = None
        with suppress(ConfigError):
            self._of_file = _shown_beside(own.data)
        self._whole = own.more_data  # unless the YAML files beside these say nothing else of them
        with suppress(ConfigError):
            self._whole = () if own.with_options_beside() == own else own.more_data
        self._given = {  # these stay parameters, even by their default values
            name for name in own.parameters.keys() & FIELDS if self.fields[name].value != self._of_file.get(name)
        }
        self._on_change, self._is_taking = on_change, False
        for name, field in self.fields.items():
            field.observe(self._data_changed if name == "data" else self._changed, "value")
        acknowledge(self._tabs, *self.fields.values())
        self._units = widgets.HTML(layout={"display": "none"})
        self._show_units()
        super().__init__([self._tabs, widgets.HTML(_help()), self._units])
        self.add_class("ep-form")

    def take_options_beside(self) -> None:
        """Show the options of the YAML file beside the raw one, in the place of those of the raw file before.

        Fields that were changed stay.
        """
        before, self._of_file, self._fault_beside = self._of_file, {}, None
        try:
            self._of_file = _shown_beside(self.fields["data"].value)
        except ConfigError as error:
            self._fault_beside = error
        self._is_taking = True
        for name in before.keys() | self._of_file.keys():
            field, empty = self.fields[name], self._empty[name]
            if field.value in (empty, before.get(name, empty)):
                field.value = self._of_file.get(name, empty)
        self._is_taking = False

    def _show_units(self) -> None:
        """Show the units beside the fields, some of which are given in other fields."""
        self._units.value = units_of(units(FIELDS, {name: field.value for name, field in self.fields.items()}))

    def _changed(self, _: Any) -> None:
        self._show_units()
        if not self._is_taking:
            self._on_change()

    def _data_changed(self, _: Any) -> None:
        self.take_options_beside()
        self._on_change()

    @property
    def own(self) -> OwnData:
        """What the fields say. Raises ConfigError for what is not legal."""
        if self._fault_beside:
            raise self._fault_beside
        values = {name: as_read(name, info.annotation, self.fields[name].value) for name, info in FIELDS.items()}
        empty = {name: [] if info.default == () else info.default for name, info in FIELDS.items()}
        changed = {name for name, value in values.items() if value not in (empty[name], "")}
        # One that is cleared is None, where to leave it out would be to take the notebook's own value.
        said = {name: values[name] for name in FIELDS if name in self._given or name in changed}
        return OwnData.of({**said, "file_options": False}).with_options_beside(self._whole)

    def show(self, error: Exception | None) -> list[str]:
        """Show what is wrong beside the fields at fault, or that nothing is; return these fields."""
        said = sentences(error) if error else {}
        for name, field in self.fields.items():
            mark(field, "ep-fault", name in said)
            self._sentences[name].value = as_fault(said[name]) if name in said else ""
            self._sentences[name].layout.display = None if name in said else "none"
        self._tabs.titles = tuple(MARK * any(name in said for name in names) + title for title, names in GROUPS.items())
        return list(said)


def sentences(error: Exception) -> dict[str, str]:
    """Return what an error says of each field, by those that it names; beside the file's where it names none."""
    if isinstance(error, OptionsNeeded):
        return {name: f"{what}; for example {_example(example)}" for name, (what, example) in error.asked.items()}
    said: dict[str, list[str]] = {}
    for line in (str(error) or type(error).__name__).splitlines():
        for name in dict.fromkeys(match[0] for match in NAMED.finditer(line)) or ["data"]:
            said.setdefault(name, []).append(line)
    return {name: "\n".join(lines) for name, lines in said.items()}


def _values(own: OwnData) -> dict[str, Any]:
    """The value of each field."""
    return {name: getattr(own if name in OwnData.model_fields else own.options, name) for name in FIELDS}


def _shown_beside(data: str) -> dict[str, Any]:
    """What fields show of the options beside a raw file. Raises ConfigError for those that are not legal."""
    options = options_beside(data)[1]
    values = _values(OwnData.from_namespace({"data": data, "output": "-"})) if options else {}
    return {name: as_shown(FIELDS[name].annotation, values[name]) for name in options}


def _example(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _files() -> list[str]:
    """The recordings of the project, and those that are delivered, as parameters name them."""
    suffixes = {suffix for each in FORMATS.values() for suffix in each.suffixes} - set(RECEIVER_FILES)
    found = [
        str(path.relative_to(root)) for root in (project_root(), delivered())
        for folder in (root, root / "data") if folder.is_dir()
        for path in sorted(folder.iterdir()) if path.suffix.lower() in suffixes and path.is_file()
    ]  # fmt: skip
    return list(dict.fromkeys(found))


def _help() -> str:
    legal = {name: legal_option if name in ImportOptions.model_fields else _legal_of_own for name in FIELDS}
    return help_of({name: (str(info.description), legal[name](name)) for name, info in FIELDS.items()})


def _legal_of_own(name: str) -> str:
    return legal_values(FIELDS[name])
