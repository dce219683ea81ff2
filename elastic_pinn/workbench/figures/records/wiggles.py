"""Traces of several receivers side by side, as seismologists draw them.

Letters: K traces, T times, C channels of a receiver.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.axes import Axes

from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import Receivers, RecordedQuantity, Records, noise_of
from elastic_pinn.physics.domains import Shape
from elastic_pinn.physics.fields import evaluate
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.readable import percent
from elastic_pinn.run.shot import SOLVED_BY, Shot
from elastic_pinn.run.synthetic import relative_error, spread_over
from elastic_pinn.workbench.figures.drawn_from import Predict, Source, checkpoint_of, shown_quantity
from elastic_pinn.workbench.figures.maps.window import window_unit
from elastic_pinn.workbench.figures.records.arrivals import arrivals, counted_from, mark_arrivals
from elastic_pinn.workbench.figures.records.shown_records import (
    chosen,
    missed,
    of_several,
    own_times,
    predicted,
    row_labels,
    titles,
)
from elastic_pinn.workbench.figures.style.colors import BLUE, ORANGE, PURPLE
from elastic_pinn.workbench.figures.style.layout import legend_below
from elastic_pinn.workbench.figures.style.picture import Picture, light_grid
from elastic_pinn.workbench.figures.style.units import Unit, unit_for

MOST = 10  # traces that are drawn if no points are given
INSTANTS = 400
AT = 1e-6  # of the window's extent: a receiver is at a point if it is no further away
FILL = 0.9  # of the space between two traces, for the largest amplitude
SMALL_LETTERS = 7  # points, where a label has two lines
APART = 0.01  # of what is drawn: records that begin so much later than a prediction, or end so much earlier, are marked
STYLES: Mapping[str, dict[str, Any]] = {
    "recorded": {"color": ORANGE, "linewidth": 3.0},
    "exact": {"color": ORANGE, "linewidth": 3.0},
    **{by: {"color": BLUE, "linewidth": 1.2} for by in SOLVED_BY},
    **{f"recorded - {by}": {"color": PURPLE, "linewidth": 0.8} for by in SOLVED_BY},
}
"""In this order from below."""
ALONE: Mapping[str, Any] = {"color": BLUE, "linewidth": 1.2}

Array = np.ndarray


class Traces(NamedTuple):
    """Traces of one origin: times (T,), or those of each channel, (K, T, C), in s, values (K, T, C) in SI units, NaN
    where there are none."""

    times: Array
    values: Array


def wiggles(
    source: Source | Receivers,
    points: Sequence[Sequence[float]] | None = None,
    receivers: Receivers | None = None,
    problem: Problem | ProblemMaker | None = None,
    records: int = 0,
    shot: str | int = "",
) -> Picture:
    """Draw the network's traces at some points over time, with what was recorded there or is exact, if known.

    What was recorded minus the network's is drawn too. Of receivers alone, what they recorded is drawn.

    Where the solid is homogeneous, ticks mark when the first P and S waves of each source arrive, and within about a
    wavelength of a straight side with a load Rayleigh waves: as long after the beginning of its pulse as they take
    along a straight line. The title tells when that is: of a Ricker pulse a period before its peak. Waves round a hole
    take longer. Where nobody knows when a source begins, nothing is marked.

    All traces have one scale. The title tells at how many of all receivers traces are drawn, and the relative L2 error:
    from what receivers recorded, of all of them.

    Parameters
    ----------
    source
        A run (its newest checkpoint), a checkpoint, or a path of either; or receivers, whose records are drawn alone.
    points
        Places, (K, 2) in m, of receivers if these are drawn alone; if not given, up to 10 of the receivers, or 10 that
        are spread over the solid.
    receivers
        Records to compare with; those of the problem, if it has some, if not given.
    problem
        The user's problem, or the function that makes it; required if the run has one.
    records
        Which of several records of the receivers is drawn, from 0.
    shot
        The name of one of several shots, as in `run.fit.shots`; not given: the first. Of others finite elements solve
        for the wavefield.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    ValueError
        For points outside of the solid, and for points without a receiver where these are drawn alone.
    """
    if isinstance(source, Receivers):
        figure = _records_alone(source.of_shot(str(shot)) if shot != "" else source, records, points)
        figure.suptitle(f"{of_several(source, records, shot)}{figure.get_suptitle()}", fontsize=10)
        return figure
    checkpoint = checkpoint_of(source)
    return draw_wiggles(checkpoint.shot(shot, problem), checkpoint.model(), points, receivers, records)


def draw_wiggles(
    own: Shot,
    model: Model,
    points: Sequence[Sequence[float]] | None = None,
    receivers: Receivers | None = None,
    records: int = 0,
) -> Picture:
    """Draw `wiggles` of any shot and its prediction; arrivals are those in the model's material."""
    problem, receivers = own.problem, receivers or own.receivers
    shown = chosen(receivers, records) if receivers else None
    places = _places(points, shown, problem.domain.shape)
    quantity = shown.kind if shown else shown_quantity(problem)
    times = np.linspace(*problem.domain.t, INSTANTS)
    traces = {own.solved_by: Traces(times, _predicted(own.predict, shown, places, quantity, times))}
    if shown and (known := _recorded(places, shown)):
        rows, is_there = _nearest(places, shown)
        drawn = shown.at(rows)
        off = missed(own.predict, drawn)
        rest = Traces(own_times(drawn), np.where(is_there[:, None, None], off, np.nan))
        traces = {"recorded": known, **traces, f"recorded - {own.solved_by}": rest}
    elif problem.exact and not receivers:
        traces = {"exact": Traces(times, _exact(problem, places, times)), **traces}
    waves = arrivals(model, problem, places)
    names = titles(shown) if shown else list(quantity.symbols)
    figure, spacing = _side_by_side(traces, places, quantity, names, window_unit(problem.domain), waves)
    if receivers and shown:
        _call_rows(figure.axes[0], row_labels(receivers, records), shown, places)
    told = f"{_what(quantity, places, shown if points is None else None)}: {spacing}"
    if receivers and "recorded" in traces:
        told += f"\n{_residual_text(own, receivers)}"
    elif "exact" in traces:
        difference = traces[own.solved_by].values - traces["exact"].values
        error = percent(float(np.linalg.norm(difference) / np.linalg.norm(traces["exact"].values)))
        told += f"; relative L2 error of these traces: {error}"
    told += f"\n{counted_from(problem)}" if waves else ""
    figure.suptitle(f"{own.told}{told}", fontsize=10)
    return figure


