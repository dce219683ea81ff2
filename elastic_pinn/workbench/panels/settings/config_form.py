"""A form with a field for each value of a config, which validates the config while the user types."""

import html
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import ipywidgets as widgets

from elastic_pinn.config import TERMS, Config, ConfigError
from elastic_pinn.field_declarations import needs_text, units
from elastic_pinn.legal_values import KINDS, legal_values
from elastic_pinn.physics import Problem, ProblemError, problem_from
from elastic_pinn.physics.data import ReceiverFileError
from elastic_pinn.physics.setups import ProblemConfig, ProblemMaker
from elastic_pinn.physics.setups.material import NOT_GIVEN
from elastic_pinn.training import Preview, preview_of, require_device
from elastic_pinn.used_fields import used_fields
from elastic_pinn.workbench.figures.style.colors import BLUE, ORANGE
from elastic_pinn.workbench.panels.settings.field_box import ROW, FieldBox, action_button
from elastic_pinn.workbench.panels.settings.field_tabs import FieldTabs
from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge
from elastic_pinn.workbench.panels.widgets.form_fields import (
    as_fault,
    as_read,
    as_shown,
    field_of,
    help_of,
    mark,
    units_of,
)
from elastic_pinn.workbench.parameters_cell import parameters_cell
from elastic_pinn.workbench.run_folders import RUNS

GROUPS = {
    "Problem": "problem",
    "Plate": "plate_shape",
    "Window": "window",
    "Material": "lame_lambda",
    "Network": "network",
    "Run": "steps",
    "Stages": "stages",
    "Schedule": "schedule",
    "Points": "interior_points",
    "Weights": "weight_pde",
    "Stopping": "validation_points",
    "Saving": "checkpoint_every",
}
"""The first field of each group; the others follow in the config's order."""

RUN_NAME = re.compile(r"\w[\w.-]*")
OF_PROBLEM = "a number of the problem's own"
OWN_NAME = "run_name"  # the only field that is not in the config
ROUNDS = 6  # in which recommended values that depend on each other are taken
CELL = "Parameters cell"
"""The title of the last tab."""
CELL_TEMPLATE = """<div style="line-height:1.4">These lines make the config of the fields: click into them, copy, and
paste them over the notebook's parameters cell.</div>
<textarea class="ep-cell-text" readonly onclick="this.select()" rows="{rows}" spellcheck="false" wrap="off"
data-lm-suppress-shortcuts="true">{text}</textarea>"""
VALUES = re.compile(r"'[^']*'|\"[^\"]*\"|\[[^\]]*\]")  # the values in a fault, which are removed to leave names


