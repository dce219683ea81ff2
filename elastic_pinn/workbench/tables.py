"""Tables of results, as pandas DataFrames."""

import math

import pandas as pd

from elastic_pinn.fit import Fit
from elastic_pinn.physics import Problem
from elastic_pinn.physics.media.material import unit_of
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.run import Run
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.trained_model import TrainedModel
from elastic_pinn.workbench.figures.sources import Source, checkpoint_of, open_source
from elastic_pinn.workbench.figures.units import unit_for
from elastic_pinn.workbench.verdict import calibration_texts, value_text

VERDICT, LOWER_BOUND, CORRELATION, CALIBRATION = "verdict", "lower bound", "correlation", "calibration"
"""Of a table's attributes."""


def fit_of(source: Source, problem: Problem | ProblemMaker | None = None) -> Fit | None:
    """Return whether the data are explained, and the ± of the unknowns: from a run's summary, otherwise computed, which
    takes about as long as a step. None for a problem without unknowns."""
    opened = open_source(source)
    if isinstance(opened, Run) and (fit := opened.fit):
        return fit
    checkpoint = checkpoint_of(opened)
    problem = checkpoint.problem(problem)
    return assess(TrainedModel.of(checkpoint, problem)) if problem.unknowns else None


def material_table(source: Source, problem: Problem | ProblemMaker | None = None) -> pd.DataFrame:
    """Return one row for each of lambda, mu, rho (of several materials lambda_1, ...): its unit, start, found value,
    one standard deviation (±) and the verdict on it, and truth and error if there is a truth.

    The found value of a known parameter is the given one. `verdict` is that of ±: holds, widened or withheld, and then
    ± is empty; the reason is in the table's attrs["verdict"], and in `material_text`. attrs["lower bound"] tells
    whether ± is a lower bound, attrs["correlation"] which two unknowns' errors are correlated most,
    attrs["calibration"] what was found of the source and of gains. problem: required if the run has a user's own
    problem.
    """
    fit, checkpoint = fit_of(source, problem), checkpoint_of(source)
    problem = checkpoint.problem(problem)
    start, found = problem.constants, checkpoint.material()
    truth = problem.receivers.truth if problem.receivers else None
    rows = {}
    for name, value in found.items():
        if not isinstance(value, float):  # it varies from place to place
            continue
        unit = unit_for(value, unit_of(name))
        true = truth.material.get(name, math.nan) if truth else math.nan
        is_unknown = fit is not None and name in fit.values
        rows[name] = {
            "unit": unit.name,
            "role": "unknown" if is_unknown else "known",
            "start": start[name] / unit.size,
            "found": value / unit.size,
            "±": fit.plus_minus.get(name, math.nan) / unit.size if fit and is_unknown else 0.0,
            "verdict": fit.verdict if fit and is_unknown else "",
            "true": true / unit.size,
            "error / %": 100 * (value / true - 1),
        }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.attrs[VERDICT] = fit.sentence if fit else ""
    table.attrs[LOWER_BOUND] = fit is not None and fit.is_lower_bound
    table.attrs[CORRELATION] = fit.largest_correlation if fit else ""
    table.attrs[CALIBRATION] = "\n".join(calibration_texts(fit)) if fit else ""
    return table


def material_text(table: pd.DataFrame) -> str:
    """Return the unknowns of a `material_table`, a line each, as in "lambda = 57.621 ± 0.084 GPa", and below them
    what was found of the source, and the verdict."""
    lines = [
        value_text(name, row["found"], row["±"], row["unit"], table.attrs.get(LOWER_BOUND, False))
        for name, row in table[table["role"] == "unknown"].iterrows()
    ]
    told = (table.attrs.get(name, "") for name in (CALIBRATION, CORRELATION, VERDICT))
    return "\n".join([*lines, *filter(None, told)])
