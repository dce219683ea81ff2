"""The fit of the data: what one receiver recorded and what is predicted there, over time, and the residual."""

import math
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import Noise, RecordedQuantity, noise_of, noises_of
from elastic_pinn.physics.data.channel_names import own_name
from elastic_pinn.physics.data.records import Channel
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.run.shot import Shot
from elastic_pinn.workbench.figures.drawn_from import Source, checkpoint_of, receivers_of
from elastic_pinn.workbench.figures.records.shown_records import noise_alone, predicted, strongest_receiver, titles
from elastic_pinn.workbench.figures.style.colors import BLACK, BLUE, VERMILLION
from elastic_pinn.workbench.figures.style.layout import legend_below
from elastic_pinn.workbench.figures.style.picture import Picture, light_grid
from elastic_pinn.workbench.figures.style.units import Unit, unit_for

BAND = 2.0  # standard deviations


def data_fit(
    source: Source,
    receiver: int | None = None,
    problem: Problem | ProblemMaker | None = None,
    shot: str | int = "",
) -> Picture:
    """Draw what was recorded and what is predicted at one receiver over time, and the residual below.

    The residual is drawn with the band of the noise, as stated or estimated from the records; without a band if neither
    is known.

    Parameters
    ----------
    source
        A run, a checkpoint, or a path of either.
    receiver
        Its row in the receiver file, those of several quantities after each other, and of several shots in its own; if
        not given, that with the strongest signal.
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
    FigureError
        For a problem without receivers.
    ValueError
        For a receiver that is not there.
    """
    checkpoint = checkpoint_of(source)
    seen = checkpoint.shot(shot, problem)
    receivers = receivers_of(seen, "data_fit")
    row = strongest_receiver(receivers) if receiver is None else receiver
    if not 0 <= row < len(receivers.places):
        raise ValueError(f"receiver = {receiver}: legal are 0 to {len(receivers.places) - 1}")
    figure = draw_fit(seen, row, checkpoint.step)
    figure.suptitle(f"{seen.told}{figure.get_suptitle()}", fontsize=10)
    return figure


def draw_fit(seen: Shot, row: int, step: int) -> Picture:
    """Draw `data_fit` of any shot and its prediction."""
    receivers = receivers_of(seen, "data_fit")
    number, own = receivers.whose(row)
    records, (x, y) = receivers.records[number], receivers.places[row]
    if not records.is_there[own].any():
        raise ValueError(f"receiver {row} recorded nothing: it is a dead one")
    records = records.at([own])
    channels = list(records.channels())
    first, last = (end(each.time[at] for each in channels) for end, at in ((min, 0), (max, -1)))
    fine = np.linspace(first, last, 400)
    noise, is_known = noises_of(receivers)[number][own], noise_of(receivers)
    size = max(float(np.abs(each.values).max()) for each in channels)
    scale = Scale(unit_for(last, "s"), unit_for(size, records.kind.unit), records.kind)
    figure = Picture(5.0)
    axes = figure.subplots(2, len(channels), sharex=True, sharey="row", height_ratios=(2, 1), squeeze=False)
    for each, (upper, lower) in zip(channels, axes.T, strict=True):
        curve, found = (predicted(seen.predict, records, times)[0, :, each.column] for times in (fine, each.time))
        _draw_record(upper, scale, each, fine, curve)
        upper.set_title(titles(records)[each.column], fontsize=11)
        level = float(np.nanmean(noise[:, each.column])) if not math.isnan(is_known.level) else math.nan
        _draw_residual(lower, scale, each.time, each.values - found, Noise(level, is_known.origin))
    legend_below(figure)
    for where in axes.flat:
        where.label_outer()
        light_grid(where)
    length = unit_for(float(np.abs(receivers.places).max()), "m")
    position = f"x = {x / length.size:.3g} {length.name}, y = {y / length.size:.3g} {length.name}"
    remark = "" if math.isnan(is_known.level) else noise_alone(seen.problem)
    figure.suptitle(f"receiver {row}{own_name(records, 0)} at {position}; step {step}{remark}", fontsize=10)
    return figure


class Scale(NamedTuple):
    """The units of time and of what was recorded, and what that is."""

    time: Unit
    unit: Unit
    kind: RecordedQuantity


def _draw_record(axes: Axes, scale: Scale, channel: Channel, fine: np.ndarray, curve: np.ndarray) -> None:
    time, unit, kind = scale
    axes.plot(channel.time / time.size, channel.values / unit.size, "o", color=BLACK, markersize=3, label="recorded")
    axes.plot(fine / time.size, curve / unit.size, color=BLUE, label="predicted")
    axes.set_ylabel(f"{kind.name.replace('_', ' ')} ({unit.name})")


def _draw_residual(axes: Axes, scale: Scale, times: np.ndarray, residual: np.ndarray, noise: Noise) -> None:
    time, unit = scale.time, unit_for(float(np.abs(residual).max()), scale.kind.unit)
    if not math.isnan(noise.level):
        width, known = BAND * noise.level / unit.size, "" if noise.origin == "stated" else f", {noise.origin}"
        axes.axhspan(-width, width, color="0.85", label=f"noise: {BAND:g} standard deviations either way{known}")
    axes.axhline(0.0, color="0.5", linewidth=0.8)
    axes.plot(times / time.size, residual / unit.size, "o-", color=VERMILLION, markersize=3, linewidth=0.8)
    axes.set_xlabel(f"t ({time.name})")
    axes.set_ylabel(f"residual ({unit.name})")
