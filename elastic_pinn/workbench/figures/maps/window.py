"""A map of the window: its unit of length, its axes with inclusions, and where a curve and a scale of colours are."""

from typing import Literal

from matplotlib.axes import Axes

from elastic_pinn.physics import Problem
from elastic_pinn.physics.domains import Domain, Regions
from elastic_pinn.workbench.figures.maps.rims import draw_outline, draw_rims
from elastic_pinn.workbench.figures.style.picture import WIDTH, Picture
from elastic_pinn.workbench.figures.style.units import Unit, unit_for

WIDE, CURVE, NARROWEST = 0.4, 2.2, 0.55  # height over width of a wide window; inches of a curve below; share beside one
AROUND = 1.8  # inches, of texts above and below a map


def window_unit(domain: Domain) -> Unit:
    """Return a suitable unit of length for a window."""
    return unit_for(max(abs(end) for end in (*domain.x, *domain.y)), "m")


def is_wide(domain: Domain) -> bool:
    """Return whether a window is so wide that maps of it are better above each other."""
    (left, right), (bottom, top) = domain.x, domain.y
    return top - bottom < WIDE * (right - left)


def bar_side(domain: Domain) -> Literal["right", "bottom"]:
    """Return where a map of the window has its colour bar, so that this is as long as its label."""
    return "bottom" if is_wide(domain) else "right"


def map_and_curve(domain: Domain) -> tuple[Picture, Axes, Axes]:
    """Return a figure with axes for a map of the window and for a curve: beside the map, or below a wide one."""
    (left, right), (bottom, top) = domain.x, domain.y
    aspect = (top - bottom) / (right - left)
    if is_wide(domain):
        figure = Picture(CURVE + AROUND + WIDTH * aspect)
        above, below = figure.subplots(2, 1, height_ratios=(0.9 * WIDTH * aspect, CURVE))
        return figure, above, below
    figure = Picture(4.0)
    beside, curve = figure.subplots(1, 2, width_ratios=(min(1.0, max(1.0 / aspect, NARROWEST)), 1.2))
    return figure, beside, curve


def format_map_axes(axes: Axes, problem: Problem, length: Unit) -> None:
    """Set up the axes of a map of the window, with the rims of a disc and of holes, and the outlines of inclusions."""
    draw_rims(axes, problem.domain.shape, length)
    draw_inclusions(axes, problem.regions, length)
    set_up_axes(axes, problem.domain, length)


def set_up_axes(axes: Axes, domain: Domain, length: Unit) -> None:
    """Set up the axes of a map: one scale for both, the window's ends, and labels."""
    axes.set_aspect("equal")
    axes.set_xlim(domain.x[0] / length.size, domain.x[1] / length.size)
    axes.set_ylim(domain.y[0] / length.size, domain.y[1] / length.size)
    axes.set_xlabel(f"x ({length.name})")
    axes.set_ylabel(f"y ({length.name})")


def draw_inclusions(axes: Axes, regions: Regions, length: Unit) -> None:
    """Draw the outlines of inclusions in a map."""
    for shape in regions.inclusions:
        draw_outline(axes, shape, length)
