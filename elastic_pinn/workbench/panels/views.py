"""Live figures of a training run: the loss, the wavefield, the material, the fit of the data. Only the visible one is
drawn."""

import contextlib
import time
from collections.abc import Callable
from functools import partial

import ipywidgets as widgets
import numpy as np

from elastic_pinn.networks.config import HELD_AT_ZERO
from elastic_pinn.run import Run
from elastic_pinn.storage import CheckpointError
from elastic_pinn.workbench.figures.inversion import draw_traces
from elastic_pinn.workbench.figures.loss_plots import draw_events, draw_terms
from elastic_pinn.workbench.figures.picture import Picture, legend_beside
from elastic_pinn.workbench.figures.sources import first_shot_text
from elastic_pinn.workbench.figures.units import unit_for
from elastic_pinn.workbench.figures.wavefields import draw_wavefield
from elastic_pinn.workbench.panels.callbacks import acknowledge
from elastic_pinn.workbench.panels.fit_view import FitView
from elastic_pinn.workbench.panels.live_record import LiveRecord
from elastic_pinn.workbench.panels.view import View

DRAW_EVERY_S = 1.0
DRAW_SHARE = 20  # pause before the next draw, in durations of the last one: at most 5 % of the time
INSTANTS = 21  # to choose from


class LiveViews(widgets.Tab):
    """The figures of one run, a tab each; none before `follow`."""

    def __init__(self) -> None:
        super().__init__(layout={"display": "none"})
        self.selected_index: int | None
        self.titles: tuple[str, ...]
        self._due = 0.0
        acknowledge(self)
        self.observe(lambda _: self.draw(), "selected_index")

    def follow(self, record: LiveRecord) -> None:
        """Show another run, or another call for the same run."""
        problem = record.problem
        views = {"Loss": View(partial(_loss, record)), "Wavefield": _wavefield_view(record)}
        if problem.unknowns:
            views["Material"] = View(partial(_material, record))
        if problem.receivers:
            views["Data fit"] = FitView(record, problem.receivers, _whose(record))
        kept = self.selected_index if self.titles == tuple(views) else 0
        self.children, self.titles, self.selected_index = tuple(views.values()), tuple(views), kept
        self.layout.display = None
        self._due = time.monotonic() + DRAW_EVERY_S

    def draw_if_due(self) -> None:
        """Draw the visible figure, unless that would take too large a share of the time."""
        started = time.monotonic()
        if started >= self._due:
            self.draw()
            finished = time.monotonic()
            self._due = finished + max(DRAW_EVERY_S, DRAW_SHARE * (finished - started))

    def draw(self) -> None:
        """Draw the visible figure."""
        if self.selected_index is not None and self.children:
            self.children[self.selected_index].draw()

    def draw_all(self) -> None:
        """Draw every figure, for a notebook that is saved."""
        for view in self.children:
            view.draw()


def _wavefield_view(record: LiveRecord) -> View:
    domain = record.problem.domain
    if not record.problem.exact:
        return View(partial(_wavefield, record, lambda: np.array(domain.instants(4)[-3:])))
    unit = unit_for(domain.t[1], "s")
    instants = [(f"{t / unit.size:.3g} {unit.name}", t) for t in domain.instants(INSTANTS)]
    choice = widgets.SelectionSlider(
        options=instants,
        value=instants[-1][1],
        description="t",
        continuous_update=False,
    )
    return View(partial(_wavefield, record, lambda: np.array([choice.value])), choice)


def _loss(record: LiveRecord) -> Picture | None:
    if not record.row:
        return None
    figure = Picture(3.6)
    axes = figure.subplots()
    if curves := record.losses():
        draw_terms(axes, curves)
        legend_beside(axes)
    with contextlib.suppress(FileNotFoundError, CheckpointError):  # the run or its history does not exist yet
        draw_events(axes, Run(record.run_dir).events())
    return figure


def _wavefield(record: LiveRecord, instants: Callable[[], np.ndarray]) -> Picture | None:
    if not (newest := record.newest()):
        return None
    step, model = newest
    figure = draw_wavefield(model.predict, record.problem, instants())
    figure.suptitle(f"step {step:,}{_whose(record)}", fontsize=10)
    return figure


def _material(record: LiveRecord) -> Picture | None:
    if not record.row:
        return None
    curves = record.material()
    return draw_traces({name: curves[name] for name in record.problem.unknowns}, record.problem)


def _whose(record: LiveRecord) -> str:
    """What a live figure is not of: other shots, and the wavefield where elements solve for all of it."""
    first = first_shot_text(record.problem).rstrip(": ")
    no_part = "the network takes no part in the wavefield" if record.resolved.ridge >= HELD_AT_ZERO else ""
    return "".join(f"; {each}" for each in (first, no_part) if each)