def _predicted(
    predict: Predict, records: Records | None, places: Array, quantity: RecordedQuantity, times: Array
) -> Array:
    """What is predicted at places and times (T,), (K, T, C), in the directions of the nearest receivers if there are
    records."""
    if records is None:
        x, y = places.T[:, :, None]  # each (K, 1)
        return predict(x, y, times, quantity.name)
    return predicted(predict, replace(records.at(_nearest(places, records)[0]), xy=places), times)


def _records_alone(receivers: Receivers, number: int, points: Sequence[Sequence[float]] | None) -> Picture:
    records = chosen(receivers, number)
    places = _some_of(records) if points is None else _as_places(points)
    if not _nearest(places, records)[1].all() or (recorded := _recorded(places, records)) is None:
        raise ValueError(f"points = {places.tolist()}: a receiver is needed at each of them")
    length = unit_for(float(np.abs(records.xy).max()), "m")
    figure, spacing = _side_by_side({"recorded": recorded}, places, records.kind, titles(records), length, {})
    _call_rows(figure.axes[0], row_labels(receivers, number), records, places)
    told = _what(records.kind, places, records if points is None else None)
    figure.suptitle(f"{told}: {spacing}", fontsize=10)
    return figure


def _what(quantity: RecordedQuantity, places: Array, chosen_from: Records | None) -> str:
    """What is drawn, and at how many of the receivers if places (K, 2) were chosen from these."""
    if chosen_from is None or len(places) == len(chosen_from.xy):
        return quantity.name
    return f"{quantity.name} at {len(places)} of {len(chosen_from.xy)} receivers"


def _places(points: Sequence[Sequence[float]] | None, records: Records | None, shape: Shape) -> Array:
    """Where traces are drawn, (K, 2) in m: at points if given, else at receivers, else all over the shape."""
    if points is None and records is None:
        return np.array(sorted(spread_over(shape, MOST).tolist()))
    return _some_of(records) if records and points is None else _as_places(points)


def _as_places(points: Any) -> Array:
    return np.asarray(points, dtype=np.float64).reshape(-1, 2)


