"""Loss curves: every term at every step."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.typing import LineStyleType
from torch import Tensor

from elastic_pinn.config import Config
from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.physics import Problem
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.run import Checkpoint, Run
from elastic_pinn.storage import LOSSES_OF_START_UNTIL
from elastic_pinn.training.sampling import moved_points
from elastic_pinn.training.sampling.moves import MOVES
from elastic_pinn.used_fields import takes_no_part
from elastic_pinn.workbench.figures.drawn_from import Source, checkpoint_of, open_source, require_several
from elastic_pinn.workbench.figures.learning.weights_and_points import (
    Curve,
    Curves,
    draw_density,
    draw_redraws,
    draw_weights,
    redraws_in,
    weights_in,
)
from elastic_pinn.workbench.figures.style.colors import BLACK, BLUE, GREEN, ORANGE, PURPLE, SERIES, SKY, VERMILLION
from elastic_pinn.workbench.figures.style.labels import letter_by_letter, short_names
from elastic_pinn.workbench.figures.style.layout import ABOVE_CURVES, BELOW_CURVES, legend_below
from elastic_pinn.workbench.figures.style.picture import Picture, dots, legend_beside, light_grid, whole_ticks

COLORS = {
    "total": BLACK,
    "pde": BLUE,
    "boundary": ORANGE,
    "initial": GREEN,
    "data": VERMILLION,
    "interface": SKY,
    "validation": PURPLE,
}
STYLES: Mapping[str, LineStyleType] = {
    "total": "-",
    "pde": "--",
    "boundary": "-.",
    "initial": ":",
    "data": (0, (6, 1, 1, 1, 1, 1)),
    "interface": (0, (9, 3)),
    "validation": (0, (1, 3)),
}
PREFIX = "loss/"
ROUNDING = 1e-20  # of the largest loss: squares of float64's relative precision, and room for what training gains
HEIGHT, OF_WEIGHTS, OF_MAPS = 4.2, 2.6, 3.0  # inches
NAMED = 12  # runs that a legend can identify
MOST_CHANGES, EVENT_LENGTH = 3, 48  # at one mark; characters


Events = Sequence[tuple[int, str]]
"""What was changed on resuming: (step, what)."""


class _Record(NamedTuple):
    name: str
    source: Run | Checkpoint
    config: Config
    history: pd.DataFrame
    events: Events


def loss_curves(
    sources: Sequence[Source],
    terms: Sequence[str] | None = None,
    problem: Problem | ProblemMaker | None = None,
) -> Picture:
    """Draw the loss over the steps, on a log axis, with the stages marked.

    One run has a colour for each term, and marks of what was changed on resuming and where points moved; where weights
    change, they are drawn below, and where the model's residuals moved points, maps of their density in the newest
    checkpoint. Several runs have a colour for each run and a line style for each term. "total" is the weighted sum, the
    others are unweighted; each value is drawn at the step whose weights it belongs to.

    Parameters
    ----------
    sources
        Runs, checkpoints, or paths of either.
    terms
        Such as "pde" or "loss/pde"; all if not given.
    problem
        The user's problem, or the function that makes it, without which a run that has one has no maps.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    ValueError
        For no source, or for a term that no source has.
    """
    require_several(sources, "loss_curves")
    records = [_record(source) for source in sources]
    chosen = _chosen(records, terms)
    stages = {change for record in records for change in stages_in(record.history, record.config)}
    if len(records) > 1:
        figure = Picture(HEIGHT)
        axes = figure.subplots()
        _draw_runs(figure, axes, records, chosen)
    else:
        figure, axes = _of_one(records[0], chosen, problem)
    draw_stages(axes, stages)
    return figure


def _of_one(record: _Record, terms: Sequence[str], own: Problem | ProblemMaker | None) -> tuple[Picture, Axes]:
    """The figure of one run, and its axes of losses."""
    history, density = record.history, _density(record, own)
    weights = {column: _curve(history, column) for column in weights_in(history)}
    heights = [height_of(weights), *[OF_MAPS] * bool(density)]
    figure = Picture(sum(heights))
    parts = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)
    axes = draw_losses(parts[0, 0], _curves(history, terms), weights, redraws_in(history), record.events)
    title = "\n".join(filter(None, (record.name, no_part_text(record.config))))
    axes.set_title(title, loc="left", fontsize=10, parse_math=False)
    if density:
        draw_density(parts[1, 0], *density)
    return figure, axes


def no_part_text(config: Config) -> str:
    """Return what a title tells of losses of a network that takes no part in the wavefield; "" where it does."""
    return "of the network, which takes no part: elements solve for the waves" if takes_no_part(config) else ""


def height_of(weights: Curves) -> float:
    """Return the height in inches that `draw_losses` needs."""
    return HEIGHT + OF_WEIGHTS * bool(weights)


def draw_losses(figure: FigureBase, losses: Curves, weights: Curves, redraws: Curve, events: Events) -> Axes:
    """Draw the losses of one run with marks of what happened to it, and below them the weights, if there are any.

    losses: by terms; weights: by columns of the history; redraws: as `redraws_in` returns them.

    Returns the axes of the losses.
    """
    heights = HEIGHT, *[OF_WEIGHTS] * bool(weights)
    axes, *below = figure.subplots(len(heights), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
    draw_terms(axes, losses)
    draw_redraws(axes, redraws)
    if losses:
        legend_beside(axes)
    draw_events(axes, events)
    for under in below:
        draw_weights(under, weights, COLORS)
        axes.set_xlabel("")
        under.set_xlabel("optimizer step")
    return axes


def _density(record: _Record, own: Problem | ProblemMaker | None) -> tuple[Tensor, int, Problem] | None:
    """The points that residuals have moved in the newest checkpoint, its step, and the problem; None where there are
    none, or the problem is one of the user's own that is not given."""
    if record.config.resampling not in MOVES or (record.config.problem == "own" and own is None):
        return None
    try:
        checkpoint = checkpoint_of(record.source)
        problem = checkpoint.problem(own)
    except (FileNotFoundError, ElasticPinnError):  # the losses do not need what is gone
        return None
    points = moved_points(checkpoint.snapshot.state, problem, checkpoint.config)  # (N, 3)
    return (points, checkpoint.step, problem) if len(points) else None


