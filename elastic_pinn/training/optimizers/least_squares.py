"""Parameters that the misfits are linear in, solved for at once: the last layer of a network.

The system is a tall matrix, solved by Householder's QR: normal equations would square its condition, and lose half of
the digits. A ridge, tiny beside the columns, keeps combinations of features apart that no point tells apart.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from elastic_pinn.training.attempt import Attempt


def solve(matrix: Tensor, right: Tensor, ridge: float) -> Tensor:
    """x that minimises |matrix x - right|^2 + |ridge D x|^2, D being the lengths of the matrix's columns.

    matrix: (M, P), right: (M, K); returns (P, K). Where M < P, the ridge makes the answer unique.
    """
    lengths = torch.linalg.vector_norm(matrix, dim=0)  # (P,)
    lengths = torch.where(lengths > 0, lengths, 1.0)
    count = matrix.shape[1]
    system = torch.cat([matrix / lengths, ridge * torch.eye(count, dtype=matrix.dtype, device=matrix.device)])
    known = torch.cat([right, right.new_zeros(count, right.shape[1])])
    return torch.linalg.lstsq(system, known, driver="gels").solution / lengths[:, None]


class LeastSquares(Optimizer):
    """One step solves for parameters that all misfits are linear in; another one at the same points only refines it."""

    def __init__(self, parameters: list[nn.Parameter], ridge: float) -> None:
        super().__init__(parameters, {"ridge": ridge})

    @torch.no_grad()
    def step(self, attempt: Attempt) -> None:  # type: ignore[override]  # a closure that knows more
        """Solve."""
        (group,) = self.param_groups
        residuals, jacobian = attempt.system(group["params"])  # (M,), (M, P)
        move(group["params"], -solve(jacobian, residuals[:, None], group["ridge"])[:, 0])


class VariableProjection(Optimizer):
    """Gauss-Newton over the material's unknowns, with the last layer solved for inside each step.

    Source: Kaufman, A variable projection method for solving separable nonlinear least squares problems, BIT 15, 1975:
    what the last layer would make good of a change of the material is projected off that change's effect.

    Its state holds "information", (U, U): the inverse of the unknowns' covariance, where misfits have unit variance.
    """

    def __init__(self, last_layer: list[nn.Parameter], unknowns: list[nn.Parameter], ridge: float) -> None:
        super().__init__([{"params": last_layer}, {"params": unknowns}], {"ridge": ridge})

    @torch.no_grad()
    def step(self, attempt: Attempt) -> None:  # type: ignore[override]  # a closure that knows more
        """Solve for the last layer, then step to where the material explains more, and never to where it explains
        less."""
        layer, unknowns = (group["params"] for group in self.param_groups)
        ridge = self.param_groups[0]["ridge"]
        residuals, features = attempt.system(layer)  # (M,), (M, P)
        move(layer, -solve(features, residuals[:, None], ridge)[:, 0])
        residuals, effects = attempt.system(unknowns)  # (M,), (M, U)
        answer = solve(features, torch.cat([residuals[:, None], effects], dim=1), ridge)  # (P, 1 + U)
        left = torch.cat([residuals[:, None], effects], dim=1) - features @ answer  # (M, 1 + U): projected
        step = -torch.linalg.lstsq(left[:, 1:], left[:, :1]).solution[:, 0]  # (U,)
        self.state[unknowns[0]]["information"] = left[:, 1:].T @ left[:, 1:]
        of_layer = -(answer[:, 0] + answer[:, 1:] @ step)  # (P,): what the layer makes good at once
        _go_down(attempt, [*layer, *unknowns], torch.cat([of_layer, step]))


HALVINGS = 30


def _go_down(attempt: Objective, parameters: list[nn.Parameter], step: Tensor) -> None:
    """Go along a step, or half of it, or half of that, until the loss is lower; back to the start if it never is."""
    before = attempt()
    for _ in range(HALVINGS):
        move(parameters, step)
        if attempt() < before:
            return
        move(parameters, -step)
        step = step / 2.0


def move(parameters: list[nn.Parameter], step: Tensor) -> None:
    """Add a step (P,) to the parameters in their order."""
    pieces = step.split([parameter.numel() for parameter in parameters])
    for parameter, piece in zip(parameters, pieces, strict=True):
        parameter += piece.view_as(parameter)
