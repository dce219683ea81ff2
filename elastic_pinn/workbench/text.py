"""Format numbers and texts for display."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from matplotlib.figure import Figure

    from elastic_pinn.physics import Problem
    from elastic_pinn.physics.setups import ProblemMaker
    from elastic_pinn.run import Checkpoint, Run

LARGEST_INTEGER = 1e15  # floats up to this are written with all digits


def format_duration(seconds: float) -> str:
    """Return a duration as 0:42, 12:05 or 3:00:00."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def truncate(text: str, width: int = 60) -> str:
    """Return a text, cut to a width."""
    return text if len(text) <= width else text[: width - 3] + "..."


def format_value(value: Any) -> str:
    """Return a value as text: a float to six digits, as 0.87, an integer with all its digits."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if value.is_integer() and abs(value) < LARGEST_INTEGER else f"{value:.6g}"


def status_text(status: str, warnings: int) -> str:
    """Return a run's status with the number of its warnings, as in "completed with 2 warnings"."""
    return f"{status} with {warnings} warning{'s' * (warnings > 1)}" if warnings else status


def end_text(run: Run) -> str:
    """Return how a run ended, and below it each of its warnings."""
    summary = run.summary
    status = status_text(run.status, len(summary.warnings))
    end = f"{status} at step {summary.step} after {summary.wall_s:.0f} s: {run.reason}"
    return "\n".join([end, *(f"warning: {text}" for text in summary.warnings)])


def readable_checks(source: Run | Checkpoint, problem: Problem | ProblemMaker | None = None) -> pd.DataFrame:
    """Return the table of `ep.physical_checks` as text: the largest misfit as 35.5 kPa, what is relative in %."""
    from elastic_pinn.training import physical_checks
    from elastic_pinn.training.readable import percent, readable

    checks = physical_checks(source, problem)
    texts = {
        "largest misfit": [
            "" if is_missing(largest) else readable(largest, unit)
            for largest, unit in zip(checks["largest"], checks["unit"], strict=True)
        ],
        **{name: ["" if is_missing(part) else percent(part) for part in checks[name]] for name in ("relative", "rms")},
        "of": list(checks["of"]),
    }
    return checks.assign(**texts)[list(texts)]


def drawn_or_reason(draw: Callable[[], Figure]) -> Figure | str:
    """Return a figure, or why there is none of this run, for a cell that takes any problem."""
    from elastic_pinn.error_estimate import ErrorEstimateError
    from elastic_pinn.workbench.figures import FigureError

    try:
        return draw()
    except (ErrorEstimateError, FigureError) as error:
        return str(error)


def is_missing(value: Any) -> bool:
    """Return whether a cell of a table is empty: None, NaN, NaT."""
    return value is None or value != value
