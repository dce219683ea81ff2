"""f-k images: the amplitude over the wave number along a line of receivers, and frequency.

Letters: R receivers, T times, L receivers of a line, C channels of a receiver, F frequencies, W wave numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np
from matplotlib.image import AxesImage

from elastic_pinn.physics import Material, Problem
from elastic_pinn.physics.data import Receivers, Records
from elastic_pinn.physics.data.channel_names import own_name
from elastic_pinn.physics.data.known_material import material_of
from elastic_pinn.physics.media.material import PARAMETERS
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.physics.solutions import RayleighWave
from elastic_pinn.run.shot import Shot
from elastic_pinn.workbench.figures.drawn_from import FigureError, Source, checkpoint_of, receivers_of
from elastic_pinn.workbench.figures.records.overview import time_step
from elastic_pinn.workbench.figures.records.receiver_lines import Line, corners_text, line_of
from elastic_pinn.workbench.figures.records.shown_records import chosen, missed, of_several, titles, while_all_ran
from elastic_pinn.workbench.figures.style.colors import BLUE, GREEN, ORANGE, SEQUENTIAL, VERMILLION
from elastic_pinn.workbench.figures.style.layout import legend_below
from elastic_pinn.workbench.figures.style.picture import Picture
from elastic_pinn.workbench.figures.style.units import unit_for

WAVE_NUMBERS = 241  # of an image
DEEPEST = -40.0  # dB of the largest amplitude
ENERGY, ABOVE = 0.995, 1.5  # an image goes up to the frequency below which so much energy is, times this
LEAST_OF_LINE = 4  # receivers
PADDED = 4  # times as long as the record is what is transformed
MOST_NAMED = 8  # channels in a title
LETTERS = 120  # of a line of a title
SPEED_COLORS = (VERMILLION, ORANGE, GREEN, BLUE)

Array = np.ndarray


class Image(NamedTuple):
    """What a line recorded by wave number (W,), 1/m, and frequency (F,), Hz: amplitudes (F, W, C) in SI units."""

    number: Array
    frequency: Array
    amplitude: Array


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
    line = line_of(own.xy, points)
    whole, shown = _whole_channels(own, line)
    image, speeds = _image_of(own, line, whole, shown), _speeds_of(receivers) if speeds is None else speeds
    figure = Picture(4.8)
    axes = figure.subplots(1, len(shown), sharex=True, sharey=True, squeeze=False)
    _draw_row(axes[0], image, image, speeds, own.quantity)
    _label(figure, axes, [titles(own)[column] for column in shown], speeds)
    length = unit_for(float(np.abs(own.xy).max()), "m")
    figure.suptitle(
        f"{of_several(receivers, records)}{len(line.rows)} receivers along {corners_text(line.corners, length)}"
        f"{_left_out(own, receivers.first_rows[records], line.rows, whole)}",
        fontsize=10,
    )
    return figure


def fit_frequency_wavenumber(
    source: Source,
    points: Sequence[Sequence[float]] | None = None,
    problem: Problem | ProblemMaker | None = None,
    records: int = 0,
    shot: str | int = "",
) -> Picture:
    """Draw the f-k images of what a line of receivers recorded, what is predicted there, and the difference.

    All three are in decibel of the largest that was recorded, with lines of the speeds in the material that was found.
    A wave that the prediction lacks is a streak in the difference, on the line of its speed; where all is explained,
    noise is all over the difference alike.

    Parameters
    ----------
    source
        A run (its newest checkpoint), a checkpoint, or a path of either.
    points
        The corners of the line, (K, 2) in m; that along x or y with most receivers if not given.
    problem
        The user's problem, or the function that makes it; required if the run has one.
    records
        Which of several records is drawn, from 0.
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
        As `frequency_wavenumber`.
    """
    return draw_fit_frequency_wavenumber(checkpoint_of(source).shot(shot, problem), points, records)


def draw_fit_frequency_wavenumber(
    seen: Shot, points: Sequence[Sequence[float]] | None = None, records: int = 0
) -> Picture:
    """Draw `fit_frequency_wavenumber` of any shot and its prediction."""
    receivers = receivers_of(seen, "fit_frequency_wavenumber")
    raw = chosen(receivers, records)
    off = missed(seen.predict, raw)  # (R, T, C), each sample at its own instant
    if not np.nan_to_num(raw.corrected - off).any():
        raise FigureError("the wavefield is zero at all receivers, in the whole window: there is no spectrum of it")
    # All three go through the same interpolation and windows, so that none of these is in the difference.
    recorded, predicted, rest = (
        while_all_ran(replace(raw, values=values, noise=0.0, gain=1.0))
        for values in (raw.corrected, raw.corrected - off, off)
    )
    line = line_of(raw.xy, points)
    whole, shown = _whole_channels(recorded, line)
    images = {
        name: _image_of(own, line, whole, shown)
        for name, own in (("recorded", recorded), ("predicted", predicted), ("difference", rest))
    }
    speeds = _speeds_in_model(seen)
    figure = Picture(9.0)
    axes = figure.subplots(3, len(shown), sharex=True, sharey=True, squeeze=False)
    for row, (name, image) in zip(axes, images.items(), strict=True):
        _draw_row(row, image, images["recorded"], speeds, name)
    _label(figure, axes, [titles(raw)[column] for column in shown], speeds)
    length = unit_for(float(np.abs(raw.xy).max()), "m")
    figure.suptitle(
        f"{seen.told}{raw.kind.name.replace('_', ' ')} along {corners_text(line.corners, length)}"
        f"{_left_out(recorded, receivers.first_rows[records], line.rows, whole)}",
        fontsize=10,
    )
    return figure


def _whole_channels(own: Records, line: Line) -> tuple[Array, Array]:
    """The channels of a line without gaps, (L, C), and the directions of which there are enough."""
    if len(line.rows) < LEAST_OF_LINE:
        raise FigureError(
            f"an f-k image needs {LEAST_OF_LINE} receivers on its line, and this one has {len(line.rows)}"
        )
    whole = np.isfinite(own.values[line.rows]).all(axis=1)
    shown = np.flatnonzero(whole.sum(axis=0) >= LEAST_OF_LINE)
    if not len(shown):
        most = int(whole.sum(axis=0).max())
        raise FigureError(
            f"an f-k image needs {LEAST_OF_LINE} receivers without gaps on its line, and of {len(line.rows)} here "
            f"{most} {'has' if most == 1 else 'have'} none: cut the times to a whole part"
        )
    return whole, shown


def _image_of(own: Records, line: Line, whole: Array, shown: Array) -> Image:
    """The image of records at common times, of some directions: each of its whole channels, (L, C)."""
    step = time_step(own)
    highest = 0.5 / max(float(np.median(np.diff(line.position[kept]))) for kept in whole.T[shown])
    number = np.linspace(-highest, highest, WAVE_NUMBERS)
    amplitude = [
        _transform(own.values[line.rows[kept], :, column], line.position[kept], number)
        for column, kept in zip(shown, whole.T[shown], strict=True)
    ]
    return Image(number, np.fft.rfftfreq(PADDED * len(own.time), step), np.stack(amplitude, axis=-1))


def _highest(image: Image) -> float:
    """The frequency up to which an image is drawn, Hz."""
    energy = np.cumsum(np.square(image.amplitude).sum((1, 2)))
    at = np.searchsorted(energy, ENERGY * energy[-1])
    return float(min(ABOVE * image.frequency[at], image.frequency[-1]))


def _draw_row(axes: Array, image: Image, compared: Image, speeds: Mapping[str, float], name: str) -> None:
    """Draw the directions of an image side by side, in dB of the largest of another, up to that one's frequencies."""
    number, frequency, amplitude = image
    top, largest = _highest(compared), compared.amplitude.max()
    hertz, length = unit_for(top, "Hz"), unit_for(1.0 / number[-1], "m")
    extent: Any = (*(number[[0, -1]] * length.size), *(frequency[[0, -1]] / hertz.size))
    for where, values in zip(axes, amplitude.transpose(2, 0, 1), strict=True):
        decibel = 20.0 * np.log10(np.maximum(values / largest, 10 ** (DEEPEST / 20.0)))
        drawn: AxesImage = where.imshow(
            decibel, cmap=SEQUENTIAL, vmin=DEEPEST, vmax=0.0, origin="lower", aspect="auto", interpolation="bilinear",
            extent=extent,
        )  # fmt: skip
        for (wave, speed), color in zip(speeds.items(), SPEED_COLORS, strict=False):
            where.plot(
                number * length.size, speed * np.abs(number) / hertz.size, color=color, linestyle="--", linewidth=1.4,
                label=f"{wave}: {speed:,.4g} m/s",
            )  # fmt: skip
        where.set_xlim(number[0] * length.size, number[-1] * length.size)
        where.set_ylim(0.0, top / hertz.size)
        where.set_xlabel(f"wave number along the line (1/{length.name})")
        where.set_ylabel(f"frequency ({hertz.name})")
        where.label_outer()
    axes[0].figure.colorbar(drawn, ax=axes, label=f"{name} (dB of the largest)", extend="min")


