"""The columns of the table of runs as people read them: heads, meanings, cells as text, and the order of these."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pandas as pd

from elastic_pinn.config import Config
from elastic_pinn.field_declarations import units
from elastic_pinn.physics.media.material import DERIVED_UNITS, split_region, unit_of
from elastic_pinn.workbench.fit_columns import CONDITION
from elastic_pinn.workbench.run_table import ERROR
from elastic_pinn.workbench.text import format_value, is_missing

RUN = "run"
MOST_FIELDS = 4  # of the config, that are shown at first
MISSING = -1  # in place of a rank
FORMATS: dict[str, Callable[[Any], str]] = {
    "error": "{:.1e}".format,
    "estimated": "{:.1e}".format,
    "validation": "{:.1e}".format,
    "seconds": "{:,.1f}".format,
    "started": "{:%Y-%m-%d %H:%M}".format,
    "chi2": "{:.3g}".format,
}
RESULTS = {
    "status": "running, completed, ...; unreadable: its files cannot be read",
    "warnings": "how many, which elastic-pinn inspect names",
    "step": "the last step of training",
    "error": "relative L2 error of the displacement against the exact solution",
    "estimated": "relative L2 error of the displacement by finite elements, where no exact solution is known",
    "validation": "the validation loss, dimensionless",
    "seconds": "duration of training",
    "started": "when training began",
    "fit": "the verdict on ±: holds, widened, withheld, not assessed, unreadable",
    "chi2": "squared misfit per degree of freedom, in units of the noise",
    CONDITION: "the given numbers that ± is for, of which no misfit shows an error",
}
CONSTANTS = {
    "lambda": "first Lamé parameter",
    "mu": "second Lamé parameter, the shear modulus",
    "rho": "density",
    "c_p": "speed of P waves (in plane stress, that of a thin plate)",
    "c_s": "speed of S waves",
    "E": "Young's modulus",
    "nu": "Poisson's ratio",
}
LATER = ("validation", "started", "chi2", CONDITION, *DERIVED_UNITS)  # shown on demand


class RunColumn(NamedTuple):
    """A column of a `runs_table`.

    head: its name with the unit of its numbers, as "mu ± / Pa". meaning: "" if it is not known, as of a user's own
    number. is_first: whether it is shown at first.
    """

    head: str
    meaning: str
    is_first: bool


def run_columns(table: pd.DataFrame) -> dict[str, RunColumn]:
    """Return the columns of a `runs_table` by their names.

    Shown at first are status, step, errors, seconds, the unknowns with their ± and the verdict on it, each if any run
    has it, and, if they are few, the fields of the config in which the runs differ.
    """
    found = {name for name in table if _constant(name) or name.endswith(ERROR) or f"{name}{ERROR}" in table}
    fields = [name for name in table if name not in found and name not in RESULTS]
    units_of_fields = units(Config.model_fields, {})  # no field of a config is the unit of another
    columns = {}
    for name in table:
        if name in fields:
            unit, meaning, is_first = units_of_fields.get(name, ""), _summary(name), len(fields) <= MOST_FIELDS
        else:
            unit = unit_of(_quantity(name)) or ("s" if _quantity(name).startswith("origin_time") else "")
            meaning, is_first = _meaning(name), (_constant(name) or name) not in LATER
        columns[name] = RunColumn(
            f"{name} / {unit}" if unit not in ("", "1") else name, meaning, is_first and bool(table[name].notna().any())
        )
    return columns


def texts(column: pd.Series) -> list[str]:
    """Return the cells of a column as text, "" for a missing value."""
    name = str(column.name)
    form = FORMATS.get(name, "{:.4g}".format if _constant(name) else format_value)
    return ["" if is_missing(value) else form(value) for value in column.astype(object)]


def ranks(values: Sequence[Any]) -> list[int]:
    """Return the place of each value among all of them, from 0 on, the same for equal ones, and MISSING for a missing
    value: numbers by size, texts by the alphabet and by the size of the numbers in them, "run-9" before "run-10"."""
    keys = [None if is_missing(value) else _key(value) for value in values]
    places = {key: place for place, key in enumerate(sorted({key for key in keys if key is not None}))}
    return [MISSING if key is None else places[key] for key in keys]


def _key(value: Any) -> tuple:
    """A value's place in order: numbers before dates before texts."""
    if isinstance(value, str):
        parts = re.split(r"(\d+)", value.lower())  # every second part is a number
        return 2, tuple((int(part), "") if at % 2 else (-1, part) for at, part in enumerate(parts)), value
    return (1, value.timestamp()) if isinstance(value, pd.Timestamp) else (0, float(value))


def _quantity(name: str) -> str:
    """The quantity of a column, "mu_2" of "mu_2 ±"."""
    return name.removesuffix(ERROR)


def _constant(name: str) -> str:
    """The constant of elasticity that a column is of, "mu" of "mu_2 ±"; "" of any other column."""
    return split_region(_quantity(name))[0] if unit_of(_quantity(name)) else ""


def _meaning(name: str) -> str:
    """What a column of results means."""
    constant, (_, region) = _constant(name), split_region(_quantity(name))
    of_region = f" of material {region}" if constant and region else ""
    meaning = RESULTS.get(name) or f"{CONSTANTS.get(constant, 'found of the source')}{of_region}"
    return f"one standard deviation: {meaning}" if name.endswith(ERROR) else meaning


def _summary(name: str) -> str:
    """The first sentence of the description of a config's field."""
    field = Config.model_fields.get(name)
    return " ".join(f"{field.description}".split()).partition(". ")[0] if field else ""
