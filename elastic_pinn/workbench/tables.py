"""Tables of results, as pandas DataFrames."""

import pandas as pd

from elastic_pinn.physics import Problem
from elastic_pinn.physics.material import UNITS
from elastic_pinn.workbench.figures.sources import Source, checkpoint_of, problem_of, starting_material
from elastic_pinn.workbench.figures.units import unit_for


def material_table(source: Source, problem: Problem | None = None) -> pd.DataFrame:
    """One row for each of lambda, mu, rho: its unit, start, found value, and truth and error where there is a truth.

    A known parameter is found to be what it was given as. problem: needed for a run on a problem of one's own.
    """
    checkpoint = checkpoint_of(source)
    problem = problem_of(checkpoint, problem)
    start, found = starting_material(problem), checkpoint.material()
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
            "true": true / unit.size,
            "error / %": 100 * (value / true - 1),
        }
    return pd.DataFrame.from_dict(rows, orient="index").round(4)
