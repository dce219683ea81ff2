"""The problem before it is solved: its window, conditions and data."""

from itertools import cycle
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.image import AxesImage
from matplotlib.patches import Circle
from matplotlib.patches import Rectangle as Box
from matplotlib.transforms import ScaledTranslation

from elastic_pinn.config import Config
from elastic_pinn.physics import Medium, Problem
from elastic_pinn.physics.data import Receivers
from elastic_pinn.physics.domains import Disc, Domain
from elastic_pinn.physics.fields import Field, evaluate
from elastic_pinn.training import preview_of
from elastic_pinn.training.sampling import first_points
from elastic_pinn.workbench.figures.maps.rims import along, draw_map
from elastic_pinn.workbench.figures.maps.window import AROUND, format_map_axes, set_up_axes, window_unit
from elastic_pinn.workbench.figures.problems.sources import draw_pulses, draw_sources, pulses_of
from elastic_pinn.workbench.figures.style.colors import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION
from elastic_pinn.workbench.figures.style.picture import WIDTH, Picture
from elastic_pinn.workbench.figures.style.units import Unit, unit_for

HIGHEST, BESIDE = 2.9, 1.1  # inches, of the window's map, and of texts beside it
MAPS = 2.8  # inches, of the maps of a medium below
FLATTEST, HIGHEST_PULSE = 0.3, 1.0  # height over width of a plot of pulses; otherwise as the window's
MARGIN = 0.04  # of the window's width, around it
CONSTANTS = (("lambda", "Pa"), ("mu", "Pa"), ("rho", "kg/m³"), ("damping", "1/s"))
GRID = 81  # nodes on a side of a map
ARROWS = slice(4, None, 8)  # of these nodes
FAINT = 0.05  # of the largest value: fields below have no arrow
LINES = {"boundary": "edge", "interface": "interface"}  # what a figure calls a line, by the kind of its place
COLORS = (BLUE, ORANGE, GREEN, PURPLE, SKY, "0.45")  # of what is required on sides
SHADES = (SKY, ORANGE, GREEN, PURPLE)  # of other materials
DASH = 1.5  # line widths: with gaps as long, conditions on the two components of one side are both seen
BELOW = -34.0  # points from the lower edge of the axes to the legend, past ticks and label
MOST_IN_COLUMN = 5  # lines of the legend
MOST_POINTS = 1500  # more would be a grey area


def problem(problem: Problem, config: Config | None = None, receivers: Receivers | None = None) -> Picture:
    """Draw the window with its conditions, sources and receivers, the fields at the first instant, and pulses in time.

    Below them the constants of a medium are drawn.

    Parameters
    ----------
    problem
        The problem.
    config
        If given, at most 1500 interior points of its first step are drawn too.
    receivers
        Of a recording to compare with; those of the problem, if it has some, if not given.

    Returns
    -------
    Picture
        The figure.
    """
    starting = _starting_fields(problem)
    has_pulses = bool(pulses_of(problem))
    columns = 1 + len(starting) + has_pulses
    aspect = max(_aspect(problem.domain), FLATTEST * has_pulses)
    figure, upper = _figure_for(problem, AROUND + min(HIGHEST, aspect * (WIDTH / columns - BESIDE)))
    axes = upper.subplots(1, columns, squeeze=False)[0]
    length = window_unit(problem.domain)
    _draw_window(axes[0], problem, config, receivers or problem.receivers, length)
    for where, (title, field, si) in zip(axes[1 : 1 + len(starting)], starting, strict=True):
        _draw_field(where, problem, field, title, si, length)
    if has_pulses:
        draw_pulses(axes[-1], problem, min(aspect, HIGHEST_PULSE))
    for each in axes:
        each.set_anchor("N")  # all at one height
    return figure


def _aspect(domain: Domain) -> float:
    """Height over width of the window as it is drawn."""
    (left, right), (bottom, top) = domain.x, domain.y
    return (top - bottom + 2.0 * MARGIN * (right - left)) / ((1.0 + 2.0 * MARGIN) * (right - left))


def _figure_for(problem: Problem, height: float) -> tuple[Picture, FigureBase]:
    """An empty figure and its upper part; below, where there is a medium, its constants are drawn already."""
    if not isinstance(problem.material, Medium):
        figure = Picture(height)
        return figure, figure
    figure = Picture(height + MAPS)
    (upper,), (lower,) = figure.subfigures(2, 1, squeeze=False, height_ratios=(height, MAPS))
    _draw_medium(lower, problem, problem.material)
    return figure, upper


