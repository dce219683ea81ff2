"""The network's wavefield, compared with the exact one if there is one."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable as Mappable
from matplotlib.colors import LogNorm
from matplotlib.image import AxesImage

from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import Receivers, RecordedQuantity
from elastic_pinn.physics.fields import evaluate
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.readable import percent
from elastic_pinn.run import Checkpoint
from elastic_pinn.training import UncertaintyError, WavefieldUncertainty
from elastic_pinn.workbench.figures.drawn_from import FigureError, Predict, Source, checkpoint_of, shown_quantity
from elastic_pinn.workbench.figures.maps.rims import cut_at_rims, draw_map, up_to_rims
from elastic_pinn.workbench.figures.maps.window import bar_side, format_map_axes, is_wide, map_and_curve, window_unit
from elastic_pinn.workbench.figures.style.colors import BLUE, DIVERGING, SEQUENTIAL
from elastic_pinn.workbench.figures.style.picture import VERDICT, WIDTH, Picture, light_grid
from elastic_pinn.workbench.figures.style.units import Unit, unit_for
from elastic_pinn.workbench.quantities import error_text

GRID = 61  # nodes on a side of a map
DECADES = 1e3  # of a standard deviation on the colour scale
EVERY = 2  # the standard deviation is computed at every second node
INSTANTS = 41  # for errors over time
A_MAP, LOW = 1.7, 1.0  # inches: a row of maps before the layout; one that is too low for a label along it
ERROR = "error/displacement"
RELATIVE = "relative error (dimensionless)"


def snapshots(
    source: Source,
    times: Sequence[float] | None = None,
    problem: Problem | ProblemMaker | None = None,
    shot: str | int = "",
) -> Picture:
    """Draw the network's wavefield at some instants and, if the solution is known, the solution and the difference.

    Both components of the displacement are drawn. All fields have one symmetric scale, all differences another. The
    title tells the relative L2 error of the displacement, or, where it is not known, its estimate.

    A field from receivers with an unknown solution is drawn by what they recorded, displacement, velocity or
    acceleration, and its standard deviation below: the root mean square of both components'. Where it exceeds the root
    mean square of the records, the field is hatched and the title names it: the receivers do not determine the field
    there. (The records are the reference for the field's size, since an undetermined field is as large as its error.)
    This takes as long as a step of last_layer.

    Parameters
    ----------
    source
        A run (its newest checkpoint), a checkpoint, or a path of either.
    times
        Instants, (K,) in s; three over the window if not given.
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
    ValueError
        For instants outside the window.
    """
    checkpoint = checkpoint_of(source)
    solved = checkpoint.problem(problem)
    seen = checkpoint.shot(shot, solved)
    problem = seen.problem
    instants = np.asarray(times if times is not None else problem.domain.instants(4)[-3:], dtype=float)
    is_recorded = problem.receivers is not None and shown_quantity(problem) in problem.receivers.kinds
    if not is_recorded or problem.exact:
        figure = draw_wavefield(seen.predict, problem, instants, seen.solved_by)
        if told := seen.told or error_text(checkpoint):
            figure.suptitle(told.rstrip(": "), fontsize=10)
        return figure
    try:
        uncertainty = WavefieldUncertainty(checkpoint, solved)
    except UncertaintyError as error:
        figure = draw_wavefield(seen.predict, problem, instants, seen.solved_by)
        figure.suptitle(f"{seen.told}no standard deviation: {error}", fontsize=10)
        return figure
    found = _predicted(seen.predict, problem, instants, shown_quantity(problem).name)
    spread = _spread(uncertainty, problem, instants)
    figure = _draw_with_spread(problem, instants, found, spread)
    if fault := uncertainty.fault:
        figure.suptitle(f"{fault}: the wavefield is further off than this\n{figure.get_suptitle()}", fontsize=VERDICT)
    return figure


def draw_wavefield(predict: Predict, problem: Problem, instants: np.ndarray, by: str = "network") -> Picture:
    """Draw `snapshots` from any prediction, without a standard deviation."""
    found = _predicted(predict, problem, instants, shown_quantity(problem).name)
    fields = {by: found}
    if problem.exact:
        exact = _exact(problem, instants)
        fields |= {"exact": exact, "difference": found - exact}
    length = window_unit(problem.domain)
    return draw_fields(
        problem, instants, fields, shown_quantity(problem),
        lambda axes, frame, limit: _draw_frame(axes, problem, frame, limit, length),
    )  # fmt: skip


def error_map(source: Source, problem: Problem | ProblemMaker | None = None) -> Picture:
    """Draw the displacement's relative error: over space (rms over time), and over time (rms over space).

    Both are relative to the exact displacement's rms over the whole window; means over the grid are by the trapezoid
    rule, which weights a node on an edge by its part of the window. The number above is the run's own
    error/displacement, measured on its held-out points, as in its history, its summary and all tables.

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
    FigureError
        For a problem without an exact solution.
    """
    checkpoint = checkpoint_of(source)
    problem = checkpoint.problem(problem)
    if problem.exact is None:
        raise FigureError("error_map needs a problem with an exact solution, and this one has none")
    instants = np.array(problem.domain.instants(INSTANTS))
    exact = _exact(problem, instants)  # (T, G, G, 2)
    predict = partial(checkpoint.predict, problem=problem)
    squared = np.square(_predicted(predict, problem, instants) - exact).sum(-1)  # (T, G, G)
    of_instant, of_side = trapezoid_weights(len(instants)), trapezoid_weights(GRID)  # (T,), (G,)
    of_node = np.outer(of_side, of_side) * np.isfinite(squared[0])  # (G, G), none outside the domain
    of_node /= of_node.sum()
    size = np.sqrt(np.einsum("t,yx,tyx", of_instant, of_node, np.nan_to_num(np.square(exact).sum(-1))))
    error = np.sqrt(np.tensordot(of_instant, squared, 1)) / size
    if problem.domain.is_static:
        figure = Picture(3.8)
        _draw_error_over_space(figure.subplots(), problem, error)
    else:
        figure, over_space, over_time = map_and_curve(problem.domain)
        _draw_error_over_space(over_space, problem, error)
        _draw_error_over_time(over_time, instants, np.sqrt(np.nansum(squared * of_node, axis=(1, 2))) / size)
    figure.suptitle(_error_in_words(checkpoint), fontsize=VERDICT)
    return figure


def trapezoid_weights(nodes: int) -> np.ndarray:
    """Return the shares (nodes,) of evenly spaced nodes, ends included, in a mean over an interval."""
    weights = np.ones(nodes)
    weights[[0, -1]] = 0.5
    return weights / weights.sum()


def _error_in_words(checkpoint: Checkpoint) -> str:
    """Return the run's own error as text; a run on a problem without an exact solution has none."""
    error = checkpoint.metrics.get(ERROR)
    if error is None:
        return f"relative error of the displacement at step {checkpoint.step}"
    points = checkpoint.config.validation_points
    return f"relative L2 error of the displacement at step {checkpoint.step}: {error:.2e} ({points:,} held-out points)"


def _nodes(problem: Problem, instants: np.ndarray, count: int = GRID) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """t, y, x of a grid over the window, each (T, G, G)."""
    x, y = (np.linspace(*interval, count) for interval in (problem.domain.x, problem.domain.y))
    t, y, x = np.meshgrid(instants, y, x, indexing="ij")
    return t, y, x


def _spread(uncertainty: WavefieldUncertainty, problem: Problem, instants: np.ndarray) -> np.ndarray:
    """The standard deviation of a component (T, S, S) by [t, y, x] at every second node of a map, SI."""
    t, y, x = _nodes(problem, instants, 1 + (GRID - 1) // EVERY)
    inside = problem.domain.shape.mask(x, y)
    found, name = np.full(t.shape, np.nan), shown_quantity(problem).name
    found[inside] = np.sqrt(np.square(uncertainty.std(x[inside], y[inside], t[inside], name)).mean(-1))
    return found


def _predicted(predict: Predict, problem: Problem, instants: np.ndarray, quantity: str = "displacement") -> np.ndarray:
    """A quantity of the network's wavefield (T, G, G, 2) by [t, y, x], SI."""
    t, y, x = _nodes(problem, instants)
    inside = problem.domain.shape.mask(x, y)
    found = np.full((*t.shape, 2), np.nan)
    found[inside] = predict(x[inside], y[inside], t[inside], quantity)
    return found


def _exact(problem: Problem, instants: np.ndarray) -> np.ndarray:
    """The exact displacement (T, G, G, 2) by [t, y, x], m."""
    t, y, x = _nodes(problem, instants)
    inside = problem.domain.shape.mask(x, y)
    points = torch.from_numpy(np.stack([x[inside], y[inside], t[inside]], axis=-1))
    found = np.full((*t.shape, 2), np.nan)
    found[inside] = evaluate(problem.exact, points).numpy()
    return found


def draw_fields(
    problem: Problem,
    instants: np.ndarray,
    fields: Mapping[str, np.ndarray],
    quantity: RecordedQuantity,
    draw: Callable[[Axes, np.ndarray, float], Mappable],
    known: str = "exact",
) -> Picture:
    """Draw a row for each instant and a column for each component of a field; transposed if there is one field.

    fields: frames (T, Y, X, 2) in SI units by their names, of which "difference" has a scale of its own. draw: draws a
    frame (Y, X) between a largest value and the opposite one. known: what "difference" is the difference from.
    """
    columns = 2 * len(fields)
    # The shape nearest to what is drawn: few columns of wide maps, else the six of three fields, or those of instants.
    has_time_across = columns > len(instants) if is_wide(problem.domain) else len(fields) == 1
    shape = (columns, len(instants)) if has_time_across else (len(instants), columns)
    figure = Picture(1.1 + A_MAP * shape[0])
    table = figure.subplots(*shape, sharex=True, sharey=True, squeeze=False)
    by_instant = table.T if has_time_across else table
    length = window_unit(problem.domain)
    images, units = {}, {}
    for i, (name, values) in enumerate(fields.items()):
        limit = _largest(*(fields[other] for other in fields if (other == "difference") == (name == "difference")))
        units[name] = unit = unit_for(limit, quantity.unit)
        for component in range(2):
            column = by_instant[:, component * len(fields) + i]
            for where, frame in zip(column, values[..., component], strict=True):
                images[name] = draw(where, frame / unit.size, limit / unit.size)
    names = [f"{symbol} {name}" for symbol in quantity.symbols for name in fields]
    times = _time_labels(problem, instants)
    _label(table, problem, *((times, names) if has_time_across else (names, times)), length)
    _draw_scales(figure, table, images, units, quantity.name, known, bar_side(problem.domain))
    return figure


def _draw_with_spread(problem: Problem, instants: np.ndarray, found: np.ndarray, spread: np.ndarray) -> Picture:
    """Draw a row for each component and one for the standard deviation, a column for each instant; hatched where the
    standard deviation exceeds the records."""
    assert problem.receivers, "only they leave a spread"
    quantity = shown_quantity(problem)
    records = _records_of(problem.receivers, quantity)
    recorded = np.sqrt(np.square(records).mean())
    unseen, size = spread > recorded, np.abs(found).max(-1)[:, ::EVERY, ::EVERY]
    most = min(_largest(spread), recorded)
    least = max(float(np.nanmin(spread)), most / DECADES)
    if least >= most:  # all of it is beyond the scale, or all is alike
        least = most / DECADES
    limit = _largest(size[~unseen]) if not unseen[np.isfinite(spread)].all() else _largest(records)
    length = window_unit(problem.domain)
    unit, small = (unit_for(value, quantity.unit) for value in (limit, most))
    figure = Picture(7.4)
    table = figure.subplots(3, len(instants), sharex=True, sharey=True, squeeze=False)
    for column, frames, deviations in zip(table.T, found, spread, strict=True):
        for where, frame in zip(column, np.moveaxis(frames, -1, 0), strict=False):
            image = _draw_frame(where, problem, frame / unit.size, limit / unit.size, length)
        norm = LogNorm(least / small.size, most / small.size)
        below = draw_map(column[-1], deviations / small.size, problem.domain.shape, length, cmap=SEQUENTIAL, norm=norm)
        for where in column:
            _hatch(where, problem, deviations, recorded, length)
    names = [*(f"{symbol} network" for symbol in quantity.symbols), "standard deviation"]
    _label(table, problem, _time_labels(problem, instants), names, length)
    beyond = "both" if unseen.any() else "neither"
    side, slender = bar_side(problem.domain), 30 if is_wide(problem.domain) else 20
    named, of_spread = f"{quantity.name} ({unit.name})", f"standard deviation ({small.name})"
    figure.colorbar(image, ax=table[:-1], label=named, location=side, aspect=30, extend=beyond)
    above = "max" if unseen.any() else "neither"
    figure.colorbar(below, ax=table[-1], label=of_spread, location=side, aspect=slender, extend=above)
    figure.suptitle(_spread_in_words(spread, recorded, quantity.unit), fontsize=10)
    return figure


def _records_of(receivers: Receivers, quantity: RecordedQuantity) -> np.ndarray:
    """All that was recorded of a quantity, in a row."""
    return np.concatenate([each.corrected[each.is_there] for each in receivers.records if each.kind is quantity])


def _spread_in_words(spread: np.ndarray, recorded: float, si: str) -> str:
    """Return how the standard deviation compares with the root mean square of the records, both in an SI unit."""
    most, unit = float(np.nanmax(spread)), unit_for(recorded, si)
    field = f"the rms of what was recorded, {recorded / unit.size:.3g} {unit.name}"
    if most <= recorded:
        return f"the standard deviation is at most {percent(most / recorded)} of {field}"
    large, part = unit_for(most, si), float((spread > recorded).sum() / np.isfinite(spread).sum())
    return (
        f"no receiver sees the hatched waves, {percent(part)} of what is shown: their standard deviation,\n"
        f"up to {most / large.size:.3g} {large.name}, exceeds {field}"
    )


def _hatch(axes: Axes, problem: Problem, spread: np.ndarray, recorded: float, length: Unit) -> None:
    """Hatch a map where its standard deviation exceeds the records."""
    if np.nanmax(spread) > recorded:
        x, y = (np.linspace(*ends, len(spread)) / length.size for ends in (problem.domain.x, problem.domain.y))
        hatched = axes.contourf(
            x, y, up_to_rims(spread), levels=[recorded, np.inf], colors=["0.75"], alpha=0.5, hatches=["///"]
        )
        cut_at_rims(axes, hatched, problem.domain.shape, length)


def _largest(*fields: np.ndarray) -> float:
    return max(float(np.nanmax(np.abs(field))) for field in fields) or 1.0


def _draw_frame(axes: Axes, problem: Problem, frame: np.ndarray, limit: float, length: Unit) -> AxesImage:
    return draw_map(axes, frame, problem.domain.shape, length, cmap=DIVERGING, vmin=-limit, vmax=limit)


def _time_labels(problem: Problem, instants: np.ndarray) -> list[str]:
    if problem.domain.is_static:
        return [""]
    time = unit_for(problem.domain.t[1], "s")
    return [f"t = {instant / time.size:.3g} {time.name}" for instant in instants]


def _label(table: np.ndarray, problem: Problem, above: Sequence[str], left: Sequence[str], length: Unit) -> None:
    """Label each column above and each row at the left."""
    aspect = float(np.ptp(problem.domain.y) / np.ptp(problem.domain.x))
    for where in table.flat:
        format_map_axes(where, problem, length)
        where.label_outer()
        where.tick_params(labelsize=8)
    for where, text in zip(table[0], above, strict=True):
        where.set_title(text, fontsize=10)
    for where, text in zip(table[:, 0], left, strict=True):
        where.set_ylabel(f"{text}\ny ({length.name})".lstrip())
        if aspect * WIDTH / table.shape[1] < LOW:  # its side is shorter than the text
            where.yaxis.label.set(rotation=0.0, ha="right", va="center")


def _draw_scales(
    figure: Picture,
    axes: np.ndarray,
    images: Mapping[str, Mappable],
    units: dict[str, Unit],
    drawn: str,
    known: str,
    side: Literal["right", "bottom"],
) -> None:
    """Draw a colour bar for the fields and one for the differences, side by side below."""
    half = axes.shape[1] // 2
    found = next(iter(images))
    label = f"{drawn} ({units[found].name})"
    if "difference" not in images:
        figure.colorbar(images[found], ax=axes, location=side, label=label, shrink=0.8)
        return
    figure.colorbar(images[found], ax=axes[:, :half], location="bottom", label=label, shrink=0.9, aspect=30)
    difference = f"difference from the {known} {drawn} ({units['difference'].name})"
    figure.colorbar(images["difference"], ax=axes[:, half:], location="bottom", label=difference, shrink=0.9, aspect=30)


def _draw_error_over_space(axes: Axes, problem: Problem, error: np.ndarray) -> None:
    length = window_unit(problem.domain)
    image = draw_map(axes, error, problem.domain.shape, length, cmap=SEQUENTIAL, norm="log")
    format_map_axes(axes, problem, length)
    axes.set_title("over space" if problem.domain.is_static else "over space, rms over time", fontsize=10)
    axes.figure.colorbar(image, ax=axes, label=RELATIVE, location=bar_side(problem.domain))


def _draw_error_over_time(axes: Axes, instants: np.ndarray, error: np.ndarray) -> None:
    time = unit_for(instants[-1], "s")
    axes.plot(instants / time.size, error, color=BLUE)
    axes.set_yscale("log")
    axes.set_xlabel(f"t ({time.name})")
    axes.set_ylabel(RELATIVE)
    axes.set_title("over time, rms over space", fontsize=10)
    light_grid(axes)
