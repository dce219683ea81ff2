"""What is wrong with the layout of a figure: texts that overlap, that are cut off, and that curves run through."""

import io
from itertools import combinations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch
from matplotlib.text import Text
from matplotlib.transforms import Bbox

INSIDE = 1.0  # pixels by which two boxes may touch
STEP = 0.5  # pixels between points of a curve


def layout_faults(figure: Figure) -> list[str]:
    """Return a sentence for each text outside of a figure, each two that overlap, and each that a curve runs through.

    A legend is a text, too.
    """
    texts, legends, curves = _drawn(figure)
    renderer, (width, height) = FigureCanvasAgg(figure).get_renderer(), figure.bbox.size
    boxes = [(text.get_text().replace("\n", " ")[:40], _box(text, renderer)) for text in texts]
    faults = [
        f"outside: {name!r}"
        for name, box in boxes
        if box.x0 < -INSIDE or box.y0 < -INSIDE or box.x1 > width + INSIDE or box.y1 > height + INSIDE
    ]
    faults += [
        f"overlap: {one!r} and {other!r}" for (one, box), (other, its) in combinations(boxes, 2) if _overlap(box, its)
    ]
    in_legends = {text for legend in legends for text in legend.get_texts()}
    targets = [
        (name, box)
        for (name, box), text in zip(boxes, texts, strict=True)
        if text not in in_legends and not _is_on_white(text)
    ]
    targets += [(f"legend of {each.get_texts()[0].get_text()}", each.get_window_extent(renderer)) for each in legends]
    for name, box in targets:
        if any(_runs_through(curve, box) for curve in curves):
            faults.append(f"a curve runs through {name!r}")
    return faults


def _drawn(figure: Figure) -> tuple[list[Text], list[Legend], list[np.ndarray]]:
    """The texts and legends that drawing a figure draws, and points of its curves in pixels, each (N, 2)."""
    seen: list[Artist] = []
    kinds = (Text, Legend, Line2D, PathCollection, StepPatch)
    drawing = {kind: kind.draw for kind in kinds}

    def noted(kind):
        def draw(self, renderer, *args, **options):
            seen.append(self)
            return drawing[kind](self, renderer, *args, **options)

        return draw

    figure.savefig(io.BytesIO())  # which lays it out
    try:
        for kind in kinds:
            kind.draw = noted(kind)
        FigureCanvasAgg(figure).draw()
    finally:
        for kind, draw in drawing.items():
            kind.draw = draw
    drawn = list(dict.fromkeys(seen))
    texts = [each for each in drawn if isinstance(each, Text) and each.get_visible() and each.get_text().strip()]
    legends = [each for each in drawn if isinstance(each, Legend) and each.get_texts()]
    curves = [points for each in drawn if (points := _points(each)) is not None and len(points)]
    return texts, legends, curves


def _points(artist: Artist) -> np.ndarray | None:
    """Points along a curve as it is drawn, or of the markers that make it, within its axes; None of another artist."""
    axes = artist.axes
    if axes is None or artist not in axes.get_children() or not artist.get_visible():
        return None
    if isinstance(artist, Line2D):
        corners = artist.get_transform().transform(np.column_stack(artist.get_data(orig=False)))
        is_line = artist.get_linestyle() not in ("None", "none", "", " ")
        if not is_line and artist.get_marker() in ("None", "none", "", " ", None):
            return None
    elif isinstance(artist, PathCollection):
        corners, is_line = artist.get_offset_transform().transform(np.ma.filled(artist.get_offsets(), np.nan)), False
    elif isinstance(artist, StepPatch):
        corners, is_line = artist.get_transform().transform_path(artist.get_path()).vertices, True
    else:
        return None
    corners = corners[np.isfinite(corners).all(axis=1)]
    if is_line and len(corners) > 1:
        low, high = axes.bbox.min - 50.0, axes.bbox.max + 50.0
        corners = np.clip(corners, low, high)
        ways = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))]
        at = np.arange(0.0, ways[-1], STEP)
        corners = np.column_stack([np.interp(at, ways, each) for each in corners.T])
    if artist.get_clip_on():
        inside = ((corners >= axes.bbox.min) & (corners <= axes.bbox.max)).all(axis=1)
        corners = corners[inside]
    return corners


def _is_on_white(text: Text) -> bool:
    """Whether a text has a ground of its own, by which curves behind it are interrupted."""
    patch = text.get_bbox_patch()
    return patch is not None and patch.get_facecolor() == (1.0, 1.0, 1.0, 1.0)


def _box(text: Text, renderer: object) -> Bbox:
    return Text.get_window_extent(text, renderer)  # of an annotation without its arrow


def _overlap(one: Bbox, other: Bbox) -> bool:
    return (
        min(one.x1, other.x1) - max(one.x0, other.x0) > INSIDE
        and min(one.y1, other.y1) - max(one.y0, other.y0) > INSIDE
    )


def _runs_through(points: np.ndarray, box: Bbox) -> bool:
    return bool(((points > box.min + INSIDE) & (points < box.max - INSIDE)).all(axis=1).any())
