"""The estimated error of a wavefield over time and space, beside the true one where that is known.

Letters: P nodes, T instants.
"""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.tri import Triangulation

from elastic_pinn.error_estimate import ErrorEstimate
from elastic_pinn.error_estimate.estimate import mean_over_time
from elastic_pinn.physics import Problem
from elastic_pinn.physics.fields import evaluate
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.readable import percent
from elastic_pinn.run import Checkpoint
from elastic_pinn.workbench.figures.drawn_from import Source, checkpoint_of
from elastic_pinn.workbench.figures.maps.window import bar_side, format_map_axes, map_and_curve, window_unit
from elastic_pinn.workbench.figures.style.colors import BLUE, ORANGE, SEQUENTIAL
from elastic_pinn.workbench.figures.style.layout import legend_below
from elastic_pinn.workbench.figures.style.picture import VERDICT, Picture, light_grid
from elastic_pinn.workbench.figures.style.units import unit_for

LEAST = 1e-3  # of the largest error over time: the axis goes no further down


def error(source: Source, problem: Problem | ProblemMaker | None = None) -> Picture:
    """Draw the estimated error of the displacement over time, and where it is at the instant of its largest.

    Over time it is the L2 norm over the domain, relative to the largest of the displacement; where the problem has an
    exact solution, the true error is drawn beside it. The map is relative to the root mean square displacement over
    domain and time. The title has the errors of displacement and stress, as in the run's last row of history. Drawing
    takes as long as `Run.estimate_error`.

    Parameters
    ----------
    source
        A run (its newest checkpoint), a checkpoint, or a path of either.
    problem
        The user's problem, or the function that makes it; required if the run has one.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    ErrorEstimateError
        Where no error can be estimated: with unknowns, open sides, or no start.
    """
    checkpoint = checkpoint_of(source)
    problem = checkpoint.problem(problem)
    found = checkpoint.estimate_error(problem)
    true = _true_error(checkpoint, problem, found) if problem.exact else None
    if problem.domain.is_static:
        figure = Picture(3.8)
        _draw_over_space(figure.subplots(), problem, found)
    else:
        figure, over_space, over_time = map_and_curve(problem.domain)
        _draw_over_space(over_space, problem, found)
        _draw_over_time(over_time, found, true)
        if true is not None:
            legend_below(figure)
    figure.suptitle(_title(found, true), fontsize=VERDICT)
    return figure


def _true_error(checkpoint: Checkpoint, problem: Problem, found: ErrorEstimate) -> tuple[np.ndarray, float]:
    """The true error over time, (T,), as `ErrorEstimate.over_time` is, and its relative L2 norm."""
    weights = _areas(found)
    x, y, t = np.broadcast_arrays(*found.places.T, found.times[:, None])  # each (T, P)
    points = torch.from_numpy(np.stack([x, y, t], axis=-1).reshape(-1, 3))
    exact = evaluate(problem.exact, points).numpy().reshape(*x.shape, 2)
    difference = checkpoint.predict(x, y, t, problem=problem) - exact
    of_error, of_field = (np.square(each).sum(-1) @ weights for each in (difference, exact))  # each (T,)
    error, size = (mean_over_time(np.sqrt(each), found.times) for each in (of_error, of_field))
    return np.sqrt(of_error / of_field.max()), error / size


def _areas(found: ErrorEstimate) -> np.ndarray:
    """The area that belongs to each node, (P,), m2: a third of its triangles."""
    a, b, c = np.moveaxis(found.places[found.triangles], 1, 0)  # each (N, 2)
    (x1, y1), (x2, y2) = (b - a).T, (c - a).T
    return np.bincount(found.triangles.ravel(), np.repeat(np.abs(x1 * y2 - x2 * y1) / 6.0, 3), len(found.places))


def _draw_over_time(axes: Axes, found: ErrorEstimate, true: tuple[np.ndarray, float] | None) -> None:
    time = unit_for(found.times[-1], "s")
    curves = {"estimated": found.over_time}
    axes.plot(found.times / time.size, found.over_time, color=BLUE, label="estimated", zorder=3)
    if true is not None:
        curves["true"] = true[0]
        axes.plot(found.times / time.size, true[0], color=ORANGE, linewidth=3.0, label="true")
    if largest := max(float(each.max()) for each in curves.values()):
        smallest = min(float(each[each > 0.0].min(initial=largest)) for each in curves.values())
        axes.set_yscale("log")
        axes.set_ylim(max(smallest, LEAST * largest) / 1.3, 1.3 * largest)
    axes.set_xlabel(f"t ({time.name})")
    axes.set_ylabel("error / largest displacement (dimensionless)")
    axes.set_title("over time, rms over space", fontsize=10)
    light_grid(axes)


def _draw_over_space(axes: Axes, problem: Problem, found: ErrorEstimate) -> None:
    length, worst = window_unit(problem.domain), int(found.over_time.argmax())
    size = 100.0 * np.linalg.norm(found.error[worst], axis=-1) / (found.size or 1.0)
    x, y = found.places.T / length.size
    mesh = Triangulation(x, y, found.triangles)
    image = axes.tripcolor(mesh, size, shading="gouraud", cmap=SEQUENTIAL, vmin=0.0)
    format_map_axes(axes, problem, length)
    if not problem.domain.is_static:
        time = unit_for(found.times[-1], "s")
        axes.set_title(f"estimated, at t = {found.times[worst] / time.size:.3g} {time.name}", fontsize=10)
    axes.figure.colorbar(image, ax=axes, label="error / rms displacement (%)", location=bar_side(problem.domain))


def _title(found: ErrorEstimate, true: tuple[np.ndarray, float] | None) -> str:
    displacement = f"of the displacement {percent(found.displacement)}"
    if true is not None:
        displacement += f" (true: {percent(true[1])})"
    return f"estimated relative L2 error {displacement}, of the stress {percent(found.stress)}"
