"""The columns of a run's fit in lists of runs."""

from __future__ import annotations

from typing import Any

from elastic_pinn.run import Run
from elastic_pinn.storage import CheckpointError
from elastic_pinn.summary import Summary

UNREADABLE = "unreadable"  # for a run, or a fit, that no version of this package wrote
NOT_ASSESSED = "not assessed"
CONDITION = "condition"
SOURCE = ("amplitude", "origin_time")


def fit_columns(run: Run, summary: Summary, prefix: str = "", missing: float | None = None) -> dict[str, Any]:
    """Return the columns of a run with unknowns: `fit`, the verdict on ± (holds, widened, withheld; or not assessed,
    unreadable); and, if there is a verdict, `chi2`, each unknown's ±, SI, with the prefix, and likewise c_p, c_s, E and
    nu where they follow from unknowns, with ± (missing where the error is not alike either way), its `condition`, the
    given numbers that it is for, and a source's amplitude and origin time where they were found, with ±.

    summary: of the run, as it was read. missing: the value of an unknown ± or chi-square. {} for a config without
    unknowns and without a fit.
    """
    try:
        fit = run.fit_in(summary)
    except CheckpointError:  # all else of the run can be read
        return {"fit": UNREADABLE}
    if not fit:
        return {"fit": NOT_ASSESSED} if run.config.sought else {}
    errors = {f"{prefix}{name} ±": fit.plus_minus.get(name, missing) for name in fit.values}
    found = {name: value for name, value in fit.calibration.items() if name.startswith(SOURCE)}
    errors |= {f"{name} ±": fit.calibration_plus_minus.get(name, missing) for name in found}
    for name, derived in fit.derived.items():
        found[f"{prefix}{name}"] = derived.value
        errors[f"{prefix}{name} ±"] = missing if derived.plus_minus is None else derived.plus_minus
    condition = {CONDITION: fit.condition} if fit.condition else {}
    chi_square = missing if fit.chi_square is None else fit.chi_square
    return {**found, **errors, "fit": fit.verdict, "chi2": chi_square, **condition}