def _draw_medium(figure: FigureBase, problem: Problem, medium: Medium) -> None:
    """Maps of lambda, mu and rho, and of the damping where there is any."""
    x, y, inside = _nodes(problem.domain)
    found = medium.constants(torch.from_numpy(x[inside]), torch.from_numpy(y[inside])).numpy()  # (4, N)
    constants = zip(CONSTANTS, found, strict=True)
    shown = [(each, values) for each, values in constants if each[0] != "damping" or values.any()]
    length = window_unit(problem.domain)
    for axes, ((name, si), values) in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        unit = unit_for(float(np.abs(values).max()), si)
        grid = np.full(x.shape, np.nan)
        grid[inside] = values / unit.size
        image = draw_map(axes, grid, problem.domain.shape, length, cmap="viridis", interpolation="nearest")
        format_map_axes(axes, problem, length)
        axes.set_title(name, loc="left", fontsize=10)
        _add_scale(axes, image, unit.name)


def _draw_window(
    axes: Axes, problem: Problem, config: Config | None, receivers: Receivers | None, length: Unit
) -> None:
    domain = problem.domain
    (left, right), (bottom, top) = domain.x, domain.y
    for i, part in enumerate(domain.shape.parts_of(None)):
        label = None if i or problem.boundary else "edge: nothing imposed"
        axes.plot(
            *(along(domain.shape, part) / length.size), linestyle=(0, (2, 3)), color="0.5", linewidth=1, label=label
        )
    if config:
        x, y = _interior_points(problem, config).T / length.size
        axes.plot(x, y, ".", color="0.75", markersize=2, zorder=0, label="interior points")
    _shade_inclusions(axes, problem, length)
    _draw_conditions(axes, problem, length)
    if receivers:
        _draw_receivers(axes, receivers, length)
    if problem.receivers and problem.initial:
        _draw_pulses(axes, problem.receivers, length)
    draw_sources(axes, problem, length)
    set_up_axes(axes, domain, length)
    margin = MARGIN * (right - left) / length.size
    axes.set_xlim(left / length.size - margin, right / length.size + margin)
    axes.set_ylim(bottom / length.size - margin, top / length.size + margin)
    time = unit_for(domain.t[1], "s")
    when = f"t = {domain.t[0] / time.size:.3g} to {domain.t[1] / time.size:.3g} {time.name}"
    axes.set_title(f"window, {'static' if domain.is_static else when}", loc="left", fontsize=10)
    below = axes.transAxes + ScaledTranslation(0.0, BELOW / 72.0, axes.figure.dpi_scale_trans)
    handles = {label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}  # each once
    axes.legend(
        handles.values(), handles.keys(), loc="upper center", bbox_to_anchor=(0.5, 0.0), bbox_transform=below,
        fontsize=8, frameon=False, ncols=1 + (len(handles) > MOST_IN_COLUMN),
    )  # fmt: skip


def _shade_inclusions(axes: Axes, problem: Problem, length: Unit) -> None:
    """Shade the parts of other materials, with the wave speeds of each."""
    for number, inclusion in enumerate(problem.inclusions, 2):
        shape, solid = inclusion.shape, inclusion.material
        label = f"material {number}: P {solid.c_p:,.4g}, S {solid.c_s:,.4g} m/s"
        style: dict[str, Any] = {"facecolor": SHADES[number % len(SHADES)], "alpha": 0.3, "zorder": 0, "label": label}
        if isinstance(shape, Disc):
            x, y = shape.center
            axes.add_patch(Circle((x / length.size, y / length.size), shape.radius / length.size, **style))
        else:
            (left, right), (bottom, top) = (np.array(ends) / length.size for ends in shape.bounds)
            axes.add_patch(Box((left, bottom), right - left, top - bottom, **style))


def _draw_conditions(axes: Axes, problem: Problem, length: Unit) -> None:
    places = {each.place: each for each in problem.statements if each.place and each.place.parts}
    texts = {place: f"{LINES[place.kind]}: {statement.label}" for place, statement in places.items()}
    colors = dict(zip(dict.fromkeys(texts.values()), cycle(COLORS)))
    for place, statement in sorted(places.items(), key=lambda each: each[1].target is None):  # dashes upon lines
        dashes = "--" if len(statement.of_target) > 1 else (DASH * statement.of_target[0], (DASH, DASH))
        for i, part in enumerate(place.parts):
            axes.plot(
                *(along(place.shape or problem.domain.shape, part) / length.size),
                color=colors[texts[place]],
                linestyle="-" if statement.target else dashes,
                linewidth=3,
                solid_capstyle="butt",
                label=None if i else texts[place],
            )