def _label(figure: Picture, axes: Array, directions: Sequence[str], speeds: Mapping[str, float]) -> None:
    """Write the directions above the columns of axes, and the speeds below all."""
    for where, title in zip(axes[0], directions, strict=True):
        where.set_title(title, fontsize=11)
    if speeds:
        legend_below(figure)


def _left_out(records: Records, first: int, rows: Array, whole: Array) -> str:
    """The channels, (L, C), of rows (L,) of which not all was recorded, as text; only the first of many.

    first: the row of all receivers at which these begin.
    """
    if whole.all():
        return ""
    labels = records.labels if len(records.labels) > 1 else ("",)
    named = [
        f"{first + rows[row]} {labels[column]}".strip() + own_name(records, rows[row], column)
        for row, column in np.argwhere(~whole)
    ]
    listed = ", ".join(named[:MOST_NAMED]) + (", ..." if len(named) > MOST_NAMED else "")
    return "\n" + fill(f"{len(named)} channel{'s' * (len(named) > 1)} with gaps left out: {listed}", LETTERS)


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
    if not (solid := material_of(receivers)):
        return {}
    return _speeds(solid, ", start values" if receivers.start else "")


def _speeds_in_model(seen: Shot) -> Mapping[str, float]:
    """The speeds in the material of a wavefield, as found; {} where there are several, or where it varies."""
    if (found := seen.wavefield.material.si()).keys() != set(PARAMETERS):
        return {}
    plane = Material(found["lambda"], found["mu"], found["rho"], plane=seen.problem.material.plane)
    return _speeds(plane, ", as found" if seen.problem.unknowns else "")


def _speeds(solid: Material, role: str) -> Mapping[str, float]:
    speeds = {"P": solid.c_p, "S": solid.c_s, "Rayleigh": RayleighWave(solid).speed}
    return {f"{name}{role}": speed for name, speed in speeds.items()}
