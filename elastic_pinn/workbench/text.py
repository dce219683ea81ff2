"""Format numbers and texts for display."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

from elastic_pinn.readable import duration

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from matplotlib.figure import Figure

    from elastic_pinn.physics import Problem
    from elastic_pinn.physics.setups import ProblemMaker
    from elastic_pinn.run import Checkpoint, Run

NO_BREAK = "\u00a0"  # a space at which no line ends
DIGITS = 4  # of a value without a known ±
LARGEST_INTEGER = 1e15  # floats up to this are written with all digits


def truncate(text: str, width: int = 60) -> str:
    """Return a text, cut to a width."""
    return text if len(text) <= width else text[: width - 3] + "..."


def format_value(value: Any) -> str:
    """Return a value as text: a float to six digits, as 0.87, an integer with all its digits."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if value.is_integer() and abs(value) < LARGEST_INTEGER else f"{value:.6g}"


def value_text(name: str, value: float, error: float, unit: str, is_lower_bound: bool = False) -> str:
    """Such as "lambda = 57.621 ± 0.084 GPa", to two digits of the error, "± at least 0.084" where that is a lower
    bound; "lambda = 57.62 GPa, no ±" where that is not known."""
    if not 0 < error < math.inf:
        digits_of_value = f"{value:#.{DIGITS}g}".rstrip(".")
        return f"{name} = {f'{digits_of_value} {unit}'.rstrip()}, no ±"
    digits = _digits(error)
    least = "at least " if is_lower_bound else ""
    return f"{name} = {value:.{digits}f} ± {least}{error:.{digits}f} {unit}".rstrip()


def derived_text(
    name: str, value: float, error: float, low: float, high: float, unit: str, is_lower_bound: bool = False
) -> str:
    """The value with its error, or with its interval where it has only this; NaN for what it has not."""
    if math.isnan(error) and not math.isnan(low):
        return interval_text(name, value, low, high, unit, is_lower_bound)
    return value_text(name, value, error, unit, is_lower_bound)


def interval_text(name: str, value: float, low: float, high: float, unit: str, is_lower_bound: bool = False) -> str:
    """Such as "nu = 0.34 (0.20 to 0.40, 68 %)", where the error is not alike either way, to two digits of half the
    interval; "0.20 to 0.40 at least, 68 %" where it is a lower bound."""
    digits = _digits(0.5 * (high - low))
    least = " at least" if is_lower_bound else ""
    return f"{name} = {value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f}{least}, 68 %) {unit}".rstrip()


def _digits(error: float) -> int:
    """The decimals by which an error has two digits."""
    return max(0, 1 - math.floor(math.log10(error)))


def status_text(status: str, warnings: int) -> str:
    """Return a run's status with the number of its warnings, as in "completed with 2 warnings"."""
    return f"{status} with {warnings} warning{'s' * (warnings > 1)}" if warnings else status


def end_text(run: Run) -> str:
    """Return how a run ended, and below it each of its warnings."""
    summary = run.summary
    status = status_text(run.status, len(summary.warnings))
    end = f"{status} at step {summary.step} after {duration(summary.wall_s)}: {run.reason}"
    return "\n".join([end, *(f"warning: {text}" for text in summary.warnings)])


def readable_checks(source: Run | Checkpoint, problem: Problem | ProblemMaker | None = None) -> pd.DataFrame:
    """Return the table of `ep.physical_checks` as text: the largest misfit as 35.5 kPa, what is relative in %, where
    no line of a narrow table ends between a number and its unit."""
    from elastic_pinn.readable import percent, readable
    from elastic_pinn.training import physical_checks

    checks = physical_checks(source, problem)
    texts = {
        "largest misfit": [
            "" if is_missing(largest) else readable(largest, unit).replace(" ", NO_BREAK)
            for largest, unit in zip(checks["largest"], checks["unit"], strict=True)
        ],
        **{
            name: ["" if is_missing(part) else percent(part).replace(" ", NO_BREAK) for part in checks[name]]
            for name in ("relative", "rms")
        },
        "of": list(checks["of"]),
    }
    return checks.assign(**texts)[list(texts)]


class Reason(str):
    """A sentence that a cell shows as one, where it would show any other text in quotes, and broken within words."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """Return it as a paragraph."""
        return f"<p>{html.escape(self)}</p>"


def drawn_or_reason(draw: Callable[[], Figure]) -> Figure | Reason:
    """Return a figure, or why there is none of this run, for a cell that takes any problem."""
    from elastic_pinn.error_estimate import ErrorEstimateError
    from elastic_pinn.workbench.figures.drawn_from import FigureError

    try:
        return draw()
    except (ErrorEstimateError, FigureError) as error:
        return Reason(error)


def is_missing(value: Any) -> bool:
    """Return whether a cell of a table is empty: None, NaN, NaT."""
    return value is None or value != value
