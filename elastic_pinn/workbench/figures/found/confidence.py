"""The confidence ellipses of what was found: of lambda and mu, of the wave speeds, of E and nu.

Letters: R materials.
"""

import math
import textwrap
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from elastic_pinn.fit import Fit
from elastic_pinn.physics import Problem
from elastic_pinn.physics.media.derived_constants import derived_constants
from elastic_pinn.physics.media.material import names_by_region
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.workbench.figures.drawn_from import FigureError, Source, checkpoint_of
from elastic_pinn.workbench.figures.found.assessed_fit import assessed_fit
from elastic_pinn.workbench.figures.found.material import WIDTH, symbol_of
from elastic_pinn.workbench.figures.style.colors import BLACK, BLUE, ORANGE
from elastic_pinn.workbench.figures.style.layout import legend_below
from elastic_pinn.workbench.figures.style.picture import VERDICT, Picture, light_grid
from elastic_pinn.workbench.figures.style.units import unit_of_constant

PAIRS = (("lambda", "mu"), ("c_p", "c_s"), ("E", "nu"))
PROBABILITIES = (0.68, 0.95)  # that both constants are within
SEEN = 3.0  # standard deviations that are drawn at least either way
FARTHEST = 8.0  # likewise, at most, for the truth to be seen
DEGENERATE = 1.0 - 1e-6  # a correlation beyond it makes a line of an ellipse: one number determines the other


class Estimate(NamedTuple):
    """Two constants that were found, their standard deviations and their correlation, SI."""

    names: tuple[str, str]
    found: tuple[float, float]
    errors: tuple[float, float]
    correlation: float


def material_confidence(source: Source, problem: Problem | ProblemMaker | None = None) -> Picture:
    """Draw where the constants of a material are by 68 % and by 95 %: lambda and mu, c_p and c_s, E and nu.

    Both constants of a pair are within its ellipse by that probability, with errors that are normally distributed. Of a
    ± that is a lower bound, the ellipse is so large at least, which the legend then tells. Start and truth are drawn
    where they are known and near. A pair is left out where one determines the other, as where a single constant was
    sought, and where an error is not alike either way, since it is large.

    Parameters
    ----------
    source
        A run, a checkpoint, or a path of either. Of a checkpoint the ± is computed, which takes about as long as a
        step.
    problem
        The user's problem, or the function that makes it; required if the run has one.

    Returns
    -------
    Picture
        A row of axes for each material, with the correlations as titles.

    Raises
    ------
    FigureError
        For a problem without unknowns, where ± is withheld, and where there is no pair to draw.
    """
    checkpoint = checkpoint_of(source)
    fit, problem = assessed_fit(source, problem), checkpoint.problem(problem)
    if fit is None:
        raise FigureError("material_confidence needs a problem with unknowns, and this one has none")
    if not fit.plus_minus:
        raise FigureError(f"there is no ellipse without a ±; {fit.outcome}")
    rows = [row for names in names_by_region(problem.regions.count) if (row := _of_material(fit, names["mu"]))]
    if not rows:
        raise FigureError(
            "material_confidence needs two constants of a material that both have a ±, and of which one does not "
            f"determine the other: found are {', '.join(fit.values)}"
        )
    start, true = (_all_constants(problem, each) for each in (problem.constants, _truth(problem)))
    figure = Picture(3.4 * len(rows) + 0.6)
    axes = figure.subplots(len(rows), max(map(len, rows)), squeeze=False)
    for row, estimates in zip(axes, rows, strict=True):
        for where in row[len(estimates) :]:
            where.set_axis_off()
        for where, estimate in zip(row, estimates, strict=False):
            _draw(where, estimate, fit.is_lower_bound, start, true)
    legend_below(figure)
    figure.suptitle(textwrap.fill(fit.headline, WIDTH), fontsize=VERDICT)
    return figure


def _of_material(fit: Fit, name_of_mu: str) -> list[Estimate]:
    """The pairs of a material that have ellipses."""
    region = name_of_mu.removeprefix("mu")
    found = dict(fit.values) | {name: each.value for name, each in fit.derived.items()}
    errors = dict(fit.plus_minus) | {name: each.plus_minus for name, each in fit.derived.items() if each.plus_minus}
    correlations = {**fit.correlations, **fit.derived_correlations}
    estimates = []
    for pair in PAIRS:
        one, other = (f"{name}{region}" for name in pair)
        correlation = correlations.get(f"{one} and {other}", math.nan)
        if one in errors and other in errors and abs(correlation) < DEGENERATE:
            estimates.append(
                Estimate((one, other), (found[one], found[other]), (errors[one], errors[other]), correlation)
            )
    return estimates


def _truth(problem: Problem) -> Mapping[str, float]:
    return problem.receivers.truth.material if problem.receivers and problem.receivers.truth else {}


def _all_constants(problem: Problem, constants: Mapping[str, float]) -> dict[str, float]:
    """Constants with those that follow from them."""
    return {**constants, **derived_constants(constants, problem.reference.plane, problem.domain.is_static)}


def _draw(
    axes: Axes, estimate: Estimate, is_lower_bound: bool, start: Mapping[str, float], true: Mapping[str, float]
) -> None:
    """Draw the ellipses of a pair, with the points that are near."""
    units = [unit_of_constant(name, value) for name, value in zip(estimate.names, estimate.found, strict=True)]
    sizes = np.array([unit.size for unit in units])
    found, errors = np.array(estimate.found) / sizes, np.array(estimate.errors) / sizes
    angle = np.linspace(0.0, 2.0 * math.pi, 200)
    across = math.sqrt(1.0 - estimate.correlation**2)
    circle = np.array([np.cos(angle), estimate.correlation * np.cos(angle) + across * np.sin(angle)])  # (2, 200)
    for probability, shade in zip(reversed(PROBABILITIES), (0.2, 0.35), strict=True):
        radius = math.sqrt(-2.0 * math.log1p(-probability))
        x, y = found[:, None] + radius * errors[:, None] * circle
        label = f"{100 * probability:.0f} % confidence{', at least' if is_lower_bound else ''}"
        axes.fill(x, y, color=BLUE, alpha=shade, linewidth=0.0, label=label)
    axes.plot(*found, "+", color=BLUE, markersize=9, markeredgewidth=1.8, label="found")
    reach = np.array([SEEN, SEEN])
    for points, label, marker, color in ((true, "truth", "x", BLACK), (start, "start", "o", ORANGE)):
        point = np.array([points.get(name, math.nan) for name in estimate.names]) / sizes
        away = np.abs(point - found) / errors
        if (away < FARTHEST).all():  # it is known, and near
            axes.plot(*point, marker, color=color, markersize=7, markeredgewidth=1.8, label=label, zorder=3)
            reach = np.maximum(reach, 1.15 * away)
    axes.set_xlim(found[0] - reach[0] * errors[0], found[0] + reach[0] * errors[0])
    axes.set_ylim(found[1] - reach[1] * errors[1], found[1] + reach[1] * errors[1])
    for axis, name, unit in zip((axes.xaxis, axes.yaxis), estimate.names, units, strict=True):
        axis.set_label_text(f"{symbol_of(name)} ({unit.name})" if unit.name else symbol_of(name))
        axis.set_major_locator(MaxNLocator(4))
    axes.ticklabel_format(useOffset=False)
    axes.set_title(f"correlation {estimate.correlation:+.2f}", fontsize=10)
    light_grid(axes)