def _some_of(records: Records) -> Array:
    """The places of receivers that are not dead, of at most so many, evenly chosen by their rows, (K, 2) in m."""
    live = records.xy[records.is_there.any(axis=(1, 2))]
    return live[:: -(-len(live) // MOST)]


def _recorded(places: Array, records: Records) -> Traces | None:
    """What receivers recorded at those of the places where there is one; None if there is none at any."""
    rows, is_there = _nearest(places, records)
    drawn = records.at(rows)
    values = np.where(is_there[:, None, None], drawn.corrected, np.nan)
    return Traces(own_times(drawn), values) if is_there.any() else None


def _nearest(places: Array, records: Records) -> tuple[Array, Array]:
    """The row of the receiver that is nearest to each place, (K,), and whether it is there, (K,)."""
    distances = np.linalg.norm(places[:, None] - records.xy, axis=2)  # (K, R)
    return distances.argmin(1), distances.min(1) <= AT * float(np.abs(records.xy).max())


def _exact(problem: Problem, places: Array, times: Array) -> Array:
    """The exact displacement at places (K, 2) and times (T,): (K, T, 2), m."""
    x, y, t = np.broadcast_arrays(*places.T[:, :, None], times)
    return (
        evaluate(problem.exact, torch.from_numpy(np.stack([x, y, t], -1).reshape(-1, 3))).numpy().reshape(*x.shape, 2)
    )


def _side_by_side(
    traces: Mapping[str, Traces],
    places: Array,
    quantity: RecordedQuantity,
    names: Sequence[str],
    length: Unit,
    waves: Mapping[str, Array],
) -> tuple[Picture, str]:
    """Draw each channel of traces at places, with arrivals; return the figure, and what a row's height is."""
    last = max(float(np.nanmax(each.times)) for each in traces.values())
    time = unit_for(last, "s")
    scale = max(float(np.nanmax(np.abs(each.values))) for each in traces.values()) / FILL or 1.0
    figure = Picture(1.6 + 0.42 * len(places))
    for component, (axes, title) in enumerate(
        zip(figure.subplots(1, len(names), sharey=True, squeeze=False)[0], names, strict=True)
    ):
        _draw(axes, traces, component, scale, time)
        mark_arrivals(axes, waves, last, time)
        _mark_records(axes, traces, time)
        axes.set_title(title, fontsize=11)
    _label_rows(figure.axes[0], places, length)
    if len(traces) > 1 or waves:
        legend_below(figure)
    unit = unit_for(scale, quantity.unit)
    return figure, f"from row to row {scale / unit.size:.3g} {unit.name}"


def _draw(axes: Axes, traces: Mapping[str, Traces], component: int, scale: float, time: Unit) -> None:
    """Draw one component of all traces, the first one on top."""
    for name, (times, values) in traces.items():
        for row, trace in enumerate(values[..., component]):
            style = STYLES[name] if len(traces) > 1 else ALONE
            own = times if times.ndim == 1 else times[row, :, component]
            axes.plot(own / time.size, trace / scale - row, label=None if row else name, **style)
    axes.set_xlabel(f"t ({time.name})")
    light_grid(axes)


def _mark_records(axes: Axes, traces: Mapping[str, Traces], time: Unit) -> None:
    """Mark where the records begin and end that a prediction exceeds in time."""
    if "recorded" not in traces or len(traces) == 1:
        return
    recorded = traces["recorded"]
    times = recorded.times if recorded.times.ndim > 1 else recorded.times[None, :, None]
    there = np.broadcast_to(times, recorded.values.shape)[np.isfinite(recorded.values)]
    if not there.size:
        return
    every = np.concatenate([each.times.ravel() for each in traces.values()])
    first, last = np.nanmin(every), np.nanmax(every)
    begin, end = there.min(), there.max()
    marks = {"records begin": (begin, begin - first), "records end": (end, last - end)}
    for label, (at, beyond) in marks.items():
        if beyond > APART * (last - first):
            axes.axvline(at / time.size, color="0.4", linestyle=":", linewidth=1.2, zorder=0, label=label)


def _label_rows(axes: Axes, places: Array, length: Unit) -> None:
    texts = [f"{x / length.size:.3g}, {y / length.size:.3g}" for x, y in places]
    axes.set_yticks(-np.arange(len(places)), texts)
    axes.set_ylim(-len(places), 1.0)  # the largest amplitude of the first and of the last is clear of the frame
    axes.set_ylabel(f"receiver at x, y ({length.name})")


def _residual_text(own: Shot, receivers: Receivers) -> str:
    """How far a wavefield is from what was recorded, beside the noise in it, or from what is known without noise."""
    error, at = percent(relative_error(own, receivers)), f"at all {len(receivers.places)} receivers"
    if receivers.is_complete and receivers.truth and receivers.truth.records:
        return f"relative L2 error {at}, beside the waves without noise: {error}"
    noise = noise_of(receivers)
    if len(receivers.kinds) > 1 or math.isnan(noise.level):
        return f"residual {at}: {error} of the records, noise included"
    recorded = np.concatenate([each.corrected[each.is_there] for each in receivers.records])
    size = percent(noise.level / math.sqrt(float(np.square(recorded).mean())))
    return f"residual {at}: {error} of the records; noise ({noise.origin}): {size}"


def _call_rows(axes: Axes, labels: Sequence[str], records: Records, places: Array) -> None:
    """Write what receivers are called above the places of their traces, where they are called anything."""
    if not labels:
        return
    where = [text.get_text() for text in axes.get_yticklabels()]
    rows, is_there = _nearest(places, records)
    texts = [f"{labels[row]}\n{at}" if there else at for row, there, at in zip(rows, is_there, where, strict=True)]
    axes.set_yticks(axes.get_yticks(), texts, fontsize=SMALL_LETTERS, parse_math=False)
