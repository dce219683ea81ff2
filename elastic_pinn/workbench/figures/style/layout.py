"""Layout that is measured on a figure: its size, legends that fit, and texts that curves do not run through.

Lengths are in inches unless they are named points or pixels.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.textpath import TextPath
from matplotlib.ticker import MaxNLocator, NullFormatter
from matplotlib.transforms import Bbox

from elastic_pinn.workbench.figures.style.labels import fit_labels, letter_by_letter

SMALL, TITLE = 9.0, 10.0  # points: letters of a legend, and of a title
HANDLE, BETWEEN, ROW = 2.8, 2.0, 1.5  # of these letters: a legend's handle, the gap of its columns, a row
POINTS = 72.0  # an inch
MARGIN = 0.5  # beside a title or a legend
AROUND, A_ROW = 3.2, 1.8  # a figure of maps: at most so high, with so much for each row of them
NARROWEST, NARROWER = 5.5, 0.5  # its least width, and by how much less than usual it is at least, if at all
LEAST_PART = 0.7  # of a height, in one step: texts below axes may take more of a lower figure
EDGE = 0.02  # beside what reached out of a figure
CLOSE = 0.03  # what is not worth another size
ROUNDS = 8  # of laying out: another size moves ticks and texts
BETWEEN_TICKS = 4.0  # pixels
FEWEST = 2  # intervals between ticks
MARKER = 5.0  # pixels from the middle of a marker
LONG = 15  # letters of a label that can be broken
CLEAR = 5.0  # points between curves and a text above or below them
# Panels draw from several threads, and matplotlib's parser of mathematical text has global state.
drawing = threading.RLock()
OPTIONAL, ABOVE_CURVES, BELOW_CURVES = "_optional", "_above curves", "_below curves"
"""Labels of texts: of one that is left out where it has no room, and of those that axes get room for."""
COLOR_BAR = "<colorbar>"  # by which matplotlib labels its axes


class Constrained(ConstrainedLayoutEngine):
    """matplotlib's constrained layout, in less than half of its time.

    That measures a colour bar once for each of the maps that it belongs to, and works out the ticks of an axis about
    ten times whenever it measures its axes. Here both are done once for a place of the axes.
    """

    def execute(self, fig: Figure) -> None:
        """Lay out a figure.

        Parameters
        ----------
        fig
            The figure.
        """
        measures: list[tuple[Artist, str]] = []
        for axes in fig.axes:
            for axis in (axes.xaxis, axes.yaxis):
                _take_once(axis, "_update_ticks", partial(_seen, axes))
                measures.append((axis, "_update_ticks"))
            if axes.get_label() == COLOR_BAR:
                _take_once(axes, "get_tightbbox", partial(_place, axes))
                measures.append((axes, "get_tightbbox"))
        try:
            super().execute(fig)
        finally:
            for artist, name in measures:
                del vars(artist)[name]


def _place(axes: Axes) -> tuple[float, ...]:
    """Where axes are in the layout."""
    return axes.get_position(original=True).bounds


def _seen(axes: Axes) -> tuple[float, ...]:
    """What ticks depend on: the place in which axes are drawn, and their limits."""
    return *axes.bbox.bounds, *axes.viewLim.bounds


def _take_once(artist: Artist, name: str, place: Callable[[], tuple[float, ...]]) -> None:
    """Let an artist take one of its measures, a method, once for each place in which it is."""
    measure, taken = getattr(artist, name), dict[tuple[float, ...], Any]()

    def measured(*arguments: Any, **options: Any) -> Any:
        if (here := place()) not in taken:
            taken[here] = measure(*arguments, **options)
        return taken[here]

    vars(artist)[name] = measured


def arrange(figure: Figure, may_resize: bool, may_narrow: bool) -> None:
    """Lay out a figure: maps fill it, numbers on axes are apart, and texts are clear of curves and of each other.

    may_resize, may_narrow: whether its height, and its width, may follow from what is drawn.
    """
    figure.draw_without_rendering()
    if may_resize:
        _fill(figure, may_narrow)
    else:
        _set_size(figure, *figure.get_size_inches())
    if _wrap_labels(figure):
        figure.draw_without_rendering()
    if _spread_ticks(figure) | _make_room(figure):
        figure.draw_without_rendering()
    _draw_in(figure)
    _leave_out(figure)


def _draw_in(figure: Figure) -> None:
    """Lay a figure out once more in less room, where labels of maps that are smaller than their places reach out."""
    width, height = figure.get_size_inches()
    box, engine = figure.get_tightbbox(), figure.get_layout_engine()
    left, below, right, above = (
        EDGE + out if out > 0.0 else 0.0 for out in (-box.x0, -box.y0, box.x1 - width, box.y1 - height)
    )
    if isinstance(engine, ConstrainedLayoutEngine) and (left or below or right or above):
        part = left / width, below / height, 1.0 - (left + right) / width, 1.0 - (below + above) / height
        engine.set(rect=part)
        _set_size(figure, width, height)


def legend_below(
    figure: Figure,
    handles: Sequence[Artist] | None = None,
    labels: Sequence[str] | None = None,
    size: float = SMALL,
) -> None:
    """Write a legend below a figure, in as many columns as fit; of all that has a label in any axes, if not given.

    The figure gets higher by the rows after the first. Labels that are wider than the figure are cut in the middle.
    size: of the letters, in points.
    """
    if handles is None or labels is None:
        found = {
            label: handle
            for axes in figure.axes
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        handles, labels = list(found.values()), list(found)
    if not handles:
        return
    room = POINTS * (figure.get_figwidth() - MARGIN)
    labels = fit_labels(labels, room - HANDLE * size, lambda text: text_width(text, size))
    columns = next(n for n in range(len(labels), 0, -1) if n == 1 or _legend_width(labels, n, size) <= room)
    rows = math.ceil(len(labels) / columns)
    width, height = figure.get_size_inches()
    _resize(figure, width, height + (rows - 1) * ROW * size / POINTS)
    columns = math.ceil(len(labels) / rows)
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, fontsize=size, frameon=False)


def text_width(text: str, size: float) -> float:
    """Return how wide a text is, in points, in letters of a size in points."""
    lines = [line for line in text.split("\n") if line]
    with drawing:
        return max((float(TextPath((0, 0), line, size=size).get_extents().width) for line in lines), default=0.0)


def _legend_width(labels: Sequence[str], columns: int, size: float) -> float:
    """The width of a legend in some columns, in points."""
    rows = math.ceil(len(labels) / columns)
    widest = [
        max(text_width(label, size) for label in labels[first : first + rows]) for first in range(0, len(labels), rows)
    ]
    return sum(widest) + size * (HANDLE * len(widest) + BETWEEN * (len(widest) - 1))


def _resize(figure: Figure, width: float, height: float) -> None:
    """As set_size_inches, which is for the user: a size that they give stays."""
    figure.bbox_inches.p1 = width, height
    figure.stale = True


class _Map(NamedTuple):
    """The place of a map in the layout, the map in it, and how wide its title is."""

    place: Bbox
    box: Bbox
    title: float


def _fill(figure: Figure, may_narrow: bool) -> None:
    """Give a figure the height at which maps, whose sides have a fixed ratio, fill their places.

    It is searched between one that is too low, and one that leaves room: texts below a map take part of its place only
    where that is higher. Where it would be too high, the figure is made narrower instead, as far as titles allow.
    """
    low, high = 0.0, math.inf
    for _ in range(ROUNDS):
        if not (rows := _rows_of_maps(figure)):
            return
        height, most = figure.get_figheight(), AROUND + A_ROW * len(rows)
        missing = sum(max(each.box.height * (each.place.width / each.box.width - 1.0) for each in row) for row in rows)
        if missing > CLOSE / 2.0 and height > most - CLOSE:
            if may_narrow:
                _narrow(figure, rows)
            return
        if missing > CLOSE / 2.0:
            low, wanted = height, min(height + missing, most)
        else:
            unused = sum(min(each.place.height - each.box.height for each in row) for row in rows)
            high, wanted = height, max(height - unused, LEAST_PART * height)
        if 0.0 < low < high < math.inf:
            wanted = (low + high) / 2.0
        is_found = abs(wanted - height) < CLOSE
        _set_size(figure, figure.get_figwidth(), high if is_found and high < math.inf else wanted)
        if is_found:
            return


def _narrow(figure: Figure, rows: Sequence[Sequence[_Map]]) -> None:
    """Make a figure narrower whose maps leave room beside them, as far as titles allow."""
    width = figure.get_figwidth()
    beside = min(sum(each.place.width - max(each.box.width, each.title) for each in row) for row in rows)
    if beside >= NARROWER:
        if max(map(len, rows)) == 1:
            figure.set_layout_engine(Constrained(compress=True))  # the map is in the middle, with its scale beside it
        least = max(NARROWEST, _least_width(figure))
        _set_size(figure, min(width, max(width - beside, least)), figure.get_figheight())


def _set_size(figure: Figure, width: float, height: float) -> None:
    """Set a size and lay the figure out, twice: the layout of a map goes by where the map was before."""
    _resize(figure, width, height)
    if engine := figure.get_layout_engine():
        for _ in range(2):
            engine.execute(figure)  # which takes half as long as drawing


def _least_width(figure: Figure) -> float:
    """The width that the titles of a figure need, and the labels of the colour bars beside each other below it."""
    titles = [each.get_window_extent().width / figure.dpi for each in figure.texts]
    bars = [text_width(each.get_xlabel(), TITLE) / POINTS for each in figure.axes if each.get_label() == COLOR_BAR]
    return MARGIN + max(*titles, sum(width + MARGIN for width in bars), 0.0)


def _titles(axes: Axes) -> list[Text]:
    """The titles of axes at the left, in the middle and at the right, empty ones too."""
    return [each for each in axes.get_children() if isinstance(each, Text) and each not in axes.texts]


def _title_width(title: Text) -> float:
    text = title.get_text()
    return text_width(text if title.get_parse_math() else letter_by_letter(text), TITLE)


def _rows_of_maps(figure: Figure) -> list[list[_Map]]:
    """The maps of each row of axes that has nothing else than maps."""
    rows: dict[tuple[int, int], list[_Map | None]] = {}
    for axes in figure.axes:
        if axes.get_label() == COLOR_BAR or not axes.axison:
            continue
        inches = axes.figure.transSubfigure + figure.dpi_scale_trans.inverted()
        place, box = (inches.transform_bbox(axes.get_position(original)) for original in (True, False))
        found = _Map(place, box, (max(map(_title_width, _titles(axes))) + SMALL) / POINTS)
        row = id(axes.figure), round(10.0 * (place.y0 + place.y1))
        rows.setdefault(row, []).append(None if axes.get_aspect() == "auto" else found)
    return [[each for each in row if each] for row in rows.values() if all(row)]


def _wrap_labels(figure: Figure) -> bool:
    """Break labels that are longer than their axes into two lines; return whether there was one."""
    is_any = False
    for axes in figure.axes:
        for label, side in ((axes.xaxis.label, axes.bbox.width), (axes.yaxis.label, axes.bbox.height)):
            text, box = label.get_text(), label.get_window_extent()
            length = box.height if label.get_rotation() == 90.0 else box.width
            if length > side and len(text) > LONG and " " in text and "\n" not in text:
                gaps = [at for at, letter in enumerate(text) if letter == " "]
                middle = min(gaps, key=lambda at: abs(at - len(text) / 2))
                label.set_text(f"{text[:middle]}\n{text[middle + 1 :]}")
                is_any = True
    return is_any


def _spread_ticks(figure: Figure) -> bool:
    """Take fewer ticks where numbers on an axis nearly touch; return whether there were such."""
    is_any = False
    for axes in figure.axes:
        for axis, direction in ((axes.xaxis, 0), (axes.yaxis, 1)):
            locator = axis.get_major_locator()
            if not isinstance(locator, MaxNLocator):
                if _touch(axis, direction):
                    axis.set_minor_formatter(NullFormatter())
                    is_any = True
                continue
            for count in range(len(axis.get_ticklocs()) - 2, FEWEST - 1, -1):
                if not _touch(axis, direction):
                    break
                locator.set_params(nbins=count)
                is_any = True
    return is_any


def _touch(axis: Axis, direction: int) -> bool:
    """Whether numbers on an axis nearly touch, along x (0) or y (1)."""
    labels = [*axis.get_majorticklabels(), *axis.get_minorticklabels()]
    boxes = [each.get_window_extent() for each in labels if each.get_text() and each.get_visible()]
    ends = sorted((box.min[direction], box.max[direction]) for box in boxes)
    return any(after[0] - before[1] < BETWEEN_TICKS * (1 - direction) for before, after in pairwise(ends))


def _make_room(figure: Figure) -> bool:
    """Widen the limits of axes so that curves leave room for texts above and below; return whether there are such."""
    is_any = False
    for axes in figure.axes:
        above, below = (
            max((_reach(text, axes) for text in axes.texts if text.get_label() == label), default=0.0)
            for label in (ABOVE_CURVES, BELOW_CURVES)
        )
        if above or below:
            _widen(axes, above, below)
            is_any = True
    return is_any


def _reach(text: Text, axes: Axes) -> float:
    """How far a text reaches into its axes from above or below, as a part of their height."""
    box, around = Text.get_window_extent(text), axes.bbox
    inside = around.y1 - box.y0 if text.get_label() == ABOVE_CURVES else box.y1 - around.y0
    return float((inside + CLEAR * axes.figure.dpi / POINTS) / around.height)


def _widen(axes: Axes, above: float, below: float) -> None:
    """Set the limits of y so that parts of the axes above and below all curves are free."""
    in_data = [line for line in axes.lines if line.get_transform().contains_branch_seperately(axes.transData)[1]]
    there = np.concatenate([np.zeros(0), *(np.asarray(line.get_ydata(), dtype=np.float64) for line in in_data)])
    transform, seen = axes.yaxis.get_transform(), np.array(axes.get_ylim())
    there = there[np.isfinite(there) & ((there > 0.0) | (axes.get_yscale() != "log"))]
    there = there[(there >= seen.min()) & (there <= seen.max())]
    if not len(there) or above + below > 0.8:  # nothing is there, or the axes are too low
        return
    (low, high), (bottom, top) = transform.transform(np.array([there.min(), there.max()])), transform.transform(seen)
    if high == low:
        low, high = bottom, top
    above, below = max(above, (top - high) / (top - bottom)), max(below, (low - bottom) / (top - bottom))
    height = (high - low) / max(1.0 - above - below, 0.1)
    axes.set_ylim(*transform.inverted().transform(np.array([low - below * height, high + above * height])))


def _leave_out(figure: Figure) -> None:
    """Hide optional texts that are upon others, or upon a marker."""
    for axes in figure.axes:
        kept: list[Bbox] = []
        for collection in axes.collections:
            for x, y in collection.get_offset_transform().transform(np.ma.filled(collection.get_offsets(), np.nan)):
                kept.append(Bbox([[x - MARKER, y - MARKER], [x + MARKER, y + MARKER]]))
        for text in axes.texts:
            if text.get_label() != OPTIONAL:
                continue
            box = text.get_window_extent()
            text.set_visible(not any(box.overlaps(other) for other in kept))
            if text.get_visible():
                kept.append(box)
