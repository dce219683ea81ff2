"""The style of a publication: its letters, lines and widths, put on a figure that is drawn already.

Widths are in mm, sizes of letters and lines in points.
"""

from __future__ import annotations

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.typing import LineStyleType

from elastic_pinn.workbench.figures.drawn_from import FigureError
from elastic_pinn.workbench.figures.style.layout import legend_below

PAGE = 170.0  # both columns of a page
NARROWEST, WIDEST = 40.0, 400.0
MILLIMETRE = 1.0 / 25.4  # inches
LETTERS, SMALL = 8.0, 7.0  # of labels and titles, and of numbers and legends
LABELS_FROM = 9.5  # what is larger on the screen is a label or a title
THIN, LINE, THICK = 0.6, 1.0, 2.0
LINE_FROM, THICK_FROM = 1.0, 2.0  # widths on the screen
LEAST_HEIGHT, FOR_TEXT = 0.6, 1.1  # of the height on the screen; and that of letters, which shrink less than the width
MARKERS = 0.75
AXES, TICK = 0.6, 2.5  # width of frames, length of ticks


def require_width(width: float) -> None:
    """Raise FigureError for a width (mm) that no page has."""
    if not NARROWEST <= width <= WIDEST:
        raise FigureError(f"width = {width:g} mm: legal are {NARROWEST:g} to {WIDEST:g}")


def restyle(figure: Figure, width: float, dashes: dict[str, LineStyleType]) -> None:
    """Give a figure a width, and the style of a publication: no title above all, and a legend below.

    dashes: of solid curves by their colours, should there be several, so that they are told apart in grey, too.
    """
    height = figure.get_figheight() * max(FOR_TEXT * width * MILLIMETRE / figure.get_figwidth(), LEAST_HEIGHT)
    figure.set_size_inches(width * MILLIMETRE, height)
    for each in (figure, *figure.subfigs):
        each.suptitle("")
    for text in figure.findobj(Text):
        text.set_fontsize(LETTERS if float(text.get_fontsize()) > LABELS_FROM else SMALL)
    for axes in figure.axes:
        axes.tick_params(which="both", labelsize=SMALL, width=AXES, length=TICK)
        for spine in axes.spines.values():
            spine.set_linewidth(AXES)
    lines = [each for each in figure.findobj(Line2D) if _is_curve(each)]
    colors = {each.get_color() for each in lines if _is_plain(each)}
    for line in lines:
        if _is_plain(line) and len(colors) > 1:
            line.set_linestyle(dashes.get(str(line.get_color()), "-"))
        thickness = line.get_linewidth()
        line.set_linewidth(THIN if thickness < LINE_FROM else LINE if thickness < THICK_FROM else THICK)
        line.set_markersize(MARKERS * line.get_markersize())
    _move_legends(figure)


def _is_curve(line: Line2D) -> bool:
    """Whether a line is no tick or grid line: a curve, or its handle in a legend."""
    return line.get_label() != "" and not line.get_gid()


def _is_plain(line: Line2D) -> bool:
    """Whether a curve is solid, and neither thin nor thick."""
    return line.get_linestyle() == "-" and LINE_FROM <= line.get_linewidth() < THICK_FROM


def _move_legends(figure: Figure) -> None:
    """Write all legends below the figure."""
    found: dict[str, Artist] = {}
    for legend in figure.findobj(Legend):
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
            if handle is not None:
                found.setdefault(text.get_text(), handle)
        legend.remove()
    legend_below(figure, list(found.values()), list(found), SMALL)