class ConfigForm(widgets.VBox):
    """The fields of a config, in groups, of which those are shown that have an effect; below them the meaning of the
    focused field, and faults, or what is chosen for fields that a tolerance leaves to the library, which are faint, and
    advice. The last tab is the config as a parameters cell.

    config: the initial values, those of the notebook's cell. problem: a user's own problem, which replaces the one that
    the config names, or the function that makes it of the config's own numbers, which then have fields, too. name: of
    new run directories. on_change: called after each change. of_notebook: parameters that the notebook itself reads, by
    their names.

    Attributes:
        config: the config of the fields; while that is illegal, the last legal one.
        problem: the problem of this config; None before the first legal one.
        preview: what training would begin with; None before the first legal config.
        fault: why it cannot be trained; None if it can.
    """

    def __init__(
        self,
        config: Config,
        problem: Problem | ProblemMaker | None,
        name: str,
        on_change: Callable[[], None],
        of_notebook: Mapping[str, Any] | None = None,
    ) -> None:
        self.config = config
        self.problem: Problem | None = None
        self.preview: Preview | None = None
        self.fault: ValueError | None = None
        self._own, self._on_change, self._is_loading, self._of_notebook = problem, on_change, False, of_notebook
        replaced = {"own"} if problem is None else ProblemConfig.model_fields.keys()
        own = [] if problem is None or isinstance(problem, Problem) else list(config.own)
        names = [*own, *(name for name in Config.model_fields if name not in replaced)]
        # One for all: what the browser is sent, and a saved notebook holds. A small button has room beside a field.
        layout, row = widgets.Layout(width="auto", flex="1 1 calc(100% - 40px)", min_width="0"), widgets.Layout(**ROW)
        self._fields = {each: field_of(each, _kind(each, config), getattr(config, each), layout) for each in names}
        self._name = field_of(OWN_NAME, str, name, layout)
        self._name.description = "run name"
        for field in self._all.values():
            field.observe(self._changed, "value")
        self._message, self._cell = widgets.HTML(), widgets.HTML()
        kinds = {each: _kind(each, config) for each in names} | {OWN_NAME: str}
        first = {each: getattr(config, each) for each in names} | {OWN_NAME: name}
        self._boxes = {each: FieldBox(each, field, kinds[each], first[each], row) for each, field in self._all.items()}
        meanings = _meanings(names, config)
        texts = {each: f"{text} {legal}" for each, (text, legal) in meanings.items()}
        self._better: dict[str, Any] = {}  # the recommended values that are not chosen for a tolerance
        self._take_all = action_button("arrow-up", "ep-take-all", self._take_recommended)
        self._back_all = action_button("undo", "ep-back-all", lambda: self._set(
            {name: box.first for name, box in self._boxes.items() if box.is_changed}))  # fmt: skip
        all_at_once = self._take_all, self._back_all
        self._tabs = FieldTabs(_groups(names), self._boxes, texts, (CELL, self._cell), self._write_cell, all_at_once)
        acknowledge(*self._all.values())
        style = units_of(units(Config.model_fields, dict(config)))
        super().__init__([self._tabs, widgets.HTML(help_of(meanings) + style), self._message])
        self.add_class("ep-form")
        self._validate()

    @property
    def run_name(self) -> str:
        """The name of new run directories."""
        return self._name.value

    @property
    def names_at_fault(self) -> list[str]:
        """The fields at fault, as far as they are known."""
        if self.fault is None:
            return []
        is_given = any(self._fields[name].value for name in NOT_GIVEN if name in self._fields)
        return [name for name in self._all if name in _names_in(self.fault, is_given)]

    @property
    def _all(self) -> dict[str, widgets.ValueWidget]:
        """Every field, by its name."""
        return self._fields | {OWN_NAME: self._name}

    def load(self, config: Config) -> None:
        """Show a config in the fields; a user's own problem is kept. Raises ConfigError if they do not fit together."""
        if self._own:
            shown = self._fields.keys() - Config.model_fields.keys()
            kept = ProblemConfig.model_fields.keys() - ({"own"} if shown and shown == config.own.keys() else set())
            config = config.model_copy(update={name: getattr(self.config, name) for name in kept})
        self.config, self.problem, self.preview = config, None, None  # which are those of another config
        self._set({name: as_shown(_kind(name, config), getattr(config, name)) for name in self._fields})

    def _changed(self, _: object = None) -> None:
        if not self._is_loading:
            self._validate()
            self._on_change()

    def _validate(self) -> None:
        """Update the config from the fields, or show why it is illegal."""
        try:
            values = {
                name: as_read(name, _kind(name, self.config), field.value) for name, field in self._fields.items()
            }
            config = self.config.model_copy(update=values)
            require_device(config.device)
            problem = self._same_or(self._made(config), config)
            if not RUN_NAME.fullmatch(self.run_name):
                raise ConfigError(f"{OWN_NAME} = {self.run_name!r}: legal are letters, digits, '.', '_' and '-'")
            if not self.preview or problem is not self.problem or config != self.config:
                self.preview = preview_of(config, problem)
            self.config, self.problem, self.fault = config, problem, None
        except ValueError as error:  # of the config, or of the problem's parts
            self.fault = error
            self._message.value = as_fault(str(error))
        else:
            self._write_cell()
            notes = {self.preview.chosen: BLUE, "\n".join(self.preview.advice): ORANGE}
            self._message.value = "".join(as_fault(text, color) for text, color in notes.items() if text)
        self._mark()

    def _made(self, config: Config) -> Problem:
        """Return the problem. Raises ConfigError for what a user's function raises, of which any kind is possible."""
        try:
            return problem_from(config, self._own)
        except ValueError:
            raise
        except Exception as error:
            raise ConfigError(f"{', '.join(config.own)}: {type(error).__name__}: {error}") from error

    def _same_or(self, made: Problem, config: Config) -> Problem:
        """Return the present problem where a config makes the same again: what it has worked out is kept."""
        others = Config.model_fields.keys() - ProblemConfig.model_fields.keys()
        before, is_function = self.problem, callable(self._own)
        if before is None or is_function or config.differences(self.config).keys() - others:
            return made
        return before if before.data_sha256 == made.data_sha256 else made

    def _mark(self) -> None:
        """Mark only the fields at fault and their tabs, those that are chosen in place of what they show, and those
        with another value than in the notebook's cell; and show those that have an effect."""
        names, legal = self.names_at_fault, None if self.fault else self.preview  # that of other fields is of no use
        chosen, recommended = (legal.settings.names, legal.recommended) if legal else ((), {})
        for name, box in self._boxes.items():
            mark(box.field, "ep-fault", name in names)
            mark(box.field, "ep-chosen", name in chosen)
            box.update(recommended.get(name), name in chosen)
        self._better = {name: each.value for name, each in recommended.items() if name not in chosen}
        changed = [name for name, box in self._boxes.items() if box.is_changed]
        terms = {each.column for each in self.problem.statements} if self.problem else TERMS
        for button, names_of, text in (
            (self._take_all, self._better, "Take all recommended"), (self._back_all, changed, "All back to the cell"),
        ):  # fmt: skip
            button.description = f"{text} ({len(names_of)})"
            button.layout.display = None if names_of else "none"
        used = used_fields(self.preview.config if self.preview else self.config, terms)
        self._tabs.update(used | (self._boxes.keys() - Config.model_fields.keys()), names, changed)

    def _take_recommended(self) -> None:
        """Take all recommended values, and those that are recommended beside them; what a tolerance chooses stays its
        own."""
        for _ in range(ROUNDS):
            if not self._better:
                break
            self._set({name: as_shown(_kind(name, self.config), value) for name, value in self._better.items()})

    def _set(self, shown: Mapping[str, Any]) -> None:
        """Set fields, and validate once they all are."""
        self._is_loading = True
        try:
            for name, value in shown.items():
                self._all[name].value = value
        finally:
            self._is_loading = False
            self._changed()

    def _write_cell(self) -> None:
        """Write the parameters cell, while it can be seen."""
        if self._tabs.selected == CELL:
            text = parameters_cell(self.config, self._own is not None, self._of_notebook)
            self._cell.value = CELL_TEMPLATE.format(rows=text.count("\n") + 1, text=html.escape(text))


