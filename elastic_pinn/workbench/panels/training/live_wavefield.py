"""The wavefield of a training run, of its newest weights, at any instant."""

import numpy as np

from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem
from elastic_pinn.used_fields import takes_no_part
from elastic_pinn.workbench.figures.drawn_from import first_shot_text, shown_quantity
from elastic_pinn.workbench.figures.style.picture import Picture
from elastic_pinn.workbench.figures.style.units import unit_for
from elastic_pinn.workbench.figures.wavefields.field_maps import FieldMap
from elastic_pinn.workbench.figures.wavefields.snapshots import draw_wavefield
from elastic_pinn.workbench.panels.training.live_record import LiveRecord
from elastic_pinn.workbench.panels.widgets.movie_view import MovieView
from elastic_pinn.workbench.panels.widgets.view import Canvas
from elastic_pinn.workbench.quantities import FRAMES, QUANTITIES, GridFields

NODES = 80  # on a side of the grid: few, since training waits while a frame is drawn
BESIDE_EXACT = "beside the exact one"


class LiveWavefield:
    """Frames of a run's wavefield. A map is drawn once for each quantity; then it follows the newest weights."""

    def __init__(self, record: LiveRecord) -> None:
        self._record = record
        self._maps: dict[str, FieldMap] = {}
        self._canvas = Canvas()
        self._fields: tuple[Model, GridFields] | None = None

    def view(self) -> MovieView:
        """Return a view of it, at first of the last instant."""
        problem = self._record.problem
        unit = unit_for(problem.domain.t[1], "s")
        instants = [(f"{t / unit.size:.3g} {unit.name}", t) for t in problem.domain.instants(FRAMES)]
        return MovieView(self.frame, _quantities(problem), instants, len(instants) - 1)

    def frame(self, quantity: str, t: float) -> Picture | None:
        """Return a quantity at an instant (s); None before the first weights."""
        with self._record.newest() as newest:
            return self._drawn(quantity, t, *newest) if newest else None

    def _drawn(self, quantity: str, t: float, step: int, model: Model) -> Picture:
        told = f"step {step:,}{whose(self._record)}"
        if quantity == BESIDE_EXACT:
            figure = draw_wavefield(model.predict, self._record.problem, np.array([t]))
            figure.suptitle(told, fontsize=10)
            return self._canvas.arrange(figure)
        if not (fields := self._fields) or fields[0] is not model:
            self._fields = fields = model, GridFields(model, NODES, told=f"{told}: ")
        if quantity in self._maps:
            self._maps[quantity].follow(fields[1])
        else:
            self._maps[quantity] = FieldMap(fields[1], quantity)
        return self._maps[quantity].at(t)


def _quantities(problem: Problem) -> list[str]:
    """Return the names of what can be shown, the first of which is shown first: what is known of the wavefield."""
    if problem.exact:
        return [BESIDE_EXACT, *QUANTITIES]
    first = "magnitude" if shown_quantity(problem).name == "displacement" else "speed"
    return [first, *(name for name in QUANTITIES if name != first)]


def whose(record: LiveRecord) -> str:
    """What a live figure is not of: other shots, and the wavefield where elements solve for all of it."""
    first = first_shot_text(record.problem).rstrip(": ")
    no_part = "the network takes no part in the wavefield" if takes_no_part(record.resolved) else ""
    return "".join(f"; {each}" for each in (first, no_part) if each)