def draw_terms(axes: Axes, curves: Curves) -> None:
    """Draw the terms of one run at the steps whose weights they are of, each in its own colour, labelled for a legend.

    A term that the network satisfies exactly, and that is zero up to rounding, is only named.
    """
    others, zeros = iter(SERIES), terms_of_rounding(curves)
    for term in in_order(curves):
        steps, values = curves[term]
        is_zero = term in zeros
        axes.plot(
            [] if is_zero else steps,
            [] if is_zero else values,
            color=COLORS.get(term) or next(others),
            linestyle="--" if term == "validation" else "-",
            linewidth=1.8 if term == "total" else 1.2,
            **dots(len(steps)),
            label=letter_by_letter(f"{_describe(term)}{': zero' * is_zero}"),
        )
    _finish(axes)


def is_rounding(column: str, history: pd.DataFrame) -> bool:
    """Return whether a column of a history is a loss term that is zero up to rounding."""
    return column.removeprefix(PREFIX) in terms_of_rounding(_curves(history, _terms_in(history)))


def terms_of_rounding(curves: Curves) -> set[str]:
    """Return the terms that are zero up to rounding, relative to the largest; they would only stretch a log axis."""
    largest = max((values.max(initial=0.0) for _, values in curves.values()), default=0.0)
    return {term for term, (_, values) in curves.items() if len(values) and values.max() <= ROUNDING * largest}


def in_order(terms: Iterable[str]) -> list[str]:
    """Return terms in the order of their colours, user-defined ones last."""
    return sorted(terms, key=lambda term: [*COLORS, term].index(term))


def at_weights(history: pd.DataFrame, column: str) -> np.ndarray:
    """Return for each row of a history the step whose weights the column's value belongs to: the row's own, except for
    losses in rows of an earlier version, which belong to the step before."""
    steps = history["step"].to_numpy()
    is_loss = column == "grad_norm" or (column.startswith(PREFIX) and column != f"{PREFIX}validation")
    return steps - (steps <= history.attrs.get(LOSSES_OF_START_UNTIL, 0)) if is_loss else steps


def stages_in(history: pd.DataFrame, config: Config) -> list[tuple[int, str]]:
    """Return the changes of the optimizer: the new stage's first step, and both optimizers' names as "adam → lbfgs"."""
    first = history.drop_duplicates("stage")
    stages = [(int(step), config.stages[int(stage)]) for step, stage in zip(first["step"], first["stage"], strict=True)]
    return [(step, f"{before} → {after}") for (_, before), (step, after) in pairwise(stages)]


