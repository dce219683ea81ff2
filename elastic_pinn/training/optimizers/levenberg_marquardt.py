"""Levenberg-Marquardt: Gauss-Newton on the misfits, damped as far as it must be."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from elastic_pinn.training.attempt import Attempt
from elastic_pinn.training.optimizers.flat import gather, put

TRIALS = 20
LEAST_DAMPING = 1e-15  # relative to the squared lengths of the Jacobian's columns; less than that is rounding error


class LevenbergMarquardt(Optimizer):
    """A step solves (J^T J + damping D) step = -J^T r, D being the diagonal of J^T J, and is taken if the loss falls.

    The damping follows the ratio of the fall to what the linear model promised (Nielsen, Damping parameter in
    Marquardt's method, report IMM-REP-1999-05, Technical University of Denmark). A step that would lead up costs
    another damping, and no other Jacobian. With fewer misfits than parameters the same step comes from the smaller
    J J^T.

    Its state holds "damping", and "growth", the factor that a failure multiplies it by.
    """

    def __init__(self, parameters: list[nn.Parameter], damping: float) -> None:
        super().__init__(parameters, {"damping": damping})

    @torch.no_grad()
    def step(self, attempt: Attempt) -> None:  # type: ignore[override]  # a closure that knows more
        """Go down, or stay where no damping helps."""
        (group,) = self.param_groups
        state = self.state[group["params"][0]]
        damping, growth = state.get("damping", group["damping"]), state.get("growth", 2.0)
        before, start = attempt().item(), gather(group["params"])
        model = LinearModel(*attempt.system(group["params"]))
        for _ in range(TRIALS):
            step, promised = model.solve(damping)
            put(group["params"], start + step)
            fall = before - attempt().item()
            if fall > 0:
                damping = max(LEAST_DAMPING, damping * max(1 / 3, 1 - (2 * fall / promised - 1) ** 3))
                growth = 2.0
                break
            put(group["params"], start)
            damping, growth = damping * growth, 2.0 * growth
        state["damping"], state["growth"] = damping, growth


class LinearModel:
    """Misfits (M,) and their Jacobian (M, P), whose columns are scaled to length 1."""

    def __init__(self, residuals: Tensor, jacobian: Tensor) -> None:
        lengths = torch.linalg.vector_norm(jacobian, dim=0)  # (P,)
        self._lengths = torch.where(lengths > 0, lengths, 1.0)
        self._scaled = jacobian.div_(self._lengths)  # in its place: it is the largest thing around
        self._residuals, self._gradient = residuals, self._scaled.T @ residuals  # (M,), (P,)
        self._is_wide = jacobian.shape[0] < jacobian.shape[1]
        self._matrix = gram(self._scaled.T if self._is_wide else self._scaled)

    def solve(self, damping: float) -> tuple[Tensor, float]:
        """The step (P,), and the fall of the squared misfits that it promises; NaN where rounding leaves no step."""
        damped = self._matrix.clone()
        damped.diagonal().add_(damping)
        factor, failed = torch.linalg.cholesky_ex(damped)
        if failed:
            return torch.full_like(self._gradient, torch.nan), torch.nan
        if self._is_wide:
            step = -self._scaled.T @ torch.cholesky_solve(self._residuals[:, None], factor)[:, 0]  # (P,)
        else:
            step = -torch.cholesky_solve(self._gradient[:, None], factor)[:, 0]
        promised = step @ (damping * step - self._gradient)
        return step / self._lengths, promised.item()


def gram(matrix: Tensor) -> Tensor:
    """matrix^T matrix, (M, P) -> (P, P)."""
    if matrix.device.type == "cpu":  # NumPy sees that the product is symmetric, and does half the work
        array = matrix.numpy()
        return torch.from_numpy(array.T @ array)
    return matrix.T @ matrix
