"""What was recorded, before anything is trained: where, and at which frequencies.

Letters: R receivers, T times, C channels of a receiver, F frequencies.
"""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes

from elastic_pinn.physics.data import Receivers, Records, noise_of
from elastic_pinn.physics.data.channel_names import own_name
from elastic_pinn.physics.numbers import is_even
from elastic_pinn.workbench.figures.drawn_from import FigureError
from elastic_pinn.workbench.figures.maps.window import WIDE
from elastic_pinn.workbench.figures.records.receiver_labels import label_receivers
from elastic_pinn.workbench.figures.records.shown_records import chosen, of_several, titles, while_all_ran
from elastic_pinn.workbench.figures.style.colors import BLACK, BLUE, SEQUENTIAL
from elastic_pinn.workbench.figures.style.layout import legend_below
from elastic_pinn.workbench.figures.style.picture import Picture, light_grid
from elastic_pinn.workbench.figures.style.units import unit_for

BESIDE = 0.08  # of the extent of receivers, around them
STRIP = 0.15  # of a line of receivers, across it
MOST_NUMBERS = 30  # receivers beyond which each n-th one has its number

Array = np.ndarray


def receivers(receivers: Receivers, records: int = 0) -> Picture:
    """Draw where receivers are, with their rows, and how strong each one's record is.

    Parameters
    ----------
    receivers
        What was recorded.
    records
        Which of several records is drawn, from 0.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    ValueError
        For records that are not there.
    """
    own = chosen(receivers, records)
    length, quantity, values = unit_for(float(np.abs(own.xy).max()), "m"), own.kind, own.corrected
    there = own.is_there.any(axis=2).sum(axis=1)  # (R,)
    strength = np.sqrt(np.nansum(np.square(values), axis=(1, 2)) / np.maximum(there, 1))  # (R,), 0 of dead ones
    first = receivers.first_rows[records]  # of these, among the rows of all
    unit, (x, y) = unit_for(float(strength.max()), quantity.unit), own.xy.T / length.size
    figure = Picture(4.6)
    axes = figure.subplots()
    dots = axes.scatter(x, y, c=strength / unit.size, cmap=SEQUENTIAL, marker="v", s=45, vmin=0.0, clip_on=False)
    axes.set_aspect("equal")
    _frame(axes, x, y)
    named = np.arange(0, len(x), math.ceil(len(x) / MOST_NUMBERS))
    label_receivers(axes, [f"{first + row}{own_name(own, row)}" for row in named.tolist()], x[named], y[named])
    axes.set_xlabel(f"x ({length.name})")
    axes.set_ylabel(f"y ({length.name})")
    light_grid(axes)
    is_wide = np.ptp(y) < WIDE * np.ptp(x)
    figure.colorbar(
        dots, ax=axes, location="bottom" if is_wide else "right", label=f"rms {quantity.name} ({unit.name})"
    )
    figure.suptitle(f"{of_several(receivers, records)}{len(x)} receivers, numbered by their rows", fontsize=10)
    return figure


def _frame(axes: Axes, x: np.ndarray, y: np.ndarray) -> None:
    """Set limits around all receivers: a line of them has a strip about it, too."""
    longest = max(np.ptp(x), np.ptp(y))
    for values, limit in ((x, axes.set_xlim), (y, axes.set_ylim)):
        half = max(float(np.ptp(values)) * (0.5 + BESIDE), STRIP * float(longest) / 2.0)
        if half:
            middle = (values.max() + values.min()) / 2.0
            limit(middle - half, middle + half)


def spectra(receivers: Receivers, records: int = 0) -> Picture:
    """Draw the amplitude over frequency: the median and the range over all receivers, and the level of the noise.

    A harmonic wave of amplitude 1 that fills the record has a peak of about 1; a Hann window keeps what lies between
    two frequencies from leaking into others. Where the curve is flat at the level of white noise, nothing else is seen.

    Parameters
    ----------
    receivers
        What was recorded.
    records
        Which of several records is drawn, from 0.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    ValueError
        For records that are not there, for times that are not evenly spaced, and where each channel has gaps.
    """
    raw = chosen(receivers, records)
    own = while_all_ran(raw)
    step, quantity = time_step(own), own.kind
    window = np.hanning(len(own.time) + 2)[1:-1]
    is_whole = np.asarray(np.isfinite(own.values).all(axis=1))  # (R, C)
    if not is_whole.any():
        raise FigureError(
            "a spectrum needs a channel without gaps, and none of these is: cut the times to a whole part"
        )
    rest = np.where(is_whole[:, None], own.values, 0.0)
    rest = rest - rest.mean(1, keepdims=True)
    amplitude = 2.0 / window.sum() * np.abs(np.fft.rfft(rest * window[:, None], axis=1))[:, 1:]  # (R, F, C)
    frequency = np.fft.rfftfreq(len(window), step)[1:]
    hertz, unit = unit_for(frequency[-1], "Hz"), unit_for(float(amplitude.max()), quantity.unit)
    level = noise_of(Receivers(records=raw)).level * math.sqrt(math.pi * np.square(window).sum()) / window.sum()
    figure = Picture(4.0)
    for axes, values, title in zip(
        figure.subplots(1, amplitude.shape[2], sharex=True, sharey=True, squeeze=False)[0],
        amplitude.transpose(2, 0, 1), titles(own), strict=True,
    ):  # fmt: skip
        shown = values[values.max(1) > 0] / unit.size  # a dead channel is on no logarithmic axis
        if len(shown):
            axes.fill_between(
                frequency / hertz.size, shown.min(0), shown.max(0), color=BLUE, alpha=0.2, linewidth=0.0,
                label="range over receivers",
            )  # fmt: skip
            axes.plot(frequency / hertz.size, np.median(shown, 0), color=BLUE, label="median")
        if not math.isnan(level):
            axes.axhline(level / unit.size, color=BLACK, linestyle="--", linewidth=1.0, label="noise, as a mean")
        axes.set_yscale("log")
        axes.set_xlim(0.0, frequency[-1] / hertz.size)
        axes.set_xlabel(f"frequency ({hertz.name})")
        axes.set_title(title, fontsize=11)
        light_grid(axes)
    figure.axes[0].set_ylabel(f"amplitude of {quantity.name} ({unit.name})")
    legend_below(figure)
    if told := of_several(receivers, records).rstrip():
        figure.suptitle(told, fontsize=10)
    return figure


def time_step(records: Records) -> float:
    """Return the time between samples, s. Raises FigureError for times that are not evenly spaced."""
    if not is_even(records.time):
        raise FigureError("a spectrum needs three or more evenly spaced times, and these records have others")
    return float(np.diff(records.time).mean())
