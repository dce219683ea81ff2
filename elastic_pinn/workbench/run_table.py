"""A table of all runs below a folder, and the differences of their configs."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from elastic_pinn.config import FIELDS, Config, ConfigError
from elastic_pinn.config_sections import as_written
from elastic_pinn.parameters import not_a_field
from elastic_pinn.paths import expanded
from elastic_pinn.physics.media.material import DERIVED_UNITS, UNITS, split_region, unit_of
from elastic_pinn.run import Run
from elastic_pinn.storage import CheckpointError
from elastic_pinn.summary import Summary
from elastic_pinn.workbench.fit_columns import CONDITION, SOURCE, UNREADABLE, fit_columns

COLUMNS = ("status", "step", "error", "validation", "seconds", "started")

ERROR = " ±"  # after the name of an unknown

OPTIONAL = (
    "warnings", "estimated", *(column for name in (*UNITS, *DERIVED_UNITS) for column in (name, f"{name}{ERROR}")),
    "origin_time", *(f"{name}{ERROR}" for name in SOURCE), "fit", "chi2", CONDITION,
)  # fmt: skip
"""Columns that a table has where any run has a value for them; those of one of several materials, as "mu_2", and of
one of several shots, as "origin_time of shot left", too."""

RunRow = tuple[dict[str, Any], Config | None]  # the columns of a run without its config's fields, and its config


def find_runs(folder: str | Path) -> Iterator[Path]:
    """Yield the run directories at or below a folder, in the order of their paths; runs are not searched.

    `~` and `$NAME` are expanded as in a shell.
    """
    for path, inside, files in os.walk(expanded(folder)):
        inside.sort()
        if "config.json" in files:
            inside.clear()
            yield Path(path)


def runs_table(folder: str | Path, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Return a row for each run at or below a folder, the newest first, by its path from there.

    Columns: `status`; where any run has `warnings`, their number; `step`, `error` (relative L2, of the displacement);
    where any run has no exact solution, its `estimated` error; `validation` (loss), `seconds` of training, `started`;
    where any run has unknowns each of them, as in `mu` and `mu ±` (SI), and likewise what follows from them (`c_p` and
    `c_s`, the wave speeds, `E`, Young's modulus, `nu`, Poisson's ratio), `fit` (the verdict on ±: holds, widened,
    withheld, not assessed, or unreadable) and `chi2` (squared misfit per degree of freedom, in units of the noise);
    each field and own number of the config in which the runs differ, lists as text; and where any run has a ±, its
    `condition`, the given numbers that it is for, of which misfits show no error or a part of it. NaN for a missing
    value; a run whose files cannot be read has the status unreadable.

    columns: those that are wanted, in this order: of the above, of one of several materials or shots too, as `mu_2 ±`
    or `origin_time of shot left`, or any field or own number of the config, whether the runs have it or not; (): the
    above. pandas cuts what is long where
    it prints a table: `print(table.to_string())` has the names of runs whole. Raises ConfigError for a column
    of another name, with the nearest ones, and for what is no list.
    """
    rows = run_rows(folder)
    table = table_of(rows)
    return _with_columns(table, rows, columns) if columns else table


def run_rows(folder: str | Path) -> dict[str, RunRow]:
    """Return the row of each run at or below a folder, by its path from there."""
    return {str(path.relative_to(expanded(folder))): run_row(path) for path in find_runs(folder)}


def table_of(rows: Mapping[str, RunRow]) -> pd.DataFrame:
    """Return the table of `runs_table` from rows."""
    found = _columns(rows)
    varied = varying([config for _, config in rows.values() if config])
    fields = sorted(set(varied).difference(found))  # `amplitude` is that of a source where one was found
    values = [{name: written(getattr(config, name, None)) for name in fields} for _, config in rows.values()]
    table = pd.DataFrame(
        [own_columns | fields_of_run for (own_columns, _), fields_of_run in zip(rows.values(), values, strict=True)],
        index=pd.Index(rows, name="run", dtype=object),
        columns=[*found, *fields, *[CONDITION] * any(CONDITION in row for row, _ in rows.values())],
    )
    return table.sort_values("started", ascending=False, kind="stable")


