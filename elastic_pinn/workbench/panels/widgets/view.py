"""A live figure, with the widgets that choose what it shows, and the size of its pictures, which stays while they
change: what one points at is still there after the next one."""

import logging
import threading
from collections.abc import Callable

import ipywidgets as widgets

from elastic_pinn.workbench.figures.style.picture import Picture
from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge

logger = logging.getLogger(__name__)

PICTURE = {
    "max_width": "calc(100% - 4px)",  # beside the margins of a widget
    "align_self": "flex-start",
    "display": "none",
}


class Canvas:
    """The heights of the pictures of a live view: of each kind, and size as made, that of the first."""

    def __init__(self) -> None:
        self._heights: dict[tuple[str, int, tuple[float, ...]], float] = {}

    def arrange(self, picture: Picture, kind: str = "") -> Picture:
        """Lay out a picture in the size of the first of its kind that was made with as many axes and as large, and
        return it."""
        key = kind, len(picture.axes), tuple(picture.get_size_inches().tolist())
        self._heights[key] = picture.arrange_alike(self._heights.get(key))
        return picture


class View(widgets.VBox):
    """One figure, and the widgets that choose what it shows.

    draw: returns the figure, or None while there is nothing to draw.

    Attributes:
        image: the figure's.
    """

    def __init__(self, draw: Callable[[], Picture | None], *choices: widgets.ValueWidget) -> None:
        self._draw, self._drawing = draw, threading.Lock()  # clicks arrive in several threads
        self.image = widgets.Image(format="png", layout=PICTURE)
        for choice in choices:
            choice.observe(lambda _: self.draw(), "value")
        acknowledge(*choices)
        super().__init__([*choices, self.image])

    def draw(self) -> None:
        """Draw again, or show nothing, after any drawing in progress, so that the last choice is shown; a fault is
        logged, and never ends a run."""
        with self._drawing:
            try:
                picture = self._draw()
                if picture:
                    self.image.value = picture.png()
                self.image.layout.display = None if picture else "none"
            except Exception:
                logger.exception("a live picture could not be drawn")
