"""What was recorded, before anything is trained: where, at which frequencies, and how fast it runs along a line.

Letters: R receivers, T times, L receivers of a line, F frequencies, W wave numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from elastic_pinn.physics import Material
from elastic_pinn.physics.data import Receivers, Records, noise_of
from elastic_pinn.physics.numbers import is_even
from elastic_pinn.physics.solutions import RayleighWave
from elastic_pinn.workbench.figures.picture import BLACK, BLUE, GREEN, ORANGE, VERMILLION, Picture, light_grid
from elastic_pinn.workbench.figures.receiver_lines import corners_text, line_of
from elastic_pinn.workbench.figures.shown_records import chosen, of_several, titles, while_all_ran
from elastic_pinn.workbench.figures.sources import FigureError
from elastic_pinn.workbench.figures.units import unit_for
from elastic_pinn.workbench.figures.wavefields import SEQUENTIAL

MOST_NUMBERS = 30  # receivers beyond which each n-th one has its number
WAVE_NUMBERS = 241  # of an f-k image
DEEPEST = -40.0  # dB of the largest amplitude, of an f-k image
ENERGY, ABOVE = 0.995, 1.5  # an f-k image goes up to the frequency below which so much energy is, times this
LEAST_OF_LINE = 4  # receivers
PADDED = 4  # times as long as the record is what an f-k image transforms
MOST_NAMED = 8  # channels in a title
SPEED_COLORS = (VERMILLION, ORANGE, GREEN, BLUE)

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
    for row in range(0, len(x), math.ceil(len(x) / MOST_NUMBERS)):
        axes.annotate(
            str(first + row), (x[row], y[row]), xytext=(0, 6), textcoords="offset points", fontsize=7, ha="center"
        )
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.08)
    axes.set_xlabel(f"x ({length.name})")
    axes.set_ylabel(f"y ({length.name})")
    light_grid(axes)
    figure.colorbar(dots, ax=axes, label=f"rms {quantity.name} ({unit.name})")
    figure.suptitle(f"{of_several(receivers, records)}{len(x)} receivers, numbered by their rows", fontsize=10)
    return figure


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
    step, quantity = _time_step(own), own.kind
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
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    if told := of_several(receivers, records).rstrip():
        figure.suptitle(told, fontsize=10)
    return figure


def frequency_wavenumber(
    receivers: Receivers,
    points: Sequence[Sequence[float]] | None = None,
    speeds: Mapping[str, float] | None = None,
    records: int = 0,
) -> Picture:
    """Draw the f-k image of a line of receivers: the amplitude over the wave number along the line, and frequency.

    A wave that runs along the line is on a straight line through the origin whose slope is its speed, to the right
    for one that runs towards the line's end; one that crosses at an angle is on a steeper one. Between unevenly
    spaced receivers, and beyond half a wave to a spacing, other wave numbers look alike. A channel with gaps is left
    out, for in place of a gap no value is right: zeros would be a solid at rest. The title names it by its row.

    Parameters
    ----------
    receivers
        What was recorded.
    points
        The corners of the line, (K, 2) in m; that along x or y with most receivers if not given.
    speeds
        Speeds to draw lines of, m/s, by their names; those of P, S and Rayleigh waves in the receivers' material, in
        plane strain, if not given and there is one.
    records
        Which of several records is drawn, from 0.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    ValueError
        For records that are not there, for times that are not evenly spaced, and for a line with fewer than 4 receivers
        without gaps.
    """
    own = while_all_ran(chosen(receivers, records))
    step, line, quantity = _time_step(own), line_of(own.xy, points), own.kind
    if len(line.rows) < LEAST_OF_LINE:
        raise FigureError(
            f"an f-k image needs {LEAST_OF_LINE} receivers on its line, and this one has {len(line.rows)}"
        )
    whole = np.isfinite(own.values[line.rows]).all(axis=1)  # (L, C)
    shown = np.flatnonzero(whole.sum(axis=0) >= LEAST_OF_LINE)  # directions
    if not len(shown):
        most = int(whole.sum(axis=0).max())
        raise FigureError(
            f"an f-k image needs {LEAST_OF_LINE} receivers without gaps on its line, and of {len(line.rows)} here "
            f"{most} {'has' if most == 1 else 'have'} none: cut the times to a whole part"
        )
    highest = 0.5 / max(float(np.median(np.diff(line.position[kept]))) for kept in whole.T[shown])
    number = np.linspace(-highest, highest, WAVE_NUMBERS)
    frequency = np.fft.rfftfreq(PADDED * len(own.time), step)
    amplitude = np.stack(
        [
            _transform(own.values[line.rows[kept], :, column], line.position[kept], number)
            for column, kept in zip(shown, whole.T[shown], strict=True)
        ],
        axis=-1,
    )  # (F, W, C)
    energy = np.cumsum(np.square(amplitude).sum((1, 2)))
    top = min(ABOVE * frequency[np.searchsorted(energy, ENERGY * energy[-1])], frequency[-1])
    speeds = _speeds_of(receivers) if speeds is None else speeds
    hertz, length = unit_for(top, "Hz"), unit_for(1.0 / highest, "m")
    place = unit_for(float(np.abs(own.xy).max()), "m")
    figure = Picture(4.8)
    axes = figure.subplots(1, amplitude.shape[2], sharex=True, sharey=True, squeeze=False)[0]
    for where, values, column in zip(axes, amplitude.transpose(2, 0, 1), shown, strict=True):
        decibel = 20.0 * np.log10(np.maximum(values / amplitude.max(), 10 ** (DEEPEST / 20.0)))
        image = where.imshow(
            decibel, cmap=SEQUENTIAL, vmin=DEEPEST, vmax=0.0, origin="lower", aspect="auto", interpolation="bilinear",
            extent=(*(number[[0, -1]] * length.size), *(frequency[[0, -1]] / hertz.size)),
        )  # fmt: skip
        for (name, speed), color in zip(speeds.items(), SPEED_COLORS, strict=False):
            where.plot(
                number * length.size, speed * np.abs(number) / hertz.size, color=color, linestyle="--", linewidth=1.4,
                label=f"{name}: {speed:,.4g} m/s",
            )  # fmt: skip
        where.set_xlim(number[0] * length.size, number[-1] * length.size)
        where.set_ylim(0.0, top / hertz.size)
        where.set_title(titles(own)[column], fontsize=11)
        where.set_xlabel(f"wave number along the line (1/{length.name})")
    axes[0].set_ylabel(f"frequency ({hertz.name})")
    figure.colorbar(image, ax=axes, label=f"{quantity.name} (dB of the largest)", extend="min")
    if speeds:
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=9, frameon=False)
    figure.suptitle(
        f"{of_several(receivers, records)}{len(line.rows)} receivers along {corners_text(line.corners, place)}"
        f"{_left_out(own, receivers.first_rows[records] + line.rows, whole)}",
        fontsize=10,
    )
    return figure


def _left_out(records: Records, rows: Array, whole: Array) -> str:
    """The channels, (L, C), of which not all was recorded, as text; only the first of many."""
    if whole.all():
        return ""
    labels = records.labels if len(records.labels) > 1 else ("",)
    named = [f"{rows[row]} {labels[column]}".strip() for row, column in np.argwhere(~whole)]
    listed = ", ".join(named[:MOST_NAMED]) + (", ..." if len(named) > MOST_NAMED else "")
    return f"\n{len(named)} channel{'s' * (len(named) > 1)} with gaps left out: {listed}"


def _transform(recorded: Array, position: Array, number: Array) -> Array:
    """Amplitudes (F, W) of records (L, T) at positions (L,), by wave number (W,), 1/m.

    Waves towards larger positions have positive wave numbers. Hann windows in time and space.
    """
    times = recorded.shape[1]
    rest = (recorded - recorded.mean(1, keepdims=True)) * np.hanning(times + 2)[1:-1]
    spectrum = np.fft.rfft(rest, PADDED * times, axis=1)  # (L, F)
    share = (position - position[0]) / (position[-1] - position[0])
    weight = 0.5 - 0.5 * np.cos(2.0 * np.pi * (0.02 + 0.96 * share))  # the ends count a little
    phase = np.exp(2j * np.pi * np.outer(number, position - position[0])) * (weight / weight.sum())  # (W, L)
    return np.abs(phase @ spectrum).T


def _speeds_of(receivers: Receivers) -> Mapping[str, float]:
    if not (known := receivers.material):
        return {}
    solid = Material(known["lambda"], known["mu"], known["rho"])
    speeds = {"P": solid.c_p, "S": solid.c_s, "Rayleigh": RayleighWave(solid).speed}
    return {f"{name}, start values" if receivers.start else name: speed for name, speed in speeds.items()}


def _time_step(records: Records) -> float:
    """The time between samples, s. Raises FigureError for times that are not evenly spaced."""
    if not is_even(records.time):
        raise FigureError("a spectrum needs three or more evenly spaced times, and these records have others")
    return float(np.diff(records.time).mean())