def _with_columns(table: pd.DataFrame, rows: Mapping[str, RunRow], columns: Sequence[str]) -> pd.DataFrame:
    """The wanted columns of a table, see `runs_table`."""
    if isinstance(columns, str):
        raise ConfigError(f"columns = {columns!r}: a list is needed, [{columns!r}]")
    configs = {run: config.flat() for run, (_, config) in rows.items() if config}
    legal = dict.fromkeys([*table, *OPTIONAL, *FIELDS, *(name for values in configs.values() for name in values)])
    if unknown := [name for name in columns if not (name in legal or _is_of_one(name))]:
        raise ConfigError("\n".join(not_a_field(n, legal, ()).replace("a field", "a column of runs") for n in unknown))
    added = {}
    for name in set(columns).difference(table):
        is_result = name in OPTIONAL or _is_of_one(name)  # which no run has, or each has none of
        added[name] = [
            rows[run][0].get(name, math.nan) if is_result else written(configs.get(run, {}).get(name))
            for run in table.index
        ]
    return table.assign(**added)[list(columns)]


def _is_of_one(name: object) -> bool:
    """Return whether a column is a constant of one of several materials, or what was found of the source of one of
    several shots, or its ±: "mu_1", "c_p_2 ±", "origin_time of shot left"."""
    quantity = str(name).removesuffix(ERROR)
    if any(quantity.startswith(f"{of_source} of shot ") for of_source in SOURCE):
        return True
    _, region = split_region(quantity)
    return bool(unit_of(quantity) and region) and not region.startswith("0")  # they are counted from 1


def config_differences(runs: Sequence[Run]) -> pd.DataFrame:
    """Return the fields in which the configs of some runs differ: a row for each field, a column for each run."""
    configs = {str(run.path): run.config for run in runs}
    fields = varying(list(configs.values()))
    columns = {
        location: [written(getattr(config, name, None)) for name in fields] for location, config in configs.items()
    }
    return pd.DataFrame(columns, index=fields, dtype=object)


def varying(configs: Sequence[Config]) -> list[str]:
    """Return the fields and own numbers in which some configs differ, in the order of the config."""
    different = {name for config in configs[1:] for name in configs[0].differences(config)}
    return [name for name in dict.fromkeys(name for config in configs for name in config.flat()) if name in different]


def written(value: Any) -> Any:
    """Return a field's value for a table: a list as text, "[20, 20]" or "[adam, lbfgs]", anything else unchanged."""
    return f"[{', '.join(map(str, as_written(value)))}]" if isinstance(value, tuple) else value


def _found(run: Run, summary: Summary) -> dict[str, Any]:
    """Return the unknowns of a run with their ±, and the verdict on them."""
    columns = fit_columns(run, summary)
    of_run = dict.fromkeys([*UNITS, *summary.material])  # of several materials "lambda_1", ...
    names = [name for name in of_run if name in run.config.unknowns or f"{name}{ERROR}" in columns]
    return {**{name: summary.material[name] for name in names}, **columns}


def _estimated(summary: Summary) -> dict[str, float]:
    """Return the estimated error of the displacement where the true one is not known."""
    metrics = summary.metrics
    is_known = "error/displacement" in metrics or "error/estimated" not in metrics
    return {} if is_known else {"estimated": metrics["error/estimated"]}


def _columns(rows: Mapping[str, RunRow]) -> list[str]:
    """Return the columns that all runs have, and those that any of them has, in order."""
    found = list(dict.fromkeys(column for row, _ in rows.values() for column in row))
    several = [column.removesuffix(ERROR) for column in found if column.endswith(ERROR)]
    ordered = dict.fromkeys([*UNITS, *DERIVED_UNITS, *sorted(several)])
    names = [column for name in ordered for column in (name, f"{name}{ERROR}")]
    status, step, error, *others = COLUMNS
    optional = [name for name in [*names, "fit", "chi2"] if name in found]
    has_warnings = any(row.get("warnings") for row, _ in rows.values())
    first = [status, *(["warnings"] * has_warnings), step, error, *(["estimated"] * ("estimated" in found))]
    return [*first, *others, *optional]


def run_row(path: Path) -> RunRow:
    """Return the columns of a run without its config's fields, and its config; only the status if it cannot be read."""
    try:
        run = Run(path)
        status = run.status  # first: a run that ends meanwhile may be listed as running, not the reverse
        summary, config = run.summary, run.config
        return {
            "status": status,
            "warnings": len(summary.warnings),
            "step": summary.step,
            "error": summary.metrics.get("error/displacement"),
            **_estimated(summary),
            "validation": summary.metrics.get("loss/validation"),
            "seconds": summary.wall_s,
            "started": datetime.fromisoformat(summary.started),
            **_found(run, summary),
        }, config
    except (CheckpointError, KeyError, TypeError, ValueError):
        return {"status": UNREADABLE}, None
