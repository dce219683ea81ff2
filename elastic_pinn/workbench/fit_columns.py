"""What a list of runs tells of each one's fit."""

from __future__ import annotations

from typing import Any

from elastic_pinn.run import Run
from elastic_pinn.storage import CheckpointError

UNREADABLE = "unreadable"  # what no version of ours wrote, of a run or of its fit
NOT_ASSESSED = "not assessed"


def fit_columns(run: Run, prefix: str = "", missing: float | None = None) -> dict[str, Any]:
    """Columns of a run with unknowns: `fit`, the verdict on ± (holds, widened, withheld; or not assessed, unreadable);
    and where there is a verdict `chi2` and, behind the prefix, each unknown's ±, SI.

    missing: what stands for a ± or a chi-square that is not known. {} for a config without unknowns and without a fit.
    """
    try:
        fit = run.fit
    except CheckpointError:  # all else of the run can be read
        return {"fit": UNREADABLE}
    if not fit:
        return {"fit": NOT_ASSESSED} if run.config.unknowns else {}
    errors = {f"{prefix}{name} ±": fit.plus_minus.get(name, missing) for name in fit.values}
    return {**errors, "fit": fit.verdict, "chi2": missing if fit.chi_square is None else fit.chi_square}
