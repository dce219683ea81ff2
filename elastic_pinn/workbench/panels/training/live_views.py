"""Live figures of a training run: the loss, the wavefield, the material, the fit of the data; and what was found. Only
the visible one is drawn."""

import contextlib
import time
from functools import partial

import ipywidgets as widgets

from elastic_pinn.run import Run
from elastic_pinn.storage import CheckpointError
from elastic_pinn.workbench.figures.found.material import draw_traces
from elastic_pinn.workbench.figures.learning.losses import Events, draw_losses, height_of, no_part_text
from elastic_pinn.workbench.figures.style.picture import Picture
from elastic_pinn.workbench.panels.training.live_fit import FitView
from elastic_pinn.workbench.panels.training.live_record import LiveRecord
from elastic_pinn.workbench.panels.training.live_wavefield import LiveWavefield, whose
from elastic_pinn.workbench.panels.training.result import ResultView
from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge
from elastic_pinn.workbench.panels.widgets.movie_view import MovieView
from elastic_pinn.workbench.panels.widgets.view import Canvas, View

DRAW_EVERY_S = 1.0
TRUE_ONE = (
    "This is the network's wavefield. That by finite elements, of which the material is found, is drawn from "
    "checkpoints: in 05_explore, and by <code>ep.figures.movie(run)</code> and <code>ep.figures.data_fit(run)</code>."
)
DRAW_SHARE = 20  # pause before the next draw, in times of the processor for the last one: at most 5 % of its time


class LiveViews(widgets.Tab):
    """The figures of one run, a tab each; none before `follow`."""

    def __init__(self) -> None:
        super().__init__(layout={"display": "none"})
        self.selected_index: int | None
        self.titles: tuple[str, ...]
        self._due, self._is_training = 0.0, False
        self._movie: MovieView | None = None
        acknowledge(self)
        self.observe(lambda _: self.draw(), "selected_index")

    def follow(self, record: LiveRecord) -> None:
        """Show another run, or another call for the same run."""
        problem = record.problem
        self._movie = LiveWavefield(record).view()
        views: dict[str, View | ResultView] = {"Loss": View(partial(_loss, record, Canvas())), "Wavefield": self._movie}
        if problem.unknowns:
            views["Material"] = View(partial(_material, record, Canvas()))
        if problem.receivers:
            views["Data fit"] = FitView(record, problem.receivers, whose(record))
        if problem.unknowns:
            views["Result"] = ResultView(record.run_dir)
        if whose(record):
            for name in {"Wavefield", "Data fit"} & views.keys():
                views[name].children = (*views[name].children, widgets.HTML(TRUE_ONE))
        kept = self.selected_index if self.titles == tuple(views) else 0
        self.children, self.titles, self.selected_index = tuple(views.values()), tuple(views), kept
        self.layout.display = None
        self._due = time.monotonic() + DRAW_EVERY_S
        self._limit(DRAW_EVERY_S)

    def set_training(self, is_training: bool) -> None:
        """Set whether training is to keep its share of the time: Play is then as slow as `draw_if_due`."""
        self._is_training = is_training
        self._limit(DRAW_EVERY_S)

    def draw_if_due(self) -> None:
        """Draw the visible figure, unless that would take too large a share of the time."""
        if time.monotonic() >= self._due:
            # Of the processor: a draw that waits for it on a busy machine takes nothing from the training.
            began = time.thread_time()
            self.draw()
            pause = max(DRAW_EVERY_S, DRAW_SHARE * (time.thread_time() - began))
            self._due = time.monotonic() + pause
            self._limit(pause)

    def _limit(self, pause: float) -> None:
        if self._movie:
            self._movie.limit(pause if self._is_training else 0.0)

    def draw(self) -> None:
        """Draw the visible figure."""
        if self.selected_index is not None and self.children:
            self.children[self.selected_index].draw()

    def draw_all(self) -> None:
        """Draw every figure, for a notebook that is saved."""
        for view in self.children:
            view.draw()


def _loss(record: LiveRecord, canvas: Canvas) -> Picture | None:
    if not record.row:
        return None
    events: Events = []
    with contextlib.suppress(FileNotFoundError, CheckpointError):  # the run or its history does not exist yet
        events = Run(record.run_dir).events()
    weights = record.weights()
    figure = Picture(height_of(weights))
    axes = draw_losses(figure, record.losses(), weights, record.redraws(), events)
    axes.set_title(no_part_text(record.resolved), loc="left", fontsize=10)
    return canvas.arrange(figure)


def _material(record: LiveRecord, canvas: Canvas) -> Picture | None:
    if not record.row:
        return None
    curves = record.material()
    return canvas.arrange(draw_traces({name: curves[name] for name in record.problem.unknowns}, record.problem))