def _groups(names: Collection[str]) -> dict[str, list[str]]:
    """Return the fields of each group that has any of the names, in order; the run's name is among those of the run."""
    first = {name: title for title, name in GROUPS.items()}
    own = [name for name in names if name not in Config.model_fields]
    groups: dict[str, list[str]] = {"Problem": own} if own else {}
    title = ""
    for name in Config.model_fields:
        title = first.get(name, title)
        if name == GROUPS["Run"]:
            groups[title] = [OWN_NAME]
        if name in names:
            groups.setdefault(title, []).append(name)
    return groups


def _kind(name: str, config: Config) -> Any:
    """Return the annotation of a field, or the type of a problem's own number."""
    return Config.model_fields[name].annotation if name in Config.model_fields else config.own.types[name]


def _meanings(names: Iterable[str], config: Config) -> dict[str, tuple[str, str]]:
    """Return the meaning of each field, and what is legal and what it needs to have an effect."""
    descriptions = {
        name: (str(info.description), "; ".join(filter(None, [legal_values(info), needs_text(info)])))
        for name, info in Config.model_fields.items()
        if name in names
    }
    descriptions |= {name: (OF_PROBLEM, KINDS[kind]) for name, kind in config.own.types.items() if name in names}
    descriptions[OWN_NAME] = f"fresh run directories are {RUNS}/TIME-NAME", "letters, digits, '.', '_' and '-'"
    return descriptions


def _names_in(fault: ValueError, is_material_given: bool) -> set[str]:
    """Return the fields of a fault: the names before the colon of each of its lines.

    is_material_given: whether the fields, not only a receiver file, give the material.
    """
    if isinstance(fault, ReceiverFileError):
        return {"data"}
    if isinstance(fault, ProblemError):
        return set(NOT_GIVEN) if is_material_given else {"unknowns"}
    subjects = [VALUES.sub("", line).partition(": ")[0] for line in str(fault).splitlines()]
    return {word for subject in subjects for word in re.findall(r"(?<![\w.])\w+", subject)}
