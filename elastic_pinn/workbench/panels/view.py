"""A live figure, with the widgets that choose what it shows."""

import logging
import threading
from collections.abc import Callable

import ipywidgets as widgets

from elastic_pinn.workbench.figures.picture import Picture
from elastic_pinn.workbench.panels.callbacks import acknowledge

logger = logging.getLogger(__name__)

PICTURE = {
    "max_width": "calc(100% - 4px)",  # beside the margins of a widget
    "align_self": "flex-start",
    "display": "none",
}


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
