"""Linear least squares for parameters that the misfits are linear in: the last layer of a network.

The system is a tall matrix, solved by Householder's QR: normal equations would square its condition number, and lose
half of the digits. A ridge, tiny relative to the columns, makes combinations of features unique that the points do not
determine.

Letters: M misfits, P parameters, K right-hand sides.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from elastic_pinn.networks.progress import work
from elastic_pinn.training.objective import Blocks
from elastic_pinn.training.optimizers.base import BaseOptimizer
from elastic_pinn.training.optimizers.flat import gather, put
from elastic_pinn.training.optimizers.streaming_qr import PANEL, Reflectors, StreamingQR
from elastic_pinn.training.step_objective import StepObjective

LEAST_RIDGE = 100  # units in the last place
RIDGE_ROWS = 16 * PANEL  # that are added at once


class RidgeQR:
    """The QR factorisation of A (M, P) with a ridge, for x that minimises |A x - b|^2 + |ridge D x|^2.

    D is diagonal, the norms of A's columns. For M < P, the ridge makes x unique. A is overwritten, to save memory. The
    ridge is well above rounding in any case, since the remainder of a feature that is a combination of others is
    nothing but rounding.
    """

    def __init__(self, matrix: Tensor, ridge: float) -> None:
        self._qr = StreamingQR(matrix.shape[1], matrix)
        with work(f"solving {matrix.shape[1]:,} amplitudes") as at:
            self._reflectors = [self._qr.add(matrix, at=at)]
        self.ridge, self._lengths, below = add_ridge(self._qr, ridge)
        self._reflectors += below

    def solve(self, rhs: Tensor, ridge_rhs: Tensor | None = None) -> Tensor:
        """Solve for each b, (M, K) -> (P, K).

        ridge_rhs: h (P, K), for an x that minimises |A x - b|^2 + |ridge D x - h|^2.
        """
        return self._qr.solve(self._rotate(rhs, ridge_rhs)[0])

    def rotated_residual(self, rhs: Tensor, ridge_rhs: Tensor | None = None) -> Tensor:
        """Compute the rotated residual of each b, (M, K) -> (M + P, K): only norms and inner products have meaning."""
        return torch.cat(self._rotate(rhs, ridge_rhs)[1])

    def residual(self, rhs: Tensor, ridge_rhs: Tensor | None = None) -> Tensor:
        """Compute b - A x for each b, and below it h - ridge D x: (M, K) -> (M + P, K). ridge_rhs: as in `solve`."""
        top, below = self._rotate(rhs, ridge_rhs)
        top = torch.zeros_like(top)
        for reflectors, rows in zip(reversed(self._reflectors), reversed(below), strict=True):
            reflectors.rotate_back(top, rows)
        return torch.cat(below)

    def coordinates(self, rows: Tensor) -> Tensor:
        """Transform rows (N, P), of A or of another factor of x, to coordinates z (N, P) in which x has unit variance.

        With W being the system's inverse (A^T A + ridge^2 D^2)^-1, row by row z z^T = a W a^T; of rows of A, the z are
        rows of an orthonormal basis, and z z^T is the influence of b on A x.
        """
        return self._qr.solve_rows(rows)

    def sizes(self, x: Tensor) -> Tensor:
        """Compute D x, (P,): the norm of each parameter's part of A x."""
        return self._lengths * x

    def _rotate(self, rhs: Tensor, ridge_rhs: Tensor | None) -> tuple[Tensor, list[Tensor]]:
        """Q^T [b, h]: the triangle's rows (P, K), and those of each block, (M, K) and (P, K) in all."""
        count = len(self._lengths)
        top, held = rhs.new_zeros(count, rhs.shape[1]), rhs.new_zeros(count, rhs.shape[1])
        if ridge_rhs is not None:
            held = ridge_rhs.clone()
        _, *ridges = self._reflectors
        below = [rhs.clone(), *held.split([len(each.vectors) for each in ridges])]
        for reflectors, rows in zip(self._reflectors, below, strict=True):
            reflectors.rotate(top, rows)
        return top, below


def add_ridge(qr: StreamingQR, ridge: float) -> tuple[float, Tensor, list[Reflectors]]:
    """Add rows ridge D. Returns the ridge, which is at least LEAST_RIDGE units, D's diagonal, (P,), and reflectors."""
    norms = qr.norms()
    lengths = torch.where(norms > 0, norms, 1.0)
    ridge = max(ridge, LEAST_RIDGE * torch.finfo(norms.dtype).eps)
    found = []
    for start in range(0, len(lengths), RIDGE_ROWS):
        some = ridge * lengths[start : start + RIDGE_ROWS]
        rows = some.new_zeros(len(some), len(lengths) - start)
        rows[:, : len(some)] = torch.diag(some)
        found.append(qr.add(rows, start))
    return ridge, lengths, found


class LeastSquares(BaseOptimizer):
    """One step solves for parameters that all misfits are linear in, by rows that are worked out block by block;
    another one at the same points changes nothing."""

    def __init__(self, parameters: list[nn.Parameter], ridge: float) -> None:
        super().__init__(parameters, {"ridge": ridge})
        self._solution: Tensor | None = None  # depends on the points alone, which do not change

    @torch.no_grad()
    def step(self, objective: StepObjective) -> None:  # type: ignore[override]  # a StepObjective in place of a closure
        """Set the parameters to the solution, or leave them if rounding makes it no better."""
        (group,) = self.param_groups
        parameters, start, before = group["params"], gather(group["params"]), objective()
        objective.note = "the last layer is the best that rounding allows"
        if self._solution is None:
            self._solution = solution(objective.blocks, parameters, group["ridge"])
        put(parameters, self._solution)
        if not objective() < before:
            put(parameters, start)


def _within(at: Callable[[float], None], before: float, size: float, part: float) -> None:
    """Report a part of some of the work."""
    at(before + part * size)


def solution(blocks: Blocks, parameters: list[nn.Parameter], ridge: float) -> Tensor:
    """Solve for the parameters of the least misfit, (P,), which are left at zero.

    So the solution is the same from wherever it is looked for.
    """
    put(parameters, torch.zeros_like(gather(parameters)))
    count = sum(parameter.numel() for parameter in parameters)
    top, qr = parameters[0].new_zeros(count, 1), StreamingQR(count, parameters[0])
    with work(f"solving {count:,} amplitudes") as at:
        for residuals, rows, before, size in blocks(parameters):
            reflectors = qr.add(rows, at=partial(_within, at, before, size))
            reflectors.rotate(top, residuals[:, None])
        _, _, reflected = add_ridge(qr, ridge)
        for reflectors in reflected:
            reflectors.rotate(top, top.new_zeros(len(reflectors.vectors), 1))
    return -qr.solve(top)[:, 0]
