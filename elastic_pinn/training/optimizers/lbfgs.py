"""L-BFGS: the inverse Hessian from the last steps alone, with a strong Wolfe line search.

torch's drops any pair with y.s below 1e-10, whatever the loss's size: at small losses it silently becomes gradient
descent. Here only rounding counts, and the steps do not depend on the scale of the loss.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from elastic_pinn.training.optimizers.line_search import Point, strong_wolfe
from elastic_pinn.training.optimizers.quasi_newton import QuasiNewton, Search, has_positive_curvature


class LBFGS(QuasiNewton):
    """Limited-memory BFGS. Source: Nocedal and Wright, Numerical Optimization, 2006, algorithms 7.4 and 7.5.

    Its state: `steps` and `changes` of the gradient, lists of at most `history` vectors (n,), the newest last.
    """

    def __init__(
        self, parameters: list[nn.Parameter], history: int, lr: float = 1.0, search: Search = strong_wolfe
    ) -> None:
        super().__init__(parameters, lr, search)
        self._history = history

    def _direction(self, gradient: Tensor, state: dict[str, Any]) -> Tensor:
        pairs = list(zip(state.get("steps", ()), state.get("changes", ()), strict=True))
        direction, parts = -gradient, []
        for s, y in reversed(pairs):
            parts.append(s.dot(direction) / y.dot(s))
            direction = direction - parts[-1] * y
        if pairs:
            s, y = pairs[-1]
            direction = direction * (y.dot(s) / y.dot(y))
        for (s, y), part in zip(pairs, reversed(parts), strict=True):
            direction = direction + (part - y.dot(direction) / y.dot(s)) * s
        return direction

    def _initial_step(self, start: Point, state: dict[str, Any]) -> float:
        return self.param_groups[0]["lr"] if state.get("steps") else self._initial_gradient_step(start)

    def _update_memory(self, start: Point, end: Point, direction: Tensor, state: dict[str, Any]) -> None:
        s, y = end.step * direction, end.gradient - start.gradient  # (n,), (n,)
        if has_positive_curvature(s, y):
            for name, value in (("steps", s), ("changes", y)):
                state[name] = [*state.get(name, ()), value][-self._history :]