def _draw_receivers(axes: Axes, receivers: Receivers, length: Unit) -> None:
    x, y = receivers.places.T / length.size
    axes.plot(x, y, "v", color=BLACK, markersize=4, linestyle="none", label=f"{len(x)} receivers", clip_on=False)


def _draw_pulses(axes: Axes, receivers: Receivers, length: Unit) -> None:
    """Draw the known pulses of velocity at the start."""
    for i, pulse in enumerate(receivers.pulses):
        center, width = np.array(pulse.center) / length.size, pulse.width / length.size
        label = None if i else "initial velocity pulse, radius 1/e"
        axes.add_patch(Circle(tuple(center), width, facecolor=VERMILLION, alpha=0.35, label=label))
        arrow = {"arrowstyle": "->", "color": VERMILLION, "linewidth": 2}
        axes.annotate("", tuple(center + 2 * width * np.array(pulse.direction)), tuple(center), arrowprops=arrow)


def _interior_points(problem: Problem, config: Config) -> np.ndarray:
    """Return some interior points (N, 2), m, of the first step."""
    drawn = first_points(problem, preview_of(config, problem).config)["interior"].points[:MOST_POINTS]
    return problem.scales.in_si(drawn)[:, :2].numpy()


def _starting_fields(problem: Problem) -> list[tuple[str, Field, str]]:
    """Return the given, non-zero initial fields: (title, field, SI unit)."""
    given = [
        (statement.name, statement.target, statement.quantity.unit)
        for statement in problem.statements
        if statement.column == "initial" and statement.target
    ]
    return [entry for entry in given if np.nanmax(_magnitude(problem.domain, entry[1])[1])]


def _magnitude(domain: Domain, field: Field) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A field at the first instant: points (G, G, 2) in m, magnitude (G, G), values (G, G, 2), by [y, x];
    NaN outside the domain."""
    x, y, inside = _nodes(domain)
    values = np.full((GRID, GRID, 2), np.nan)
    points = np.stack([x[inside], y[inside], np.full(inside.sum(), domain.t[0])], axis=-1)
    values[inside] = evaluate(field, torch.from_numpy(points)).numpy()
    return np.stack([x, y], axis=-1), np.hypot(values[..., 0], values[..., 1]), values


def _nodes(domain: Domain) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x and y of the nodes of a map, m, and whether they are inside, each (G, G) by [y, x]."""
    x, y = np.meshgrid(np.linspace(*domain.x, GRID), np.linspace(*domain.y, GRID))
    return x, y, domain.shape.mask(x, y)


def _draw_field(axes: Axes, problem: Problem, field: Field, title: str, si: str, length: Unit) -> None:
    points, magnitude, values = _magnitude(problem.domain, field)
    largest = np.nanmax(magnitude)
    unit = unit_for(largest, si)
    x, y = points[..., 0] / length.size, points[..., 1] / length.size
    image = draw_map(axes, magnitude / unit.size, problem.domain.shape, length, cmap="cividis")
    _draw_arrows(axes, x, y, values / largest)
    format_map_axes(axes, problem, length)
    axes.set_title(title, loc="left", fontsize=10)
    _add_scale(axes, image, f"magnitude ({unit.name})")


def _add_scale(axes: Axes, image: AxesImage, label: str) -> None:
    """Add a scale of colours as high as the map."""
    axes.figure.colorbar(image, cax=axes.inset_axes((1.04, 0.0, 0.05, 1.0)), label=label)


def _draw_arrows(axes: Axes, x: np.ndarray, y: np.ndarray, values: np.ndarray) -> None:
    """A field (G, G, 2), in units of its largest value, as arrows at some nodes; the longest one fills its place."""
    arrows = (ARROWS, ARROWS)
    seen = np.hypot(values[..., 0], values[..., 1])[arrows] > FAINT
    space = 0.9 * ARROWS.step * (x[0, 1] - x[0, 0])
    axes.quiver(
        x[arrows][seen],
        y[arrows][seen],
        values[..., 0][arrows][seen],
        values[..., 1][arrows][seen],
        color="white",
        pivot="mid",
        width=0.006,
        angles="xy",
        scale_units="xy",
        scale=1 / space,
    )
