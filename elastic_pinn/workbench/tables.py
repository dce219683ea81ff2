"""Tables of results, as pandas DataFrames."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from elastic_pinn.fit import DerivedValue, Fit
from elastic_pinn.physics import Problem
from elastic_pinn.physics.media.derived_constants import depends_on, derived_constants
from elastic_pinn.physics.media.material import DERIVED_UNITS, PARAMETERS, split_region
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.workbench.figures.drawn_from import Source, checkpoint_of
from elastic_pinn.workbench.figures.found.assessed_fit import assessed_fit
from elastic_pinn.workbench.figures.style.units import unit_of_constant
from elastic_pinn.workbench.text import derived_text
from elastic_pinn.workbench.verdict import calibration_texts

VERDICT, LOWER_BOUND, CORRELATION, CALIBRATION = "verdict", "lower bound", "correlation", "calibration"
CORRELATIONS = "correlations"
"""Of a table's attributes."""

UNKNOWN, DERIVED, KNOWN = "unknown", "derived", "known"
"""Of the column `role`."""


def material_table(source: Source, problem: Problem | ProblemMaker | None = None) -> pd.DataFrame:
    """Return a material as it was found, in the terms of elasticity and of waves.

    A row for each of lambda, mu, rho, c_p, c_s, E and nu; of several materials lambda_1, ..., nu_1, lambda_2, ... .
    c_p is the speed of P waves in the plane, in plane stress lower than in the solid. What varies from place to place
    has no row, and what does not move has no speeds.

    Parameters
    ----------
    source
        A run, a checkpoint, or a path of either. Of a checkpoint, the ± is computed, which takes about as long as a
        step; so it is of a run that was not assessed.
    problem
        The user's problem, or the function that makes it; required if the run has one.

    Returns
    -------
    pandas.DataFrame
        Columns, all in `unit` (moduli in GPa, MPa, ...; speeds in m/s, rho in kg/m3): `role` (unknown; derived, from
        these; known), `start` and `found`; `±`, one standard deviation, and relative to the found value `± / %`; `from`
        and `to`, the interval that holds the true value by 68 %; `verdict` on ± (holds, widened, withheld), the `true`
        value and the `error / %` where there is a truth. Known values are exact, but for a density with
        `density_plus_minus`. Where the verdict is withheld, ± and interval are empty, of derived values too; ± alone is
        empty where the error is not alike either way, since it is large. The table's `attrs` have more: "verdict", its
        reason and all that is told below it, in lines; "lower bound", whether ± is one; "correlation", which two
        unknowns' errors are correlated most;
        "correlations", of each two unknowns and derived values of a material; "calibration", what was found of the
        source and of gains.
    """
    fit, checkpoint = assessed_fit(source, problem), checkpoint_of(source)
    problem = checkpoint.problem(problem)
    truth = dict(problem.receivers.truth.material) if problem.receivers and problem.receivers.truth else {}
    start, found, true = (
        each | derived_constants(each, problem.reference.plane, problem.domain.is_static)
        for each in (problem.constants, _uniform(checkpoint.material()), truth)
    )
    rows = {name: _row(name, found[name], fit, problem) for name in sorted(found, key=_place)}
    table = pd.DataFrame.from_dict(rows, orient="index")
    for column, values in (("start", start), ("true", true)):
        sizes = (unit_of_constant(name, found[name]).size for name in table.index)
        known = [values.get(name, math.nan) for name in table.index]
        table[column] = [value / size for value, size in zip(known, sizes, strict=True)]
    table["± / %"] = 100.0 * table["±"] / table["found"].abs()
    table["error / %"] = 100.0 * (table["found"] / table["true"] - 1.0)
    table = table[["unit", "role", "start", "found", "±", "± / %", "from", "to", "verdict", "true", "error / %"]]
    table.attrs[VERDICT] = fit.text if fit else ""
    table.attrs[LOWER_BOUND] = fit is not None and fit.is_lower_bound
    table.attrs[CORRELATION] = fit.largest_correlation if fit else ""
    table.attrs[CORRELATIONS] = {**fit.correlations, **fit.derived_correlations} if fit else {}
    table.attrs[CALIBRATION] = "\n".join(calibration_texts(fit)) if fit else ""
    return table


def material_text(table: pd.DataFrame) -> str:
    """Return what was found by a `material_table`: the unknowns, a line each, as in "lambda = 57.621 ± 0.084 GPa", then
    in a line for each material what follows from them, what was found of the source, and the verdict."""
    is_bound = table.attrs.get(LOWER_BOUND, False)
    unknowns = [_text(row, is_bound) for _, row in table[table["role"] == UNKNOWN].iterrows()]
    derived = table[table["role"] == DERIVED]
    by_material = derived.groupby([split_region(name)[1] for name in derived.index], sort=False)
    lines = [", ".join(_text(row, is_bound) for _, row in rows.iterrows()) for _, rows in by_material]
    told = (table.attrs.get(name, "") for name in (CALIBRATION, CORRELATION, VERDICT))
    return "\n".join([*unknowns, *lines, *filter(None, told)])


def _uniform(material: Mapping[str, float | np.ndarray]) -> dict[str, float]:
    """The constants that are the same everywhere."""
    return {name: value for name, value in material.items() if isinstance(value, float)}


def _place(name: str) -> tuple[int, int]:
    """Where a constant stands: by its material, then as lambda, mu, rho, c_p, c_s, E, nu."""
    constant, region = split_region(name)
    return int(region or 0), [*PARAMETERS, *DERIVED_UNITS].index(constant)


def _row(name: str, value: float, fit: Fit | None, problem: Problem) -> dict[str, Any]:
    """A found value with its errors, in a suitable unit."""
    unit, (constant, region) = unit_of_constant(name, value), split_region(name)
    unknowns = [unknown for unknown, of in map(split_region, problem.unknowns) if of == region]
    if fit is not None and name in fit.values:
        role, derived = UNKNOWN, DerivedValue.symmetric(value, fit.plus_minus.get(name))
    elif fit is not None and constant in DERIVED_UNITS and depends_on(constant, unknowns):
        role, derived = DERIVED, fit.derived.get(name, DerivedValue(value))  # fits of older versions have none
    else:
        role = KNOWN
        derived = DerivedValue.symmetric(value, problem.reference.density_plus_minus if name == "rho" else 0.0)
    errors = {"±": derived.plus_minus, "from": derived.low, "to": derived.high}
    return {
        "unit": unit.name,
        "role": role,
        "found": value / unit.size,
        **{column: math.nan if each is None else each / unit.size for column, each in errors.items()},
        "verdict": fit.verdict if fit and role != KNOWN else "",
    }


def _text(row: pd.Series, is_lower_bound: bool) -> str:
    """A row in words."""
    return derived_text(str(row.name), row["found"], row["±"], row["from"], row["to"], row["unit"], is_lower_bound)
