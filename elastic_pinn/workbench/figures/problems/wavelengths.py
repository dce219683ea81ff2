"""How long the waves of a problem are, and whether points and features are close enough for them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from elastic_pinn.config import Config
from elastic_pinn.networks.config import TRAINED, WITHOUT_LAYERS
from elastic_pinn.physics import Plate, Problem
from elastic_pinn.training import preview_of
from elastic_pinn.training.lifecycle.advice import FAINTLY_SENT
from elastic_pinn.training.lifecycle.resolution import A_WAVE
from elastic_pinn.training.sampling import counts_of
from elastic_pinn.workbench.figures.drawn_from import FigureError
from elastic_pinn.workbench.figures.style.colors import BLACK, BLUE, GREEN, VERMILLION
from elastic_pinn.workbench.figures.style.picture import VERDICT, Picture
from elastic_pinn.workbench.figures.style.units import unit_for

NODES = 200  # on a side of the grid by which an area is found
LETTERS = 104  # of a line above the figure
PLACES = {"interior": "inside", "boundary": "on sides", "interface": "on interfaces", "initial": "at the start"}
"""What a figure calls points, by the kind of their place."""


class Length(NamedTuple):
    """A length to be drawn: its name, its size in m, what is written beside it, and its colour."""

    name: str
    size: float
    note: str
    color: str


class Waves(NamedTuple):
    """The shortest waves of a problem's sources: of P and of S waves in each material, m, and their period, s."""

    p: tuple[float, ...]
    s: tuple[float, ...]
    period: float

    @property
    def shortest(self) -> float:
        """The shortest of all, m."""
        return min(*self.p, *self.s)


