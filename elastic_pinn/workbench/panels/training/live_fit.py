"""The live fit of the data, as one chooses to look at it, and a receiver that is picked by a click on a map."""

import html
import math
from collections.abc import Callable, Sequence

import ipywidgets as widgets
import numpy as np

from elastic_pinn.networks import Model
from elastic_pinn.physics.data import Receivers
from elastic_pinn.physics.data.channel_names import own_name
from elastic_pinn.run.shot import Shot
from elastic_pinn.workbench.figures.maps.window import window_unit
from elastic_pinn.workbench.figures.records.b_scan import draw_fit_b_scan
from elastic_pinn.workbench.figures.records.data_fit import draw_fit
from elastic_pinn.workbench.figures.records.frequency_wavenumber import draw_fit_frequency_wavenumber
from elastic_pinn.workbench.figures.records.misfits import draw_misfit_map, draw_residuals
from elastic_pinn.workbench.figures.records.shown_records import strongest_receiver
from elastic_pinn.workbench.figures.records.wiggles import draw_wiggles
from elastic_pinn.workbench.figures.style.picture import Picture
from elastic_pinn.workbench.panels.training.live_record import LiveRecord
from elastic_pinn.workbench.panels.widgets.view import PICTURE, Canvas, View

TRACE, MAP = "one receiver", "map by receiver"
SHOWN = (TRACE, "wiggles", "B-scan", MAP, "residual against noise", "f-k")
MOST_BUTTONS = 400  # over a map: of more receivers, each n-th one has some; the field of numbers takes all
SIZE = 18  # pixels of a button


class ClickableMap(widgets.GridBox):
    """An image with a button, which nobody sees, over each of some places: a click on it gives its number.

    ipywidgets' Image reports no clicks. ipyevents would, but its coordinates are wrong where an image is scaled, as in
    a narrow window (its issue 71, open since 2022); ipympl keeps a live figure in the kernel, and anywidget needs code
    of one's own for the browser: either is one more dependency. Buttons need no more than ipywidgets, work by the
    keyboard too, and scale with the image, since margins in percent are those of the width. The picture stays an
    image, which a saved notebook keeps.

    pick: called with the number of a place. tell: what a place is, by its number.
    """

    def __init__(self, image: widgets.Image, pick: Callable[[int], None], tell: Callable[[int], str]) -> None:
        self._image, self._pick, self._tell = image, pick, tell
        self._numbers: tuple[int, ...] = ()
        self._style = widgets.ButtonStyle(button_color="transparent")
        image.layout.grid_area = "1 / 1"
        image.layout.width, image.layout.margin = "100%", "0"
        layout = {"grid_template_columns": "100%", "justify_items": "flex-start", "align_items": "flex-start"}
        super().__init__([image], layout={"width": "900px", "max_width": "100%"} | layout)

    def place(self, places: Sequence[tuple[int, float, float]]) -> None:
        """Put a button over each of some places, its number, and how far it is from the left and the top, in parts of
        the image's width; none of earlier ones stays."""
        numbers = tuple(number for number, *_ in places)
        if numbers != self._numbers:
            self.children = (self._image, *(self._button(number) for number in numbers))
            self._numbers = numbers
        for button, (_, left, top) in zip(self.children[1:], places, strict=True):
            margin = f"calc({100 * top:.1f}% - {SIZE // 2}px) 0 0 calc({100 * left:.1f}% - {SIZE // 2}px)"
            button.layout.margin = margin  # sent only where it is another

    def _button(self, number: int) -> widgets.Button:
        button = widgets.Button(
            tooltip=self._tell(number), style=self._style,
            layout={
                "width": f"{SIZE}px", "height": f"{SIZE}px", "min_width": "0", "padding": "0", "border": "none",
                "grid_area": "1 / 1",
            },
        )  # fmt: skip
        button.on_click(lambda _: self._pick(number))
        return button


