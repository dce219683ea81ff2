"""The views of one checkpoint, a tab each: its wavefield over time, traces, numbers, its file as a tree."""

from __future__ import annotations

import ipywidgets as widgets
import numpy as np
import torch

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.physics import Problem
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.run import Checkpoint
from elastic_pinn.workbench.figures.style.picture import Picture
from elastic_pinn.workbench.figures.wavefields.field_maps import histogram
from elastic_pinn.workbench.figures.wavefields.shown_fields import shown_fields
from elastic_pinn.workbench.file_tree import html_tree
from elastic_pinn.workbench.panels.exploration.wavefield_views import Export, WavefieldViews
from elastic_pinn.workbench.panels.widgets.callbacks import acknowledge
from elastic_pinn.workbench.panels.widgets.view import View

NODES, BY_ELEMENTS = 200, 120  # on a side of the grid; elements solve for all instants at once, and hold them


class CheckpointTabs(widgets.Tab):
    """The views of one checkpoint, which never change to another; only the visible one is drawn.

    Its wavefield is that of `Checkpoint.predict`. Where finite elements solve for it, and the problem that they need is
    not known, there are its numbers and contents alone.

    export: called with the fields, a quantity's name and the ending of a file. problem: the user's, or the function
    that makes it. Raises CheckpointError for weights that do not fit their config.

    Attributes:
        checkpoint: the checkpoint that is shown.
        fault: why its problem, such as its receivers, is not shown; "" if it is, or if it is a user's own problem that
            is not given, and not needed.
    """

    def __init__(self, checkpoint: Checkpoint, export: Export, problem: Problem | ProblemMaker | None = None) -> None:
        self.checkpoint = checkpoint
        shown, self.fault = _problem_of(checkpoint, problem)
        self._wavefield = self._views_of_wavefield(shown, export)
        of_wavefield = {"Field": self._wavefield.field, "Trace": self._wavefield.trace} if self._wavefield else {}
        views = {**of_wavefield, "Numbers": View(self._histogram), "Contents": widgets.HTML()}
        super().__init__(list(views.values()), titles=list(views), selected_index=0)
        acknowledge(self)
        self.observe(lambda _: self._draw(), "selected_index")
        self._draw()

    def figure(self) -> Picture:
        """Return the visible view as a new figure; the field if the file's tree is visible."""
        seen = self.titles[self.selected_index or 0]
        if seen == "Numbers" or self._wavefield is None:
            return self._histogram()
        return self._wavefield.draw_trace() if seen == "Trace" else self._wavefield.draw_field()

    def _views_of_wavefield(self, problem: Problem | None, export: Export) -> WavefieldViews | None:
        """Return the views of the wavefield; None, with the fault, where its problem is needed and not known."""
        self.checkpoint.model()  # whose weights may be at fault
        try:
            is_by_elements = self.checkpoint.is_by_elements or self.checkpoint.fits_waveforms
            nodes = BY_ELEMENTS if is_by_elements else NODES
            fields = shown_fields(self.checkpoint, nodes, "", problem)
        except ElasticPinnError as error:
            self.fault = str(error)
            return None
        return WavefieldViews(self.checkpoint, fields, problem, export)

    def _draw(self) -> None:
        seen = self.children[self.selected_index or 0]
        if isinstance(seen, View):
            seen.draw()
        elif not seen.value:  # made when it is first visible: a large file takes seconds
            seen.value = html_tree(self.checkpoint.snapshot)

    def _histogram(self) -> Picture:
        contents = self.checkpoint.snapshot
        weights = [weight.numpy().ravel() for weight in contents.weights.values() if weight.is_floating_point()]
        moments = {
            name: np.concatenate([value.numpy().ravel() for value in _tensors(values)] or [np.zeros(0)])
            for name, values in contents.state.get("optimizer", {}).items()
        }
        return histogram({"weights": np.concatenate(weights)} | {k: v for k, v in moments.items() if v.size > 1})


def _problem_of(checkpoint: Checkpoint, own: Problem | ProblemMaker | None) -> tuple[Problem | None, str]:
    """Return the problem, or None and the reason: its data are missing or have changed. A user's own problem is in no
    file, which is no fault."""
    if checkpoint.config.problem == "own" and own is None:
        return None, ""
    try:
        return checkpoint.problem(own), ""
    except ElasticPinnError as error:
        return None, str(error)


def _tensors(tree: object) -> list[torch.Tensor]:
    """Return all floating-point tensors in nested lists, without counters."""
    if isinstance(tree, list | tuple):
        return [tensor for item in tree for tensor in _tensors(item)]
    return [tree] if isinstance(tree, torch.Tensor) and tree.is_floating_point() and tree.ndim else []
