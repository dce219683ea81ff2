"""The common part of quasi-Newton methods: a direction, a search along it, and an update by its result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from elastic_pinn.training.optimizers.base import BaseOptimizer
from elastic_pinn.training.optimizers.flat import gather, gradients, put
from elastic_pinn.training.optimizers.line_search import Point, strong_wolfe

Search = Callable[[Callable[[float], Point], Point, float], Point]
"""A line search: (evaluation at a step, point at the start, first step to try) -> the point found."""


def fixed_step(at: Callable[[float], Point], start: Point, first: float) -> Point:
    """Return the first step to try, whatever the loss there."""
    return at(first)


class QuasiNewton(BaseOptimizer, ABC):
    """One iteration a step. If the search finds no lower point, the parameters do not change.

    Its state is that of the first parameter. lr: the longest first trial of a search, 1 being the quasi-Newton step.
    """

    def __init__(self, parameters: list[nn.Parameter], lr: float = 1.0, search: Search = strong_wolfe) -> None:
        super().__init__(parameters, {"lr": lr})
        self._parameters, self._search = parameters, search

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor]) -> Tensor:  # type: ignore[override]  # without closure, no search
        """Make one iteration and return the loss before it; `closure` evaluates the loss and sets the gradients."""
        loss = closure()
        place, gradient = gather(self._parameters), gradients(self._parameters)  # (n,), (n,)
        state = self.state[self._parameters[0]]
        direction = self._direction(gradient, state)  # (n,)

        def at(step: float) -> Point:
            put(self._parameters, place + step * direction)
            loss, gradient = closure().item(), gradients(self._parameters)
            return Point(step, loss, gradient.dot(direction).item(), gradient)

        start = Point(0.0, loss.item(), gradient.dot(direction).item(), gradient)
        if start.slope < 0:
            end = self._search(at, start, self._initial_step(start, state))
            put(self._parameters, place + end.step * direction)
            self._update_memory(start, end, direction, state)
        return loss

    @abstractmethod
    def _direction(self, gradient: Tensor, state: dict[str, Any]) -> Tensor:
        """The search direction, (n,)."""

    @abstractmethod
    def _initial_step(self, start: Point, state: dict[str, Any]) -> float:
        """The first trial step."""

    @abstractmethod
    def _update_memory(self, start: Point, end: Point, direction: Tensor, state: dict[str, Any]) -> None:
        """Update the approximation of the Hessian by a step."""

    def _initial_gradient_step(self, start: Point) -> float:
        """The first trial step along the gradient, without any approximation of the Hessian."""
        return min(1.0, 1.0 / start.gradient.abs().sum().item()) * self.param_groups[0]["lr"]


def has_positive_curvature(s: Tensor, y: Tensor) -> bool:
    """Return whether y.s > 0 beyond rounding, for a step s, (n,), that changed the gradient by y, (n,)."""
    return y.dot(s).item() > torch.finfo(s.dtype).eps * s.norm().item() * y.norm().item()
