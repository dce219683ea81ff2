"""The objective during one optimizer step: record of its evaluations, cancellation, reason of a failed step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor

from elastic_pinn.networks.cancellation import cancellable
from elastic_pinn.training.objective import Objective

ROUNDING = 8  # units in the last place by which equal losses may differ: they are means over thousands of points


class StepCancelled(Exception):
    """A computation that was cancelled because its result is no longer needed."""


@contextmanager
def cancelled_when(should_cancel: Callable[[], bool]) -> Iterator[None]:
    """Raise StepCancelled from long work inside the block as soon as `should_cancel()` is true."""

    def check() -> None:
        if should_cancel():
            raise StepCancelled

    with cancellable(check):
        yield


class Evaluation(NamedTuple):
    """One evaluation away from the start of a step: its Euclidean distance from there, and the change of the loss."""

    length: float
    change: float


class StepObjective:
    """The objective as an optimizer gets it for one step; it records each evaluation.

    A line search does not report why it failed; its evaluations show it.

    Attributes
    ----------
    start : Tensor
        All parameters at the start of the step, (P,).
    note : str
        The optimizer's own reason for leaving the parameters as they are; "" where it gives none.
    converged : bool or None
        Whether the optimizer's own convergence criterion is met; None where it has none.
    evaluations : list of Evaluation
        All evaluations away from the start.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective, self.start = objective, objective.position()
        self.system, self.blocks, self.curvature = objective.system, objective.blocks, objective.curvature
        self.search_bound, self.better_start = objective.search_bound, objective.better_start
        self.blocks_beside, self.waveforms = objective.blocks_beside, objective.waveforms
        self.note = ""
        self.converged: bool | None = None
        self._loss = objective()
        self._gradient_norm = objective.gradient_norm()
        self.evaluations: list[Evaluation] = []
        self._n_evaluations = 0

    def __call__(self) -> Tensor:
        """Evaluate the objective; record the evaluation if it is away from the start."""
        loss = self._objective()
        self._n_evaluations += 1
        length = (self._objective.position() - self.start).norm().item()
        if length:
            change = (loss - self._loss).item()
            self.evaluations.append(Evaluation(length, change if math.isfinite(change) else math.inf))
        return loss

    @property
    def moved(self) -> bool:
        """Whether the step has changed any parameter."""
        return not torch.equal(self._objective.position(), self.start)

    def explain(self) -> str:
        """Explain why a step that moved no parameter found no lower loss, with the numbers that show it."""
        start = f"loss {self._loss:.9g}, gradient norm {self._gradient_norm:.3g}"
        if not self._gradient_norm:
            return f"the gradient is zero ({start})"
        if self.note:
            return f"{self.note} ({start})"
        if not self.evaluations and self._n_evaluations > 1:
            return f"the steps that it tried are too short to change a parameter ({start})"
        if not self.evaluations:
            return f"its direction does not lead down ({start})"
        best = min(self.evaluations, key=lambda evaluation: evaluation.change)
        shortest = min(self.evaluations)
        count = len(self.evaluations)
        tried = f"{start}; trials: {count}, the best {_description(best)}, the shortest {_description(shortest)}"
        if best.change <= ROUNDING * torch.finfo(self._loss.dtype).eps * abs(self._loss.item()):
            return f"the loss changes by no more than rounding error ({tried})"
        return f"no lower loss where it looked ({tried})"


def _description(evaluation: Evaluation) -> str:
    return f"{evaluation.length:.2g} long with {evaluation.change:+.2g} in loss"
