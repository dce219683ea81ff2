"""When the first waves of a problem's sources arrive at receivers, straight through the solid.

Letters: K places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes

from elastic_pinn.networks import Model
from elastic_pinn.physics import Material, Plate, Problem, Rectangle, SideLoad
from elastic_pinn.physics.domains import Shape
from elastic_pinn.physics.solutions import RayleighWave
from elastic_pinn.physics.sources import Local, Source, UnknownPulse
from elastic_pinn.physics.sources.places import OFF
from elastic_pinn.readable import readable
from elastic_pinn.workbench.figures.style.colors import BLACK, GREEN, VERMILLION
from elastic_pinn.workbench.figures.style.units import Unit

COLORS = {"P": BLACK, "S": VERMILLION, "Rayleigh": GREEN}


def arrivals(model: Model, problem: Problem, places: np.ndarray) -> Mapping[str, np.ndarray]:
    """Compute when waves of each source arrive: where its pulse begins, and the distance over the wave's speed later.

    Rayleigh waves are those of loads on straight sides: they run along the side, and die out within about a wavelength
    below it, so that further inside there are none.

    Parameters
    ----------
    model
        The wavefield, with the material that was found where it was unknown.
    problem
        What it solves.
    places
        (K, 2), m.

    Returns
    -------
    mapping of str to ndarray
        "P", "S" and "Rayleigh", where there are such: an instant by source and place, (sources, K), s, infinite where
        no such wave comes to. None of sources of which nobody knows when they act, none in media that vary and of
        several materials, in which waves are refracted, and none in plates at rest.
    """
    given, window = problem.material, problem.domain.t
    if not isinstance(given, Material) or problem.inclusions or problem.domain.is_static:
        return {}
    lame_lambda, lame_mu, density = _constants(model)
    material = replace(given, lame_lambda=lame_lambda, lame_mu=lame_mu, density=density, unknowns=())
    times: dict[str, list[np.ndarray]] = {}
    for source in problem.sources:
        start = _start(source, window)
        if start is None:
            continue
        distances = np.linalg.norm(places - np.array(source.at), axis=1)  # (K,)
        for wave, speed in {"P": material.c_p, "S": material.c_s}.items():
            times.setdefault(wave, []).append(start + distances / speed)
        if isinstance(source, SideLoad):
            speed = RayleighWave(material).speed
            wavelength = speed / (source.pulse.highest_frequency / 2.0)
            near = _depths(problem.domain.shape, source, places) <= wavelength
            times.setdefault("Rayleigh", []).append(np.where(near, start + distances / speed, np.inf))
    return {wave: np.array(each) for wave, each in times.items()}


def counted_from(problem: Problem) -> str:
    """Say from when arrivals are counted: a pulse begins before the instant of its peak, which its delay may be."""
    starts = [start for source in problem.sources if (start := _start(source, problem.domain.t)) is not None]
    if len({*starts}) == 1:
        return f"arrivals count from {readable(starts[0], 's')}, when the pulse begins"
    return "arrivals count from when each pulse begins"


def _start(source: Local, window: tuple[float, float]) -> float | None:
    """When a source begins to act in a window, s; None where nobody knows it."""
    if not isinstance(source, Source):
        return window[0]
    pulse = source.pulse
    is_unknown = isinstance(pulse, UnknownPulse) and len(pulse.delays(window[1])) > 1
    return None if is_unknown else pulse.within(window)[0]


def _depths(shape: Shape, load: SideLoad, places: np.ndarray) -> np.ndarray:
    """How far places (K, 2) are below the straight side that a load is on, (K,), m; infinite where it is on none."""
    outline = shape.outline if isinstance(shape, Plate) else shape
    if isinstance(outline, Rectangle):
        for axis, ends in enumerate(outline.bounds):
            for end in ends:
                if abs(load.at[axis] - end) <= OFF * load.width:
                    return np.abs(places[:, axis] - end)
    return np.full(len(places), np.inf)


def _constants(model: Model) -> tuple[float, float, float]:
    """lambda, mu in Pa and rho in kg/m3."""
    fields = model.material.fields()
    return float(fields["lambda"]), float(fields["mu"]), float(fields["rho"])


def mark_arrivals(axes: Axes, times: Mapping[str, np.ndarray], until: float, time: Unit) -> None:
    """Mark arrivals up to an instant (s) in rows of traces, of which that of place k is around -k."""
    for wave, instants in times.items():
        source, place = np.nonzero(instants <= until)
        if not len(place):
            continue
        axes.plot(
            instants[source, place] / time.size, -place, label=f"{wave} wave arrives", color=COLORS[wave],
            linestyle="", marker="|", markersize=13, markeredgewidth=1.3,
        )  # fmt: skip
