"""Tables of results, as pandas DataFrames."""

import math

import pandas as pd

from elastic_pinn.physics import Problem
from elastic_pinn.physics.material import UNITS
from elastic_pinn.training.uncertainty import standard_errors
from elastic_pinn.workbench.figures.sources import Source, checkpoint_of, starting_material
from elastic_pinn.workbench.figures.units import unit_for


def material_table(source: Source, problem: Problem | None = None) -> pd.DataFrame:
    """One row for each of lambda, mu, rho: its unit, start, found value and what noise leaves uncertain of it, and
    truth and error where there is a truth.

    A known parameter is found to be what it was given as. "±" is one standard deviation: see `training/uncertainty.py`.
    problem: needed for a run on a problem of one's own.
    """
    checkpoint = checkpoint_of(source)
    problem = checkpoint.problem(problem)
    start, found, errors = starting_material(problem), checkpoint.material(), standard_errors(checkpoint, problem)
    truth = problem.receivers.truth if problem.receivers else None
    rows = {}
    for name, value in found.items():
        unit = unit_for(value, UNITS[name])
        true = truth.material[name] if truth else float("nan")
        role = "unknown" if name in problem.material.unknowns else "known"
        rows[name] = {
            "unit": unit.name,
            "role": role,
            "start": start[name] / unit.size,
            "found": value / unit.size,
            "±": errors.get(name, 0.0) / unit.size,
            "true": true / unit.size,
            "error / %": 100 * (value / true - 1),
        }
    return pd.DataFrame.from_dict(rows, orient="index").round(4)


def material_text(table: pd.DataFrame) -> str:
    """The unknowns of a `material_table`, a line each, as in "lambda = 57.62 ± 0.08 GPa": to two digits of what is
    uncertain."""
    return "\n".join(
        f"{name} = {_with_error(row['found'], row['±'])} {row['unit']}"
        for name, row in table[table["role"] == "unknown"].iterrows()
    )


def _with_error(value: float, error: float) -> str:
    digits = max(0, 1 - math.floor(math.log10(error))) if 0 < error < math.inf else 4
    return f"{value:.{digits}f} ± {error:.{digits}f}"
