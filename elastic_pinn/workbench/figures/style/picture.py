"""The figure of a notebook cell, and how it is saved."""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from contextlib import nullcontext
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.collections import QuadMesh, TriMesh
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from elastic_pinn.run import Run
from elastic_pinn.storage import replace_file
from elastic_pinn.workbench.figures.style.colors import DASHES
from elastic_pinn.workbench.figures.style.layout import Constrained, arrange, drawing
from elastic_pinn.workbench.figures.style.movie_file import Movie
from elastic_pinn.workbench.figures.style.publication import PAGE, require_width, restyle

FEW = 20  # points that are marked individually
QUICK = 2  # of zlib's levels; its usual 6 takes as long as half of the drawing
VERDICT = 11.0  # points: letters of the sentence on how good a run is, which no others in a figure exceed
WIDTH, DPI = 9.0, 100  # inches, dots per inch: 900 pixels fit a notebook
PRINT_DPI = 300

AnyFigure = TypeVar("AnyFigure", bound="Figure | Movie")


class Picture(Figure):
    """A matplotlib Figure at notebook width that a cell shows as a plain PNG, also in an executed notebook.

    Parameters
    ----------
    height, width
        Inches, of which a hundred pixels each.
    """

    def __init__(self, height: float, width: float = WIDTH) -> None:
        """Make an empty figure."""
        super().__init__(figsize=(width, height), dpi=DPI, layout=Constrained())
        self._saved = b""
        self._may_resize, self._may_narrow, self._arranged = True, True, (0.0, 0.0)

    def set_size_inches(self, w: Any, h: float | None = None, forward: bool = True) -> None:
        """Set the size, which then stays: it no longer follows from what is drawn.

        Parameters
        ----------
        w, h, forward
            As of matplotlib: inches.
        """
        self._may_resize = False
        super().set_size_inches(w, h, forward)

    def suptitle(self, t: str, **options: Any) -> Any:
        """Set the title, in which names from files and of shots are as they are: a dollar sign begins no formula.

        Parameters
        ----------
        t, **options
            As of matplotlib.

        Returns
        -------
        Text
            The title.
        """
        return super().suptitle(t, **{"parse_math": False} | options)

    def arrange(self) -> None:
        """Lay out the figure as it will be saved, once for a size: maps fill it, and texts are clear of curves."""
        size = tuple(self.get_size_inches())
        if self._arranged != size and isinstance(self.get_layout_engine(), ConstrainedLayoutEngine):
            with drawing:
                arrange(self, self._may_resize, self._may_narrow)
            self._arranged = tuple(self.get_size_inches())

    def arrange_alike(self, height: float | None) -> float:
        """Lay out one of several pictures that follow each other in one place.

        All are as wide as they are made, and as high as the first.

        Parameters
        ----------
        height
            That of the first, inches; None: this is the first.

        Returns
        -------
        float
            Its height, inches.
        """
        self._may_narrow = False
        if height is not None:
            self.set_size_inches(self.get_figwidth(), height)
        self.arrange()
        return float(self.get_figheight())

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save as any Figure does, at the resolution of print: 300 dots an inch, text as text, maps as images.

        Parameters
        ----------
        fname
            A path or a file; ".pdf" and ".svg" hold curves as lines.
        **options
            As of matplotlib.
        """
        self.arrange()
        for mesh in self.findobj(lambda artist: isinstance(artist, QuadMesh | TriMesh)):
            mesh.set_rasterized(True)
        ending = options.get("format") or (Path(fname).suffix if isinstance(fname, str | PathLike) else "")
        is_vector = str(ending).lower().lstrip(".") in ("pdf", "svg")
        # Letters that can be searched, no outlines. Not in panels: what a cell sets meanwhile would be lost.
        with drawing, rc_context({"pdf.fonttype": 42, "svg.fonttype": "none"}) if is_vector else nullcontext():
            super().savefig(fname, **{"dpi": PRINT_DPI} | options)

    def for_print(self, width: float = PAGE) -> Picture:
        """Return a copy in the style of a publication.

        It is so wide, has letters of 8 and 7 points, curves of 1 point, of which each colour has dashes of its own, so
        that they are told apart in grey, too, all legends below, and no title: get_suptitle of the figure itself has
        that, for the caption.

        Parameters
        ----------
        width
            In mm (1e-3 m), 40 to 400: 85 for a column of a page, 170 for both. Only figures with one or two axes beside
            each other are legible in one column.

        Returns
        -------
        Picture
            The copy, to save.

        Raises
        ------
        FigureError
            For another width.
        """
        require_width(width)
        self.arrange()
        copy: Picture = pickle.loads(pickle.dumps(self))  # how matplotlib copies a figure
        copy.set_layout_engine(Constrained())
        restyle(copy, width, DASHES)
        copy._may_resize, copy._may_narrow, copy._arranged = True, False, (0.0, 0.0)
        return copy

    def draw(self, renderer: RendererBase) -> None:
        """Draw as any Figure does, but in one thread at a time.

        Parameters
        ----------
        renderer
            As of matplotlib.
        """
        with drawing:
            super().draw(renderer)

    def png(self) -> bytes:
        """Return the picture as a PNG file's bytes, compressed quickly and a tenth larger, for animations.

        Returns
        -------
        bytes
            The file's content.
        """
        return self._as_png(pil_kwargs={"compress_level": QUICK})

    def _as_png(self, **options: Any) -> bytes:
        """The picture as a PNG file's bytes, in the pixels of a notebook."""
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=DPI, **options)
        return buffer.getvalue()

    def _repr_png_(self) -> bytes:
        """Return the PNG that a cell shows; if the figure was just saved, the saved file."""
        saved, self._saved = self._saved, b""
        return self._as_png() if self.stale or not saved else saved

    def for_file(self) -> bytes:
        """Return the picture as a PNG file's bytes, which the next display reuses.

        Returns
        -------
        bytes
            The file's content.
        """
        self._saved = self._as_png()
        self.stale = False  # drawing leaves it True, and a change sets it
        return self._saved


