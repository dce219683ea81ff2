"""One step of an optimizer that evaluates as it likes: what it started from, what it tried, and why it led nowhere."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor

from elastic_pinn.networks.breath import breathing
from elastic_pinn.training.objective import Objective

ROUNDING = 8  # units in the last place by which equal losses may differ: they are means over thousands of points


class GivenUp(Exception):
    """Work under way that nobody wants any more."""


@contextmanager
def given_up_when(is_unwanted: Callable[[], bool]) -> Iterator[None]:
    """Ask now and then in long work inside whether it is still wanted, and raise GivenUp where it is not."""

    def ask() -> None:
        if is_unwanted():
            raise GivenUp

    with breathing(ask):
        yield


class Trial(NamedTuple):
    """A place where the optimizer evaluated: how far from its start (Euclidean), and what that did to the loss."""

    length: float
    change: float


class Attempt:
    """The objective, to be handed to an optimizer for one step in its place: it takes down each trial.

    Line searches do not tell why they gave up; what they evaluated does. start: where all parameters were. note: what
    an optimizer reports of why it stays, should it stay. converged: whether it is where it searched for, by a criterion
    of its own; None where it has none.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective, self.start = objective, objective.position()
        self.system, self.curvature = objective.system, objective.curvature
        self.furthest, self.better_start = objective.furthest, objective.better_start
        self.note = ""
        self.converged: bool | None = None
        self._loss = objective()
        self._gradient_norm = objective.gradient_norm()
        self.trials: list[Trial] = []
        self._evaluations = 0

    def __call__(self) -> Tensor:
        """What the objective gives, taken down as a trial if it is away from the start."""
        loss = self._objective()
        self._evaluations += 1
        length = (self._objective.position() - self.start).norm().item()
        if length:
            change = (loss - self._loss).item()
            self.trials.append(Trial(length, change if math.isfinite(change) else math.inf))
        return loss

    @property
    def moved(self) -> bool:
        """Whether the step has changed any parameter."""
        return not torch.equal(self._objective.position(), self.start)

    def account(self) -> str:
        """Why a step that moved nothing found no lower loss, with the numbers that show it."""
        start = f"loss {self._loss:.9g}, gradient norm {self._gradient_norm:.3g}"
        if not self._gradient_norm:
            return f"the gradient is zero ({start})"
        if self.note:
            return f"{self.note} ({start})"
        if not self.trials and self._evaluations > 1:
            return f"the steps that it tried are too short to change a parameter ({start})"
        if not self.trials:
            return f"its direction does not lead down ({start})"
        best = min(self.trials, key=lambda trial: trial.change)
        shortest = min(self.trials)
        tried = f"{start}; trials: {len(self.trials)}, the best {_told(best)}, the shortest {_told(shortest)}"
        if best.change <= ROUNDING * torch.finfo(self._loss.dtype).eps * abs(self._loss.item()):
            return f"the loss changes by no more than rounding error ({tried})"
        return f"no lower loss where it looked ({tried})"


def _told(trial: Trial) -> str:
    return f"{trial.length:.2g} long with {trial.change:+.2g} in loss"