class FitView(View):
    """The fit of what was recorded: one receiver over time, or all by one of several figures.

    On the map, a click on a receiver picks it; its trace is drawn below. Of several records those of the picked
    receiver are drawn.

    whose: what the wavefield is not of, for the title.
    """

    def __init__(self, record: LiveRecord, receivers: Receivers, whose: str) -> None:
        self._record, self._receivers, self._whose = record, receivers, whose
        last = len(receivers.places) - 1
        self._shown = widgets.Dropdown(
            options=SHOWN, description="show", style={"description_width": "initial"}, layout={"width": "220px"}
        )
        self._row = widgets.BoundedIntText(
            strongest_receiver(receivers), min=0, max=last, description=f"receiver, 0 to {last}",
            style={"description_width": "initial"}, layout={"width": "230px"},
        )  # fmt: skip
        self._canvas = Canvas()
        self._reason, self._below = widgets.HTML(), widgets.Image(format="png", layout=PICTURE)
        super().__init__(self._draw_shown, self._shown, self._row)
        self._map = ClickableMap(self.image, self._pick, self._tell)
        choices = widgets.HBox([self._shown, self._row], layout={"flex_flow": "row wrap", "grid_gap": "0 6px"})
        self.children = [choices, self._reason, self._map, self._below]

    def _pick(self, row: int) -> None:
        self._row.value = row  # which draws

    def _tell(self, row: int) -> str:
        number, own = self._receivers.whose(row)
        return f"receiver {row}{own_name(self._receivers.records[number], own)}"

    def _draw_shown(self) -> Picture | None:
        """Draw what is chosen; where there is no such figure of this fit, say why."""
        below, places, picture, reason = None, [], None, ""
        with self._record.newest() as newest:
            if newest:
                step, model = newest
                seen = Shot("", self._record.problem, self._receivers, model)
                try:
                    picture = self._canvas.arrange(self._draw_one(seen, model, step), str(self._shown.value))
                    if self._shown.value == MAP:
                        places = self._places_on(picture)
                        below = self._canvas.arrange(draw_fit(seen, self._row.value, step), TRACE)
                except ValueError as error:  # a receiver that is dead, or no line of receivers
                    reason = str(error)
        self._reason.value = html.escape(reason)
        self._map.place(places)
        if below:
            self._below.value = below.png()
        self._below.layout.display = None if below else "none"
        return picture

    def _draw_one(self, seen: Shot, model: Model, step: int) -> Picture:
        number, row = self._receivers.whose(self._row.value)
        draw = {
            TRACE: lambda: draw_fit(seen, self._row.value, step),
            "wiggles": lambda: draw_wiggles(seen, model, records=number),
            "B-scan": lambda: draw_fit_b_scan(seen, records=number),
            MAP: lambda: draw_misfit_map(seen, number, row),
            "residual against noise": lambda: draw_residuals(seen, number),
            "f-k": lambda: draw_fit_frequency_wavenumber(seen, records=number),
        }
        figure = draw[self._shown.value]()
        of_step = "" if self._shown.value == TRACE else f"; step {step}"
        figure.suptitle(f"{figure.get_suptitle()}{of_step}{self._whose}", fontsize=10)
        return figure

    def _places_on(self, figure: Picture) -> list[tuple[int, float, float]]:
        """The rows of receivers that have a button, and where each is on each map: see `ClickableMap.place`."""
        figure.draw_without_rendering()  # which computes the layout; to do so once more would move maps again
        figure.set_layout_engine("none")
        number, _ = self._receivers.whose(self._row.value)
        xy = self._receivers.records[number].xy / window_unit(self._record.problem.domain).size  # (R, 2)
        maps = figure.axes[: self._receivers.records[number].values.shape[2]]
        width, height = figure.bbox.size
        found = []
        for axes in maps:
            pixels = axes.transData.transform(xy)  # from the left and the bottom
            every = math.ceil(len(xy) * len(maps) / MOST_BUTTONS)
            rows = np.arange(0, len(xy), every)
            left, top = pixels[rows, 0] / width, (height - pixels[rows, 1]) / width
            first = self._receivers.first_rows[number]
            found += list(zip((first + rows).tolist(), left.tolist(), top.tolist(), strict=True))
        return found
