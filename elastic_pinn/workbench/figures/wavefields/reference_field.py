"""A run beside the displacement of another program: wavefields, difference, and relative error.

Letters: T instants, Y and X nodes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh

from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import RECORDED_QUANTITIES
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.readable import percent
from elastic_pinn.run.shot import Shot
from elastic_pinn.workbench.figures.drawn_from import Source, checkpoint_of
from elastic_pinn.workbench.figures.maps.rims import cut_at_rims, up_to_rims
from elastic_pinn.workbench.figures.maps.window import window_unit
from elastic_pinn.workbench.figures.style.colors import DIVERGING
from elastic_pinn.workbench.figures.style.picture import VERDICT, Picture
from elastic_pinn.workbench.figures.wavefields.snapshots import draw_fields
from elastic_pinn.workbench.reference_field import ROUNDING, ReferenceField, ReferenceFieldError

MOST_POINTS = 300_000  # at which a run is compared: of finer references each n-th instant and node counts
MOST_INSTANTS = 61
FINEST = 150  # nodes along an axis of a map
DRAWN = 3  # instants, if none are given

Array = np.ndarray


class Compared(NamedTuple):
    """A run and a reference at the reference's own nodes in the window, between which nothing is interpolated: instants
    (T,), places (Y,) and (X,), displacements (T, Y, X, 2) in m, NaN outside of the solid and where either has none."""

    t: Array
    y: Array
    x: Array
    found: Array
    reference: Array

    @property
    def relative_error(self) -> float:
        """The L2 norm of the difference over the reference's, over space and time, by the trapezoidal rule."""
        weights = np.einsum("t,y,x->tyx", *(_widths(axis) for axis in (self.t, self.y, self.x)))
        off, size = (np.square(each).sum(-1) for each in (self.found - self.reference, self.reference))
        there = np.isfinite(off)
        return math.sqrt(float((weights * off)[there].sum() / (weights * size)[there].sum()))


def reference_field(
    source: Source,
    reference: ReferenceField | str | Path,
    times: Sequence[float] | None = None,
    problem: Problem | ProblemMaker | None = None,
    shot: str | int = "",
) -> Picture:
    """Draw a run's displacement beside that of another program, as of finite elements, and the difference.

    All are drawn at nodes and instants of the reference: nothing is interpolated, and where it has no value in the
    solid, the map is blank. The title has the relative L2 error over space and time, as far as the reference has
    values; of more than 300,000 nodes and instants at evenly chosen ones. A reference is not exact: its own error is
    in the difference, too.

    Parameters
    ----------
    source
        A run (its newest checkpoint), a checkpoint, or a path of either.
    reference
        A ReferenceField, displacements (T, Y, X, 2) in m, or the path of a NetCDF or NPZ file: see
        `ReferenceField.load`.
    times
        Instants, (K,) in s, each drawn at the reference's nearest; three over the window if not given.
    problem
        The user's problem, or the function that makes it; required if the run has one.
    shot
        The name of one of several shots, as in `run.fit.shots`; not given: the first. Of others finite elements solve
        for the wavefield.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    ReferenceFieldError
        For a reference that is not legal, or does not cover the window.
    ValueError
        For instants outside the window.
    """
    seen = checkpoint_of(source).shot(shot, problem)
    other = reference if isinstance(reference, ReferenceField) else ReferenceField.load(reference)
    other.require_cover(seen.problem)
    domain = seen.problem.domain
    wanted = np.asarray(domain.instants(DRAWN + 1)[-DRAWN:] if times is None else times, dtype=np.float64)
    if ((wanted < domain.t[0]) | (wanted > domain.t[1])).any():
        raise ValueError(f"times = {wanted.tolist()}: the window is {domain.t[0]:g} to {domain.t[1]:g} s")
    windows = {"t": domain.t, "y": domain.y, "x": domain.x}
    inside, *nodes = (_within(other, name, ends) for name, ends in windows.items())
    over = _every(inside, MOST_INSTANTS)
    coarse = math.sqrt(MOST_POINTS / len(over) / (len(nodes[0]) * len(nodes[1])))
    overall = _compared(seen, other, over, *(_every(each, math.ceil(coarse * len(each))) for each in nodes))
    if not np.nan_to_num(overall.reference).any():
        raise ReferenceFieldError(f"{other.name} is zero or NaN wherever it is within the run's solid and window")
    nearest = inside[np.unique(np.abs(other.t[inside] - wanted[:, None]).argmin(axis=1))]
    drawn = _compared(seen, other, nearest, *(_every(each, FINEST) for each in nodes))
    figure = _draw(seen, drawn)
    figure.suptitle(f"{seen.told}relative L2 error beside {other.name}: {_error_text(overall)}", fontsize=VERDICT)
    return figure