def save(figure: AnyFigure, run: Run, name: str, shot: str = "") -> AnyFigure:
    """Save a figure as figures/NAME.png of a run directory, a movie as NAME.webp; return it, so that a cell can end so.

    Parameters
    ----------
    figure
        A matplotlib Figure, or a Movie.
    run
        The run.
    name
        Of the file, without its ending.
    shot
        The name of a shot, which follows in the file's name, with other characters than letters, digits, "_", "." and
        "-" as in a URL.

    Returns
    -------
    Figure or Movie
        The same one.

    Raises
    ------
    ValueError
        For a run on a remote store, which is only read.
    """
    if isinstance(run.path, str):
        raise ValueError(f"{run.path} is only read: give figure.savefig() a path of this machine")
    folder, name = run.path / "figures", f"{name}-{quote(shot, safe='')}" if shot else name
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(figure, Movie):
        replace_file(folder / f"{name}.webp", figure.webp())
        return figure
    content = figure.for_file() if isinstance(figure, Picture) else as_file(figure, "png")
    replace_file(folder / f"{name}.png", content)
    return figure


def dots(count: int) -> dict[str, Any]:
    """Return the style of a curve with so many points: with a dot at each if they are few."""
    return {"marker": "o" if count < FEW else "", "markersize": 4}


def legend_beside(axes: Axes, lines: Sequence[Line2D] | None = None) -> None:
    """Write a legend to the right of the axes, of these lines or, if none are given, of all that have a label."""
    handles = axes.get_legend_handles_labels()[0] if lines is None else lines
    if handles:
        axes.legend(
            handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, fontsize=9, frameon=False
        )


def light_grid(axes: Axes) -> None:
    """Draw a light grid behind the curves."""
    axes.grid(color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)


def whole_ticks(axes: Axes, most: int | Literal["auto"] = "auto") -> None:
    """Set ticks of optimizer steps: at most `most` whole numbers, however short the axis is."""
    axes.xaxis.set_major_locator(MaxNLocator(most, integer=True, min_n_ticks=1))


def as_file(figure: Figure, kind: str) -> bytes:
    """Return a figure as the bytes of a file in one of matplotlib's formats: "png", "svg", "pdf", ..."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind)
    return buffer.getvalue()