def wavelengths(problem: Problem, config: Config) -> Picture:
    """Draw the shortest waves that the sources send, beside the plate's lengths and those that training resolves.

    The shortest waves are those of the highest frequency of a pulse, or of the width of a source where these are
    longer. Spacings are given as points a wave, along each axis and in time. The sentences above are the advice on
    settings that cannot resolve the waves, as in the panel.

    Parameters
    ----------
    problem
        A problem with sources.
    config
        How it is to be trained.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    FigureError
        For a problem without sources, and for a static one.
    """
    found = preview_of(config, problem)
    config = found.config
    lengths = [*_of_waves(problem), *_of_plate(problem), *_of_training(problem, config)]
    advice = [textwrap.fill(sentence, LETTERS) for sentence in found.advice]
    figure = Picture(1.2 + 0.27 * len(lengths) + 0.21 * sum(1 + text.count("\n") for text in advice))
    axes = figure.subplots()
    unit = unit_for(math.sqrt(min(each.size for each in lengths) * max(each.size for each in lengths)), "m")
    sizes = [each.size / unit.size for each in lengths]
    middle = math.sqrt(min(sizes) * max(sizes))  # of the axis: the text is on that side of its dot, so that it fits
    for row, (size, (_, _, note, color)) in enumerate(zip(sizes, lengths, strict=True)):
        side = 1 if size <= middle else -1
        axes.plot(size, row, "o", color=color, markersize=7)
        axes.annotate(
            f"{size:.3g} {unit.name}{note and ', ' + note}", (size, row), (9 * side, 0), textcoords="offset points",
            va="center", ha="left" if side > 0 else "right", fontsize=9, color=color,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip
    axes.axvline(waves_of_sources(problem).shortest / unit.size, color="0.6", linestyle="--", linewidth=1.0, zorder=0)
    axes.set_yticks(range(len(lengths)), [each.name for each in lengths])
    axes.set_ylim(len(lengths) - 0.4, -0.6)
    axes.set_xscale("log")
    axes.set_xlim(min(sizes) / 1.5, max(sizes) * 1.5)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(f"length ({unit.name})")
    axes.grid(axis="x", color="0.9", linewidth=0.8)
    if advice:
        figure.suptitle("\n".join(advice), fontsize=VERDICT, color=VERMILLION, ha="left", x=0.01)
    return figure


def waves_of_sources(problem: Problem) -> Waves:
    """Find the shortest waves of a problem's sources. Raises FigureError for a problem without any."""
    if not problem.sources or problem.domain.is_static:
        raise FigureError("wavelengths are those of sources in time, and this problem has none")
    p, s = (
        tuple(2.0 * math.pi / max(each.highest_wave_number_at(speed) for each in problem.sources) for speed in speeds)
        for speeds in zip(*((each.c_p, each.c_s) for each in problem.materials), strict=True)
    )
    fastest = max(each.c_p / length for each, length in zip(problem.materials, p, strict=True))
    return Waves(p, s, 1.0 / fastest)


def _of_waves(problem: Problem) -> Iterator[Length]:
    """The shortest waves in each material."""
    waves = waves_of_sources(problem)
    frequency = unit_for(1.0 / waves.period, "Hz")
    up_to = f"up to {1.0 / waves.period / frequency.size:.3g} {frequency.name}"
    for region, (p, s) in enumerate(zip(waves.p, waves.s, strict=True), start=1):
        where = f" in material {region}" if problem.inclusions else ""
        yield Length(f"shortest P waves{where}", p, _speed(problem.materials[region - 1].c_p) + ", " + up_to, BLACK)
        yield Length(f"shortest S waves{where}", s, _speed(problem.materials[region - 1].c_s), BLACK)


def _speed(speed: float) -> str:
    unit = unit_for(speed, "m/s")
    return f"{speed / unit.size:.3g} {unit.name}"


def _of_plate(problem: Problem) -> Iterator[Length]:
    """The plate's sides, the smallest hole and inclusion, and the narrowest source."""
    shape, waves = problem.domain.shape, waves_of_sources(problem)
    sides = [high - low for low, high in shape.bounds]
    yield Length("longer side", max(sides), f"{max(sides) / waves.shortest:.3g} of the shortest waves", BLUE)
    if isinstance(shape, Plate):
        yield Length("smallest hole", 2.0 * min(hole.radius for hole in shape.holes), "across", BLUE)
    if inclusions := [each.shape.bounds for each in problem.inclusions]:
        yield Length("thinnest inclusion", min(high - low for bounds in inclusions for low, high in bounds), "", BLUE)
    yield Length("narrowest source", min(source.width for source in problem.sources), "standard deviation", BLUE)


def _of_training(problem: Problem, config: Config) -> Iterator[Length]:
    """The network's shortest waves, and how far points are apart."""
    waves = waves_of_sources(problem)
    network = 2.0 * math.pi * problem.scales.length / config.input_frequency
    if config.network not in (*TRAINED, "patches"):  # those of patches depend on the axis
        count = " + ".join(f"{number:,}" for number in config.hidden_layers)
        yield Length(
            "network's shortest", network, f"of {count} {'waves' if config.network in WITHOUT_LAYERS else 'features'}",
            GREEN if network <= FAINTLY_SENT * waves.shortest else VERMILLION,
        )  # fmt: skip
    for kind, per_wave in points_a_wave(problem, config).items():
        if kind == "interior" and config.network in WITHOUT_LAYERS:  # which satisfy the equation everywhere
            continue
        yield Length(
            f"points {PLACES[kind]}", waves.shortest / per_wave, f"{per_wave:.3g} a wave",
            GREEN if per_wave >= A_WAVE else VERMILLION,
        )  # fmt: skip


def points_a_wave(problem: Problem, config: Config) -> dict[str, float]:
    """Count the points along the shortest waves, and in their period, by kind of place: where they are fewest."""
    waves, found = waves_of_sources(problem), dict[str, float]()
    duration = (problem.domain.t[1] - problem.domain.t[0]) / waves.period
    for statement in problem.statements:
        if (place := statement.place) is None:
            continue
        shape = place.shape or problem.domain.shape
        is_line = bool(place.parts)
        extent = sum(shape.length(part) for part in place.parts) if is_line else _area(problem)
        extent /= waves.shortest if is_line else waves.shortest**2
        periods = 1.0 if place.kind == "initial" else duration
        per_wave = (counts_of(config)[place.kind] / (extent * periods)) ** (1.0 / place.dimensions)
        found[place.kind] = min(per_wave, found.get(place.kind, math.inf))
    return found


def _area(problem: Problem) -> float:
    """The area of the solid, m2, to about a percent."""
    x, y = problem.domain.nodes(NODES)
    (left, right), (bottom, top) = problem.domain.x, problem.domain.y
    return (right - left) * (top - bottom) * float(problem.domain.shape.contains(x, y).double().mean())
