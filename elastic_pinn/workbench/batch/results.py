"""The results of a sweep: a row for each run, medians and ranges over seeds, the best run; in HDF5 and CSV."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from elastic_pinn.storage import replace_file
from elastic_pinn.workbench.batch.plan import RECORD_FILE, Plan, Planned
from elastic_pinn.workbench.batch.status import COMPLETED, SWEEP_FILE, StatusRow
from elastic_pinn.workbench.batch.sweep_config import MEASURED, Sweep
from elastic_pinn.workbench.text import is_missing

METRICS = (
    "error/displacement",
    "error/estimated",
    "loss/validation",
)  # the first that runs have decides
FIRST = ("run", "status", "reason", "warnings")
RESULTS = ("sweep.h5", "sweep.csv")
FORMAT_VERSION = 1


def table_of(plan: Plan, rows: Mapping[str, StatusRow]) -> pd.DataFrame:
    """Return a row for each run, in the order of the sweep, by its name.

    Columns: status, reason, warnings, the fields that vary, step, seconds, the last metrics, the material, history.
    """
    whole = [{**_varied(run, plan), **rows[run.name]} for run in plan.runs]
    names = dict.fromkeys([*FIRST, *plan.sweep.varied, *(name for row in whole for name in row)])
    return pd.DataFrame(whole, columns=list(names)).set_index("run")


def metric_of(sweep: Sweep, table: pd.DataFrame) -> str:
    """Return the column that decides the best run; "" while no run has one."""
    wanted = [sweep.metric] if sweep.metric else METRICS
    return next((name for name in wanted if name in table and table[name].notna().any()), "")


def metric_fault(sweep: Sweep, table: pd.DataFrame) -> str:
    """Return why there is no best run though some are completed; "" otherwise."""
    completed = table[table["status"] == COMPLETED]
    if not len(completed) or metric_of(sweep, table):
        return ""
    known = ", ".join(name for name in completed if name.startswith(MEASURED) and completed[name].notna().any())
    return f"metric = {sweep.metric!r}: no completed run has it; what they have: {known or 'nothing measured'}"


def best_of(table: pd.DataFrame, metric: str) -> str:
    """Return the name of the completed run with the lowest metric; "" if there is none."""
    values = table.loc[table["status"] == COMPLETED, metric].dropna() if metric else pd.Series(dtype=float)
    return str(values.idxmin()) if len(values) else ""


def over_seeds(sweep: Sweep, table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return a row for each set of values except the seed, the best first: the number of completed `runs`, the
    `median`, `least` and `greatest` metric, and the median `seconds`."""
    names = [name for name in sweep.varied if name != "seed"]
    completed = table[table["status"] == COMPLETED]
    groups = completed.groupby([completed[name].map(str) for name in names] or (lambda run: "all"), sort=False)
    found = groups.agg(
        runs=(metric, "count"),
        median=(metric, "median"),
        least=(metric, "min"),
        greatest=(metric, "max"),
        seconds=("seconds", "median"),
    )
    return found.sort_values("median", kind="stable")


def keep_earlier_results(plan: Plan) -> None:
    """Rename the result files and the sweep files if they contain runs that are not of this plan, so that the results
    before a change of the sweep are kept."""
    folder = plan.sweep.folder
    try:
        told = pd.read_csv(folder / RESULTS[1], usecols=["run"])["run"]
    except (OSError, ValueError):  # no results yet
        return
    if set(told) - {run.name for run in plan.runs}:
        written = datetime.fromtimestamp((folder / RESULTS[1]).stat().st_mtime).strftime("%Y%m%d-%H%M%S")
        for name in (*RESULTS, SWEEP_FILE, RECORD_FILE):
            if (folder / name).exists():
                (folder / name).rename(folder / f"{Path(name).stem}-{written}{Path(name).suffix}")


def write_results(plan: Plan, table: pd.DataFrame) -> tuple[Path, Path]:
    """Write sweep.h5 and sweep.csv into the folder of the runs, each completely or not at all; return their paths.

    In sweep.h5, /runs has a data set for each column, and `config`, JSON; /over_seeds likewise; /histories/NAME is a
    link to the history of a run on this file system. The root's attributes are the sweep (YAML), the metric and the
    best run. Missing numbers are NaN.
    """
    locations = plan.sweep.folder / RESULTS[0], plan.sweep.folder / RESULTS[1]
    replace_file(locations[0], _as_hdf5(plan, table))
    replace_file(locations[1], table.to_csv().encode())
    return locations


def _as_hdf5(plan: Plan, table: pd.DataFrame) -> bytes:
    memory, metric = io.BytesIO(), metric_of(plan.sweep, table)
    with h5py.File(memory, "w", track_order=True) as file:
        facts = {"sweep": plan.sweep.to_yaml(), "metric": metric, "best": best_of(table, metric)}
        file.attrs.update({"format": "elastic_pinn sweep", "format_version": FORMAT_VERSION, **facts})
        _write_table(file.create_group("runs"), table)
        configs = (plan.notebook.config(run.parameters).to_json() for run in plan.runs)
        file["runs"].create_dataset("config", data=[*configs], dtype=h5py.string_dtype(), compression="gzip")
        if metric:
            _write_table(file.create_group("over_seeds"), over_seeds(plan.sweep, table, metric))
        histories = file.create_group("histories")
        for name, history in table["history"].dropna().items() if "history" in table else ():
            if "://" not in history:
                histories[str(name)] = h5py.ExternalLink(f"{name}/history.h5", "/")
    return memory.getvalue()


def _write_table(group: h5py.Group, table: pd.DataFrame) -> None:
    for name, column in table.reset_index().items():
        if pd.api.types.is_numeric_dtype(column):
            group.create_dataset(str(name).replace("/", ":"), data=column.to_numpy(np.float64))
        else:
            texts = ["" if is_missing(value) else str(value) for value in column]
            group.create_dataset(str(name).replace("/", ":"), data=texts, dtype=h5py.string_dtype())


def _varied(run: Planned, plan: Plan) -> dict[str, Any]:
    """Return a run's values of the varied fields; fields that its item of a list lacks have the notebook's values."""
    names, values = plan.sweep.varied, run.parameters
    if set(names) - values.keys():
        config = plan.notebook.config(values).model_dump(mode="json", include=set(names))
        values = {**plan.notebook.parameters, **values, **config}
    return {name: _plain(values.get(name)) for name in names}


def _plain(value: Any) -> Any:
    """Return a list as text, since a cell of a table has one value."""
    return str(value) if isinstance(value, list) else value
