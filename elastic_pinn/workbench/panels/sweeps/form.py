"""A form for the specification of a sweep, which is validated while the user types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import yaml

from elastic_pinn.config import ConfigError
from elastic_pinn.paths import delivered, project_root
from elastic_pinn.workbench.batch import Notebook, Plan, Sweep, SweepError
from elastic_pinn.workbench.batch.comparisons import COMPARED, comparison
from elastic_pinn.workbench.batch.plan import GIVEN_BY_THE_SWEEP
from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge
from elastic_pinn.workbench.panels.widgets.form_fields import as_fault
from elastic_pinn.workbench.panels.widgets.rows import row
from elastic_pinn.workbench.panels.widgets.tooltips import tooltips
from elastic_pinn.workbench.run_folders import RUNS, stamped
from elastic_pinn.yaml_values import read_yaml, write_yaml

STYLE = {"description_width": "90px"}
COMPARE = "fill the fields with the runs of this comparison, of a trained network of 01_forward; Start runs it"
BOX = {"width": "auto", "height": "150px"}


class SweepForm(widgets.VBox):
    """Notebook, folder, varied parameters, and parameters of all runs.

    sweep: the initial values; its random draws, which have no field, are kept. on_change: called after each change.
    A click sets what a comparison of samplings, balancings or networks runs. Raises SweepError for an illegal sweep.

    Attributes:
        plan: the plan of the fields; while they are illegal, the last legal one.
        fault: why it cannot be run; "" if it can.
    """

    def __init__(self, sweep: Sweep, on_change: Callable[[], None]) -> None:
        self.plan, self._on_change, self.fault = Plan.of(sweep), on_change, ""
        self._can_change, self._was_changed = True, False
        self._fields = _fields(sweep)
        kept = {"cluster", "threads", "random"} | ({"seeds"} if _has_own_points(sweep) else set())
        self._kept = sweep.model_dump(by_alias=True, include=kept)
        self._message = widgets.HTML()
        boxes = [self._fields[name] for name in ("grid", "parameters")]
        varied = "as its draws say" if sweep.random else "a list each: every combination is run; or a line for each run"
        titles = [f"<b>Varied</b>, {varied}", "<b>The same for all runs</b>"]
        clicks = [widgets.Button(description=name, tooltip=COMPARE, layout={"width": "auto"}) for name in COMPARED]
        for button in clicks:
            button.on_click(lambda button: self._set_comparison(button.description))
        columns = [widgets.VBox([widgets.HTML(title), box], layout={"flex": "1 1 320px"})
                   for title, box in zip(titles, boxes, strict=True)]  # fmt: skip
        others = [field for name, field in self._fields.items() if field not in boxes]
        self._clicks = row([widgets.Label("Compare"), *clicks])
        tooltip_styles = tooltips(*(field for field in others if field.tooltip), *clicks)
        super().__init__([row(others), self._clicks, row(columns), self._message, tooltip_styles])
        for field in self._fields.values():
            field.observe(lambda _: self._changed(), "value")
        acknowledge(*self._fields.values())

    def enable(self, can_change: bool) -> None:
        """Enable or disable the fields; a change that arrives while they are disabled is applied afterwards."""
        self._can_change = can_change
        for field in (*self._fields.values(), *self._clicks.children[1:]):
            field.disabled = not can_change
        if can_change and self._was_changed:
            self._changed()

    def _changed(self) -> None:
        self._was_changed = not self._can_change
        if self._can_change:
            self._check()
            self._on_change()

    def _check(self) -> None:
        try:
            values = {name: field.value for name, field in self._fields.items()}
            values["parameters"] = _mapping("parameters", _read("parameters", values["parameters"]))
            varied = _varied(_read("grid", values.pop("grid")))
            self.plan = Plan.of(Sweep(**{**self._kept, **values, **varied}))
            self.fault = ""
        except (ConfigError, OSError) as error:
            self.fault = str(error)
        self._message.value = self.fault and as_fault(self.fault)

    def _set_comparison(self, name: str) -> None:
        """Set what a comparison runs, in a fresh folder; a sweep that was drawn at random is none any more."""
        compared = comparison(name)
        self._kept |= {"random": None, "seeds": []}
        self._can_change = False  # until all of it is set
        self._fields["notebook"].value = compared["notebook"]
        self._fields["directory"].value = f"{RUNS}/{stamped(name)}"
        self._fields["parameters"].value = _as_text(compared["parameters"])
        self._fields["grid"].value = _as_lines(compared["list"])
        self.enable(True)


def _fields(sweep: Sweep) -> dict[str, Any]:
    names = [sweep.notebook, *(name for name in _notebooks() if name != sweep.notebook)]
    varied = sweep.grid | ({"seed": sweep.seeds} if sweep.seeds and not _has_own_points(sweep) else {})
    wide: dict[str, Any] = {"style": STYLE, "layout": {"width": "auto", "flex": "1 1 260px"}}
    small: dict[str, Any] = {"style": STYLE, "layout": {"width": "auto", "flex": "0 1 170px"}}
    return {
        "notebook": widgets.Dropdown(options=names, value=sweep.notebook, description="notebook", **wide),
        "directory": widgets.Text(
            sweep.directory, description="directory", continuous_update=False, **wide,
            tooltip="folder of the runs, one folder each; that of an earlier sweep continues it",
        ),
        "workers": widgets.BoundedIntText(
            sweep.workers, min=0, max=10_000, description="workers", **small,
            tooltip="runs at a time; 0: one a CPU core",
        ),
        "time_limit": widgets.BoundedFloatText(
            sweep.time_limit, min=0, max=1e9, description="time limit, s", tooltip="of each run; 0: none", **small
        ),
        "metric": widgets.Text(
            sweep.metric, description="metric", placeholder="error, else validation", **small,
            tooltip="what the best run has least of: a column of the history",
        ),
        "grid": widgets.Textarea(
            _as_lines(sweep.points) or _as_text(varied), layout=BOX, placeholder="learning_rate: [1e-3, 1e-2]"
        ),
        "parameters": widgets.Textarea(_as_text(sweep.parameters), layout=BOX, placeholder="steps: 500"),
    }  # fmt: skip


def _has_own_points(sweep: Sweep) -> bool:
    return bool(sweep.points or sweep.random)


def _notebooks() -> list[str]:
    """Return the notebooks that a sweep can run."""
    paths = [path for root in (project_root(), delivered()) for path in sorted((root / "notebooks").glob("*.ipynb"))]
    able = [path for path in paths if _is_resumable(path)]
    return list(dict.fromkeys(f"notebooks/{path.name}" for path in able))


def _is_resumable(path: Path) -> bool:
    try:
        return Notebook.read(path).parameters.keys() >= GIVEN_BY_THE_SWEEP
    except (ConfigError, OSError, SyntaxError):  # any file of the user's folder
        return False


def _as_text(values: dict[str, Any]) -> str:
    """Return a line for each name, as `_mapping` reads it."""
    lines = (write_yaml(value, default_flow_style=True, width=10_000).splitlines()[0] for value in values.values())
    return "\n".join(f"{name}: {line}" for name, line in zip(values, lines, strict=True))


def _as_lines(points: Sequence[Mapping[str, Any]]) -> str:
    """Return a line for each run of a list."""
    return "".join(f"- {write_yaml(dict(point), default_flow_style=True, width=10_000)}" for point in points)


def _varied(values: Any) -> dict[str, Any]:
    """The grid or the list of a sweep, by the value of its field."""
    if isinstance(values, list):
        return {"list": values}
    return {
        "grid": {
            name: value if isinstance(value, list) else [value] for name, value in _mapping("grid", values).items()
        }
    }


def _read(name: str, text: str) -> Any:
    try:
        return read_yaml(text) or {}
    except yaml.YAMLError as error:
        raise SweepError(f"{name}: {' '.join(str(error).split())}") from None


def _mapping(name: str, values: Any) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise SweepError(f"{name}: a line each is needed, as in learning_rate: [1e-3, 1e-2]")
    return values