def draw_stages(axes: Axes, changes: Iterable[tuple[int, str]]) -> None:
    """Mark where stages change, by a line and the optimizers' names, with room for them above the curves."""
    for step, names in sorted(changes):
        axes.axvline(step, color="0.6", linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        axes.annotate(
            names,
            (step, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(3, -4),
            textcoords="offset points",
            va="top",
            fontsize=8,
            color="0.4",
            label=ABOVE_CURVES,
        )


def draw_events(axes: Axes, events: Events) -> None:
    """Mark where a run was resumed with something changed, and write what along the mark, from below."""
    by_step: dict[int, list[str]] = {}
    for step, what in events:
        by_step.setdefault(step, []).append(textwrap.fill(what, EVENT_LENGTH, max_lines=2, placeholder=" ..."))
    for step, changes in by_step.items():
        axes.axvline(step, color=SKY, linewidth=1.0, linestyle=":", zorder=1)
        more = [f"and {len(changes) - MOST_CHANGES} more"] if len(changes) > MOST_CHANGES else []
        to_the_left = step > sum(axes.get_xlim()) / 2.0
        axes.annotate(
            "\n".join(changes[:MOST_CHANGES] + more),
            (step, 0.0),
            xycoords=("data", "axes fraction"),
            xytext=(-3 if to_the_left else 3, 4),
            textcoords="offset points",
            ha="right" if to_the_left else "left",
            va="bottom",
            fontsize=8,
            color=BLUE,
            label=BELOW_CURVES,
            parse_math=False,
            bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 1.0},
        )


def _record(source: Source) -> _Record:
    opened = open_source(source)
    return _Record(Path(opened.path).resolve().name, opened, opened.config, opened.history(), opened.events())


def _chosen(records: Sequence[_Record], terms: Sequence[str] | None) -> list[str]:
    """The terms to draw, without their prefix."""
    legal = in_order(dict.fromkeys(term for record in records for term in _terms_in(record.history)))
    if terms is None:
        return legal
    chosen = [term.removeprefix(PREFIX) for term in terms]
    unknown = sorted(set(chosen) - set(legal))
    if unknown:
        raise ValueError(f"no such term: {', '.join(unknown)}; legal here: {', '.join(legal)}")
    return chosen


def _terms_in(history: pd.DataFrame) -> list[str]:
    return [column.removeprefix(PREFIX) for column in history if column.startswith(PREFIX)]


def _curves(history: pd.DataFrame, terms: Iterable[str]) -> Curves:
    """Return the curves of the terms in a history; a validation has values only at some steps."""
    names = {term: PREFIX + term for term in terms if PREFIX + term in history}
    curves = {term: _curve(history, name) for term, name in names.items()}
    return {term: curve for term, curve in curves.items() if len(curve[0]) or history.empty}


def _curve(history: pd.DataFrame, column: str) -> Curve:
    """The steps at which a column of a history has values, and these."""
    found = history.set_axis(at_weights(history, column))[column].dropna()
    return found.index.to_numpy(), found.to_numpy()


def _draw_runs(figure: Picture, axes: Axes, records: Sequence[_Record], terms: Sequence[str]) -> None:
    colors = SERIES if len(records) <= len(SERIES) else colormaps["viridis"](np.linspace(0, 0.95, len(records)))
    for record, color in zip(records, colors, strict=False):
        curves = _curves(record.history, _terms_in(record.history))
        shown = curves.keys() - terms_of_rounding(curves)
        for term in [term for term in terms if term in shown]:
            (steps, values), width = curves[term], 1.8 if term == "total" else 1.0
            axes.plot(steps, values, color=color, linestyle=STYLES.get(term, "-"), linewidth=width)
    _finish(axes)
    of_runs = [Line2D([], [], color=color) for _, color in zip(records, colors, strict=False)]
    styles = {letter_by_letter(_describe(term)): STYLES.get(term, "-") for term in terms}
    legend_beside(axes, [Line2D([], [], color="0.3", linestyle=each, label=label) for label, each in styles.items()])
    held = [record for record in records if takes_no_part(record.config)]
    told = [f"{len(held)} of networks that take no part: elements solve for the waves"] if held else []
    if len(records) <= NAMED:
        names = short_names([str(record.source.path) for record in records])
        legend_below(figure, of_runs, [letter_by_letter(name) for name in names])
    else:
        told = [f"{len(records)} runs, the first dark and the last bright", *told]
    axes.set_title("\n".join(told), fontsize=10, loc="left")


def _finish(axes: Axes) -> None:
    axes.set_yscale("log")
    axes.set_xlabel("optimizer step")
    whole_ticks(axes)
    axes.set_ylabel("loss (dimensionless)")
    light_grid(axes)


def _describe(term: str) -> str:
    return {"total": "total (weighted)", "validation": "validation (weighted)"}.get(term, term)
