"""Sources in the figure of a problem: where they act, in which direction, and their pulses."""

from itertools import cycle

import torch
from matplotlib.axes import Axes

from elastic_pinn.physics import Problem
from elastic_pinn.physics.sources import KnownShape, Pulse, Source, UnknownPulse
from elastic_pinn.workbench.figures.style.colors import BLACK, SERIES
from elastic_pinn.workbench.figures.style.units import Unit, unit_for

ARROW = 26.0  # points
INSTANTS = 1000
CURVES = SERIES[1:]  # the first one is of sides


def draw_sources(axes: Axes, problem: Problem, length: Unit) -> None:
    """Draw an arrow along each source's direction, or a star where it has none, numbered if there are several."""
    several = len(problem.sources) > 1
    for number, (source, color) in enumerate(zip(problem.sources, cycle(CURVES)), start=1):
        x, y = (coordinate / length.size for coordinate in source.at)
        name = f"{number}: {type(source).__name__}" if several else type(source).__name__
        mark = "*" if source.direction is None else "o"
        axes.plot(
            x, y, mark, color=color, markersize=13 if mark == "*" else 4, markeredgecolor=BLACK, markeredgewidth=0.6,
            linestyle="none", label=name, clip_on=False, zorder=5,
        )  # fmt: skip
        if source.direction is not None:
            tip = (ARROW * source.direction[0], ARROW * source.direction[1])
            style = {"arrowstyle": "<|-", "color": color, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", (x, y), tip, textcoords="offset points", arrowprops=style, annotation_clip=False)
        if several:
            above = 4 if source.at[1] < sum(problem.domain.y) / 2.0 else -13  # points: inside of the solid
            axes.annotate(
                str(number), (x, y), (-5, above), textcoords="offset points", fontsize=9, ha="right", zorder=5,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
            )  # fmt: skip


def pulses_of(problem: Problem) -> dict[Pulse, list[int]]:
    """Return the pulses of a problem's sources, each with the numbers, from 1, of the sources that have it."""
    found: dict[Pulse, list[int]] = {}
    for number, source in enumerate(problem.sources, start=1):
        if isinstance(source, Source):
            found.setdefault(source.pulse, []).append(number)
    return found


def draw_pulses(axes: Axes, problem: Problem, aspect: float) -> None:
    """Draw the pulses of a problem's sources over its window of time, of one of known shape that which is given, and
    below them what is sought of them. aspect: height over width."""
    time, pulses = unit_for(problem.domain.t[1], "s"), pulses_of(problem)
    t = torch.linspace(*problem.domain.t, INSTANTS, dtype=torch.float64)
    for pulse, numbers in pulses.items():
        color = CURVES[(numbers[0] - 1) % len(CURVES)]
        label = "of " + ", ".join(map(str, numbers))
        given = pulse.pulse if isinstance(pulse, KnownShape) else pulse
        axes.plot(t.numpy() / time.size, given(t).numpy(), color=color, linewidth=1.2, label=label)
    axes.axhline(0.0, color="0.7", linewidth=0.6, zorder=0)
    axes.set_box_aspect(aspect)
    axes.set_ylabel("strength (1)")
    axes.set_xlabel("\n".join(dict.fromkeys([f"t ({time.name})", *filter(None, map(_sought, pulses))])))
    axes.set_title("pulse" if len(pulses) == 1 else "pulses", loc="left", fontsize=10)
    if len(pulses) > 1:
        axes.legend(fontsize=8, frameon=False)


def _sought(pulse: Pulse) -> str:
    """What is sought of a pulse, beside what is drawn of it."""
    if isinstance(pulse, KnownShape):
        parts = {"amplitude": pulse.is_size_unknown, "time": pulse.is_time_unknown}
        names = [name for name, is_unknown in parts.items() if is_unknown]
        return f"as given; its {' and '.join(names)} {'are' if len(names) > 1 else 'is'} sought"
    return "one of the equal pulses that it is a sum of" if isinstance(pulse, UnknownPulse) else ""