def _within(other: ReferenceField, name: str, ends: Sequence[float]) -> Array:
    """The rows of an axis of a reference that are in a window. Raises ReferenceFieldError where there is none."""
    axis, slack = other.axes[name], ROUNDING * (ends[1] - ends[0])
    rows = np.flatnonzero((axis >= ends[0] - slack) & (axis <= ends[1] + slack))
    if not len(rows):
        what, unit = ("instant", "s") if name == "t" else (f"node along {name}", "m")
        raise ReferenceFieldError(
            f"{other.name} has no {what} within the run's window, {ends[0]:.6g} to {ends[1]:.6g} {unit}: it needs a "
            "finer one"
        )
    return rows


def _every(rows: Array, most: int) -> Array:
    """At most so many of some rows, evenly chosen."""
    return rows[:: max(1, math.ceil(len(rows) / max(1, most)))]


def _compared(seen: Shot, other: ReferenceField, rows_t: Array, rows_y: Array, rows_x: Array) -> Compared:
    """Both at some of the reference's nodes and instants."""
    domain = seen.problem.domain
    # Rounding must not put a node on the edge outside of the window.
    t, y, x = (
        np.clip(axis[rows], *ends)
        for axis, rows, ends in (
            (other.t, rows_t, domain.t), (other.y, rows_y, domain.y), (other.x, rows_x, domain.x),
        )
    )  # fmt: skip
    inside = domain.shape.mask(*np.meshgrid(x, y))  # (Y, X)
    if not inside.any():
        raise ReferenceFieldError(f"{other.name} has no node within the run's solid: it needs a finer grid")
    found = np.full((len(t), len(y), len(x), 2), np.nan)
    where = np.argwhere(inside)
    found[:, inside] = seen.predict(x[where[:, 1]], y[where[:, 0]], t[:, None], "displacement")
    reference = np.where(np.isfinite(found), other.displacement[np.ix_(rows_t, rows_y, rows_x)], np.nan)
    if not np.isfinite(reference).any():
        raise ReferenceFieldError(
            f"{other.name} is NaN wherever it is within the run's solid at {t[0]:.6g} to {t[-1]:.6g} s"
        )
    return Compared(t, y, x, found, reference)


def _error_text(overall: Compared) -> str:
    """The relative error, and how many nodes have none."""
    there, inside = (np.isfinite(each[..., 0]) for each in (overall.reference, overall.found))
    gaps = float((inside & ~there).sum() / inside.sum())
    of_gaps = f", but for {percent(gaps)} of the solid's nodes, where it has no value" if gaps else ""
    return f"{percent(overall.relative_error)}{of_gaps}"


def _draw(seen: Shot, drawn: Compared) -> Picture:
    shape, length = seen.problem.domain.shape, window_unit(seen.problem.domain)
    x, y = drawn.x / length.size, drawn.y / length.size
    inside = shape.mask(*np.meshgrid(drawn.x, drawn.y))  # (Y, X); what the reference lacks there stays blank

    def draw(axes: Axes, frame: Array, limit: float) -> QuadMesh:
        cells = up_to_rims(frame, inside)
        mesh = axes.pcolormesh(x, y, cells, cmap=DIVERGING, vmin=-limit, vmax=limit, shading="nearest", rasterized=True)
        cut_at_rims(axes, mesh, shape, length)
        return mesh

    fields = {seen.solved_by: drawn.found, "reference": drawn.reference, "difference": drawn.found - drawn.reference}
    quantity = RECORDED_QUANTITIES["displacement"]
    return draw_fields(seen.problem, drawn.t, fields, quantity, draw, "reference")


def _widths(axis: Array) -> Array:
    """The part of an axis that belongs to each node, by the trapezoidal rule."""
    if len(axis) == 1:
        return np.ones(1)
    steps = np.diff(axis)
    return 0.5 * (np.r_[steps, 0.0] + np.r_[0.0, steps])
