"""A wavefield over time in a panel: a choice of the quantity, Play, a slider, and the frame."""

from collections.abc import Callable, Sequence

import ipywidgets as widgets

from elastic_pinn.workbench.figures.style.picture import Picture
from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge
from elastic_pinn.workbench.panels.widgets.view import View

FRAME_MS = 250


class MovieView(View):
    """A quantity of a wavefield at an instant, which Play or a slider moves; each frame is drawn when it is shown.

    Parameters
    ----------
    draw
        Returns the frame of a quantity at an instant (s), or None while there is nothing to draw.
    quantities
        The names to choose from; the first is chosen.
    instants
        Texts and times (s). Of one alone, as of a static problem, there is no choice.
    first
        The index of the instant that is shown first.
    beside
        More widgets in the row of choices.
    """

    def __init__(
        self,
        draw: Callable[[str, float], Picture | None],
        quantities: Sequence[str],
        instants: Sequence[tuple[str, float]],
        first: int,
        *beside: widgets.Widget,
    ) -> None:
        close = {"description_width": "initial"}
        self.quantity = widgets.Dropdown(
            options=list(quantities), description="Quantity", style=close, layout={"width": "auto"}
        )
        self.instant = widgets.SelectionSlider(
            options=list(instants), index=first, description="t", style=close, layout={"width": "240px"}
        )
        self.play = widgets.Play(first, max=len(instants) - 1, interval=FRAME_MS, description="Play")
        widgets.jslink((self.play, "value"), (self.instant, "index"))
        self._is_limited = False
        super().__init__(lambda: draw(self.quantity.value, self.instant.value), self.quantity)
        self.instant.observe(lambda _: self._show_instant(), "value")
        acknowledge(self.instant, self.play)
        of_time = [self.play, self.instant] if len(instants) > 1 else []
        row = widgets.HBox([self.quantity, *of_time, *beside], layout={"flex_flow": "row wrap", "grid_gap": "0 6px"})
        self.children = (row, self.image)

    def limit(self, pause_s: float) -> None:
        """Let Play take so long (s) from frame to frame, for which somebody else calls `draw` meanwhile.

        0: each frame is drawn at once, as a click on the slider always is.
        """
        self._is_limited = pause_s > 0.0
        self.instant.continuous_update = not self._is_limited
        self.play.interval = max(FRAME_MS, round(1000 * pause_s))

    def _show_instant(self) -> None:
        if not (self._is_limited and self.play.playing):
            self.draw()
