"""Self-scaled BFGS and Broyden: quasi-Newton methods with the full inverse Hessian, rescaled at each step.

Urban, Stefanou and Pons (2025), "Unveiling the optimization process of physics informed neural networks: how accurate
and competitive can PINNs be?", J. Comput. Phys. 523, 113656, after Al-Baali (1998, 2014).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from elastic_pinn.training.optimizers.line_search import Point
from elastic_pinn.training.optimizers.quasi_newton import QuasiNewton, has_positive_curvature

ROUNDING = 1e-12  # the difference of equal curvatures by rounding


class Coefficients(NamedTuple):
    """How the inverse Hessian is scaled, and which of Broyden's family updates it: phi >= 0, 1 for BFGS, 0 for DFP."""

    tau: float
    phi: float


Update = Callable[[float, float, int, bool], Coefficients]
"""h = y.Hy / y.s, b = s.Bs / y.s with B the Hessian, the number of parameters, and whether it is the first update."""


def bfgs(h: float, b: float, parameters: int, first: bool) -> Coefficients:
    """Return the coefficients of self-scaled BFGS: tau = min(1, 1/b), phi = 1."""
    return Coefficients(h if first else min(1.0, 1.0 / b), 1.0)


def broyden(h: float, b: float, parameters: int, first: bool) -> Coefficients:
    """Return the coefficients of self-scaled Broyden: the part of DFP that keeps the curvatures together.

    a = b h - 1, which is never negative, measures how far the step is from that of the Hessian itself.
    """
    a = b * h - 1.0
    if a <= ROUNDING:
        return bfgs(h, b, parameters, first)
    c = math.sqrt(a / (a + 1.0))
    rho = min(1.0, 1.0 / (b * (1.0 + c)))  # = h (1 - c), without its cancellation
    theta = max((rho - 1.0) / a, min(1.0 / rho, (1.0 - b) / b))
    sigma = 1.0 + a * theta  # > 0, which keeps the Hessian positive definite
    phi = (1.0 - theta) / sigma
    if first:
        return Coefficients(h / sigma, phi)
    tau, even = min(1.0, 1.0 / b), sigma ** (-1.0 / (parameters - 1))
    return Coefficients(tau * min(even, 1.0 / theta) if theta > 0 else min(tau * even, sigma), phi)


def update_inverse(inverse: Tensor, s: Tensor, y: Tensor, b: float, update: Update, first: bool) -> bool:
    """Update the inverse Hessian H by a step s, in place: afterwards H y = s, and H is positive definite.

    Returns False, and changes nothing, where rounding has made H indefinite along y.

    H <- (H - Hy Hy' / y.Hy + phi v v') / tau + s s' / y.s,   v = sqrt(y.Hy) (s / y.s - Hy / y.Hy)

    Arguments:
        inverse: H, (n, n), symmetric and positive definite.
        s: the step, (n,).
        y: the change of the gradient along it, (n,), with y.s > 0.
        b: s.Bs / y.s, with B the Hessian that H is the inverse of.
    """
    hy = inverse @ y  # (n,)
    ys, yhy = y.dot(s).item(), y.dot(hy).item()
    if not yhy > 0:
        return False
    tau, phi = update(yhy / ys, b, len(s), first)
    v = math.sqrt(yhy) * (s / ys - hy / yhy)  # (n,)
    rows = torch.stack([hy / math.sqrt(yhy * tau), v * math.sqrt(phi / tau), s / math.sqrt(ys)])  # (3, n)
    signs = s.new_tensor([-1.0, 1.0, 1.0])  # (3,)
    inverse.addmm_(rows.T * signs, rows, beta=1.0 / tau)  # one pass over H, which is most of the work
    return True


class SelfScaled(QuasiNewton):
    """A self-scaled quasi-Newton method, with a strong Wolfe line search.

    Its state: `inverse_hessian`, (n, n), initially the identity, which is scaled as a whole at the first step, and
    `loss`, at the start of the last step.
    """

    def __init__(self, parameters: list[nn.Parameter], update: Update, lr: float = 1.0) -> None:
        super().__init__(parameters, lr)
        self._update = update

    def _direction(self, gradient: Tensor, state: dict[str, Any]) -> Tensor:
        inverse = state.get("inverse_hessian")
        return -gradient if inverse is None else -(inverse @ gradient)

    def _initial_step(self, start: Point, state: dict[str, Any]) -> float:
        """The minimum of a parabola with the same decrease as in the last step (Nocedal and Wright, equation 3.60): a
        self-scaled step is often too long, and this saves a third of all evaluations."""
        if "inverse_hessian" not in state:
            return self._initial_gradient_step(start)
        longest = self.param_groups[0]["lr"]
        parabola = 2.02 * (start.loss - state["loss"]) / start.slope
        return min(longest, parabola) if parabola > 0 else longest

    def _update_memory(self, start: Point, end: Point, direction: Tensor, state: dict[str, Any]) -> None:
        """Update the inverse Hessian, unless the curvature along the step is not positive beyond rounding; discard it
        if rounding has made it indefinite."""
        state["loss"] = start.loss
        s, y = end.step * direction, end.gradient - start.gradient  # (n,), (n,)
        if not has_positive_curvature(s, y):
            return
        if first := "inverse_hessian" not in state:
            state["inverse_hessian"] = torch.eye(len(s), dtype=s.dtype, device=s.device)
        b = -(end.step**2) * start.slope / y.dot(s).item()  # B s = - step g
        if not update_inverse(state["inverse_hessian"], s, y, b, self._update, first):
            del state["inverse_hessian"]
