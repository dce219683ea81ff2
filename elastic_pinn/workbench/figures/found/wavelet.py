"""The wavelet of a source that was unknown, as an inverse run found it."""

import numpy as np
import torch

from elastic_pinn.physics.data.channel_names import shown_name
from elastic_pinn.physics.sources import Pulse
from elastic_pinn.run import Run
from elastic_pinn.workbench.figures.drawn_from import FigureError, Source, open_source
from elastic_pinn.workbench.figures.style.colors import BLACK, BLUE
from elastic_pinn.workbench.figures.style.layout import legend_below
from elastic_pinn.workbench.figures.style.picture import Picture, light_grid
from elastic_pinn.workbench.figures.style.units import unit_for

BAND = 2.0  # standard deviations


def wavelet(run: Source, stated: Pulse | None = None, shot: str | int = "") -> Picture:
    """Draw the wavelet that was found, with the band of its ± where one is given; a stated pulse has none.

    Parameters
    ----------
    run
        A run, or its path.
    stated
        A pulse to compare it with.
    shot
        Of several shots the name of one, as in `run.fit.shots`; not given: the first that was unknown.

    Returns
    -------
    Picture
        The strength, in multiples of the source's force or moment, over time.

    Raises
    ------
    FigureError
        For a run in which no wavelet was unknown, or that has not been assessed, and for a shot of one that has no fit
        of shots.
    ValueError
        For a shot that there is none of.
    """
    opened = open_source(run)
    fit, shot = opened.fit if isinstance(opened, Run) else None, str(shot)
    if fit and shot and not fit.shots:
        raise FigureError(f"shot = {shot!r}: there is one shot only, or the fit could not be assessed")
    if fit and shot and shot not in fit.shots:
        raise FigureError(f"shot = {shot!r}: legal are {', '.join(map(repr, fit.shots))}")
    every = [fit.shots[shot].wavelet] if fit and shot else [each.wavelet for each in fit.shots.values()] if fit else []
    found = next(filter(None, [*every, *([fit.wavelet] if fit and not shot else [])]), {})
    if not found:
        raise FigureError("wavelet needs an assessed run that found one, and here no wavelet was unknown")
    time, strength = np.array(found["time"]), np.array(found["strength"])
    unit, figure = unit_for(float(np.abs(time).max()), "s"), Picture(3.4)
    axes = figure.subplots()
    axes.plot(time / unit.size, strength, color=BLUE, label="found")
    if "plus_minus" in found:
        width, label = BAND * np.array(found["plus_minus"]), f"found, {BAND:g} standard deviations either way"
        axes.fill_between(time / unit.size, strength - width, strength + width, color=BLUE, alpha=0.25, label=label)
    if stated is not None:
        axes.plot(time / unit.size, stated(torch.from_numpy(time)).numpy(), "--", color=BLACK, label="stated")
    axes.set_xlabel(f"t ({unit.name})")
    axes.set_ylabel("strength (times the source's)")
    legend_below(figure)
    light_grid(axes)
    if shot:
        axes.set_title(f"shot {shown_name(shot)}", fontsize=10, parse_math=False)
    return figure
