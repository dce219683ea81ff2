"""The material that an inverse run found, over the steps."""

import math
import textwrap
from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes

from elastic_pinn.fit import NOT_ASSESSED, Fit
from elastic_pinn.physics import Problem
from elastic_pinn.physics.media.material import split_region, unit_of
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.run import Run
from elastic_pinn.workbench.figures.drawn_from import FigureError, Source, open_source
from elastic_pinn.workbench.figures.learning.losses import draw_stages, stages_in
from elastic_pinn.workbench.figures.learning.weights_and_points import Curves
from elastic_pinn.workbench.figures.style.colors import BLACK, BLUE, ORANGE, VERMILLION
from elastic_pinn.workbench.figures.style.layout import legend_below
from elastic_pinn.workbench.figures.style.picture import VERDICT, Picture, dots, light_grid, whole_ticks
from elastic_pinn.workbench.figures.style.units import unit_for
from elastic_pinn.workbench.text import value_text

WIDTH = 100  # letters of a line above a figure
LEAST_DEVIATION = 0.01  # percent
MOST_TICKS = 6  # of steps, below one of several columns


def material_traces(source: Source, problem: Problem | ProblemMaker | None = None) -> Picture:
    """Draw each unknown over the steps, with its start, and the band of its ± at the end where one is given.

    Where there is a truth, with that and the deviation from it; without one, with the ends of the range searched,
    should the curve come near them. The title tells whether the data are explained.

    Parameters
    ----------
    source
        A run, a checkpoint, or a path of either.
    problem
        The user's problem, or the function that makes it; required if the run has one.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    FigureError
        For a problem without unknowns.
    """
    opened = open_source(source)
    problem, history = opened.problem(problem), opened.history()
    unknowns = problem.unknowns
    if not unknowns:
        raise FigureError("material_traces needs a problem with unknowns, and this one has none")
    steps = history["step"].to_numpy()
    traces = {name: (steps, history[f"material/{name}"].to_numpy()) for name in unknowns}
    fit = opened.fit if isinstance(opened, Run) else None
    figure = draw_traces(traces, problem, stages_in(history, opened.config), fit)
    figure.suptitle(textwrap.fill(fit.headline if fit else NOT_ASSESSED, WIDTH), fontsize=VERDICT)
    return figure


def draw_traces(
    traces: Curves, problem: Problem, stages: Iterable[tuple[int, str]] = (), fit: Fit | None = None
) -> Picture:
    """Draw `material_traces` from (steps, values) for each unknown; without a fit there are no bands."""
    truth = problem.receivers.truth.material if problem.receivers and problem.receivers.truth else {}
    figure = Picture(5.2 if truth else 3.4)
    axes = figure.subplots(2 if truth else 1, len(traces), squeeze=False, sharex=True)
    for (name, (steps, values)), column in zip(traces.items(), axes.T, strict=True):
        start = problem.constants[name]
        true = truth.get(name)
        error = fit.plus_minus.get(name, math.nan) if fit else math.nan
        _draw_values(column[0], name, steps, values, start, true, error, bool(fit and fit.is_lower_bound))
        if true is not None:
            _draw_deviation(column[1], name, steps, 100 * (values / true - 1), 100 * error / abs(true))
        elif not name.startswith("lambda"):  # lambda is searched through the bulk modulus
            _draw_bounds(column[0], name, start, _range_of(name, problem))
        column[-1].set_xlabel("optimizer step")
        whole_ticks(column[-1], MOST_TICKS)
        for where in column:
            light_grid(where)
        draw_stages(column[0], stages)
    legend_below(figure)
    return figure


def _range_of(name: str, problem: Problem) -> float:
    """The factor that an unknown is searched within."""
    return next(material.unknown_range for names, material in problem.named_materials if name in names.values())


def symbol_of(name: str) -> str:
    """Return the symbol of a constant, as "lambda", "c_p" or "lambda_2", for a figure."""
    constant, region = split_region(name)
    letter, _, index = constant.partition("_")
    below = ",".join(filter(None, (index, region)))
    letter = letter if letter in ("c", "E") else f"\\{letter}"
    return f"${letter}_{{{below}}}$" if below else f"${letter}$"


def _draw_values(
    axes: Axes,
    name: str,
    steps: np.ndarray,
    values: np.ndarray,
    start: float,
    true: float | None,
    error: float,
    is_lower_bound: bool,
) -> None:
    unit = unit_for(start, unit_of(name))
    if true is not None:
        axes.axhline(true / unit.size, color=BLACK, linestyle="--", linewidth=1.2, label="truth")
    axes.axhline(start / unit.size, color=ORANGE, linestyle=":", linewidth=1.5, label="start")
    axes.plot(steps, values / unit.size, color=BLUE, label="found", **dots(len(steps)))
    axes.set_ylabel(f"{symbol_of(name)} ({unit.name})")
    if not len(values):
        return
    found, title = values[-1] / unit.size, f"{symbol_of(name)} = {values[-1] / unit.size:#.4g} {unit.name}"
    if error > 0:
        at_least = "at least " if is_lower_bound else ""
        ends = found - error / unit.size, found + error / unit.size
        axes.axhspan(*ends, color=BLUE, alpha=0.25, linewidth=0.0, label=f"found ± {at_least}1 standard deviation")
        title = value_text(symbol_of(name), found, error / unit.size, unit.name, is_lower_bound)
    axes.set_title(title, loc="right", fontsize=10)


def _draw_bounds(axes: Axes, name: str, start: float, factor: float) -> None:
    """Draw the bounds of the search, if the curve comes near them."""
    unit, seen = unit_for(start, unit_of(name)), axes.get_ylim()
    for bound in (start / factor, start * factor):
        axes.axhline(bound / unit.size, color="0.5", linewidth=1.0)
    axes.set_ylim(seen)


def _draw_deviation(axes: Axes, name: str, steps: np.ndarray, percent: np.ndarray, error: float) -> None:
    """Draw the size of the deviation, and up to where it is within ±, in percent."""
    axes.plot(steps, np.abs(percent), color=VERMILLION, **dots(len(steps)))
    axes.set_yscale("log")
    # The curve crosses the truth now and then, which would stretch the axis.
    axes.set_ylim(LEAST_DEVIATION, 2.0 * np.abs(percent).max(initial=1.0))
    if error > LEAST_DEVIATION:
        axes.axhspan(LEAST_DEVIATION, error, color=BLUE, alpha=0.25, linewidth=0.0)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_ylabel(f"deviation of {symbol_of(name)} (%)")
    if len(percent):
        axes.set_title(f"{percent[-1]:+.3g} % from the truth", loc="right", fontsize=10)
