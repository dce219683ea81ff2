"""Levenberg-Marquardt: Gauss-Newton on the misfits, damped as far as necessary."""

from __future__ import annotations

import torch
from torch import nn

from elastic_pinn.networks.cancellation import check_cancelled
from elastic_pinn.training.optimizers.base import BaseOptimizer
from elastic_pinn.training.optimizers.flat import gather, gradients, put
from elastic_pinn.training.optimizers.normal_equations import CholeskyModel, LinearModel, MatrixFreeModel
from elastic_pinn.training.step_objective import StepObjective

MOST_NUMBERS = 2**27  # of a Jacobian: 1 GiB in float64, no square of which is larger; its product takes a minute
TRIALS = 20
LEAST_DAMPING = 1e-15  # relative to the squared lengths of the Jacobian's columns; less than that is rounding error


class LevenbergMarquardt(BaseOptimizer):
    """A step solves (J^T J + damping D) step = -J^T r, D being the diagonal of J^T J, and is taken if the loss falls.

    The damping follows the ratio of the fall to that predicted by the linear model (Nielsen, Damping parameter in
    Marquardt's method, report IMM-REP-1999-05, Technical University of Denmark). After a step that would
    increase the loss, only the damping is changed, and the Jacobian kept. A Jacobian of more than MOST_NUMBERS numbers
    is not formed: its products suffice.

    Its state holds "damping", and "growth", the factor that a failure multiplies it by.
    """

    def __init__(self, parameters: list[nn.Parameter], damping: float) -> None:
        super().__init__(parameters, {"damping": damping})

    @torch.no_grad()
    def step(self, objective: StepObjective) -> None:  # type: ignore[override]  # a StepObjective in place of a closure
        """Take a step that decreases the loss, or leave the parameters if no damping finds one."""
        (group,) = self.param_groups
        state = self.state[group["params"][0]]
        damping, growth = state.get("damping", group["damping"]), state.get("growth", 2.0)
        before, start = objective().item(), gather(group["params"])
        model = self._model(objective, group["params"])
        for _ in range(TRIALS):
            check_cancelled()
            step, predicted = model.solve(damping)
            put(group["params"], start + step)
            fall = before - objective().item()
            if fall > 0:
                damping = max(LEAST_DAMPING, damping * max(1 / 3, 1 - (2 * fall / predicted - 1) ** 3))
                growth = 2.0
                break
            put(group["params"], start)
            damping, growth = damping * growth, 2.0 * growth
        state["damping"], state["growth"] = damping, growth

    def _model(self, objective: StepObjective, parameters: list[nn.Parameter]) -> LinearModel:
        """The linear model of the misfits here, where the objective was evaluated last."""
        residuals, _ = objective.system([])  # (M,)
        if len(residuals) * sum(parameter.numel() for parameter in parameters) <= MOST_NUMBERS:
            return CholeskyModel(*objective.system(parameters))
        return MatrixFreeModel(gradients(parameters) / 2.0, objective.curvature(parameters))
