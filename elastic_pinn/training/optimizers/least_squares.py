"""Linear least squares for parameters that the misfits are linear in: the last layer of a network.

The system is a tall matrix, solved by Householder's QR: normal equations would square its condition number, and lose
half of the digits. A ridge, tiny relative to the columns, makes combinations of features unique that the points do not
determine.

Letters: M misfits, P parameters, K right-hand sides.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elastic_pinn.networks.progress import work
from elastic_pinn.training.optimizers.base import BaseOptimizer
from elastic_pinn.training.optimizers.flat import gather, put
from elastic_pinn.training.step_objective import StepObjective

LEAST_RIDGE = 100  # units in the last place
COLUMNS_AT_ONCE = 128


class RidgeQR:
    """The QR factorisation of A (M, P) with a ridge, for x that minimises |A x - b|^2 + |ridge D x|^2.

    D is diagonal, the norms of A's columns. For M < P, the ridge makes x unique. A is overwritten, to save memory. The
    ridge is well above rounding in any case, since the remainder of a feature that is a combination of others is
    nothing but rounding.
    """

    def __init__(self, matrix: Tensor, ridge: float) -> None:
        lengths = torch.linalg.vector_norm(matrix, dim=0)  # (P,)
        self._lengths = torch.where(lengths > 0, lengths, 1.0)
        self.ridge = max(ridge, LEAST_RIDGE * torch.finfo(matrix.dtype).eps)
        ridge_rows = self.ridge * torch.eye(matrix.shape[1], dtype=matrix.dtype, device=matrix.device)
        tall = torch.cat([matrix.div_(self._lengths).T, ridge_rows], dim=1).T  # (M + P, P), column by column
        self._reflectors, self._tau = tall, _reflect(tall)

    def solve(self, rhs: Tensor, ridge_rhs: Tensor | None = None) -> Tensor:
        """Solve for each b, (M, K) -> (P, K).

        ridge_rhs: h (P, K), for an x that minimises |A x - b|^2 + |ridge D x - h|^2.
        """
        count = len(self._lengths)
        rotated = self._rotate(rhs, ridge_rhs)[:count]
        return torch.linalg.solve_triangular(self._reflectors[:count], rotated, upper=True) / self._lengths[:, None]

    def rotated_residual(self, rhs: Tensor, ridge_rhs: Tensor | None = None) -> Tensor:
        """Compute the rotated residual of each b, (M, K) -> (M, K): only norms and inner products are meaningful."""
        return self._rotate(rhs, ridge_rhs)[len(self._lengths) :]

    def residual(self, rhs: Tensor, ridge_rhs: Tensor | None = None) -> Tensor:
        """Compute b - A x for each b, and below it h - ridge D x: (M, K) -> (M + P, K). ridge_rhs: as in `solve`."""
        rotated = self._rotate(rhs, ridge_rhs)
        rotated[: len(self._lengths)] = 0.0
        return torch.ormqr(self._reflectors, self._tau, rotated, left=True, transpose=False)

    def coordinates(self, rows: Tensor) -> Tensor:
        """Transform rows (N, P), of A or of another factor of x, to coordinates z (N, P) in which x has unit variance.

        With W being the system's inverse (A^T A + ridge^2 D^2)^-1, row by row z z^T = a W a^T; of rows of A, the z are
        rows of an orthonormal basis, and z z^T is the influence of b on A x.
        """
        triangle = self._reflectors[: len(self._lengths)]
        return torch.linalg.solve_triangular(triangle, rows / self._lengths, upper=True, left=False)

    def sizes(self, x: Tensor) -> Tensor:
        """Compute D x, (P,): the norm of each parameter's part of A x."""
        return self._lengths * x

    def _rotate(self, rhs: Tensor, ridge_rhs: Tensor | None) -> Tensor:
        """Q^T [b, h], (M, K) -> (M + P, K)."""
        ridge_rows = rhs.new_zeros(len(self._lengths), rhs.shape[1]) if ridge_rhs is None else ridge_rhs
        return torch.ormqr(self._reflectors, self._tau, torch.cat([rhs, ridge_rows]), left=True, transpose=True)


def _reflect(matrix: Tensor) -> Tensor:
    """Householder's QR in place, as torch.geqrf leaves it, but some columns at a time. Returns the factors tau (P,).

    The reflectors of some columns make one product I - V T V^T, applied to all columns to their right at once, as in
    LAPACK; by T's inverse, diag(1 / tau) and the strict upper triangle of V^T V (Puglisi, SIAM J. Sci. Stat. Comput.
    13, 1992).
    """
    rows, count = matrix.shape
    factors = matrix.new_empty(count)
    with work(f"solving {count:,} amplitudes") as at:
        for low in range(0, count, COLUMNS_AT_ONCE):
            at(1.0 - _operations(rows - low, count - low) / _operations(rows, count))
            here = slice(low, low + COLUMNS_AT_ONCE)
            columns, rest = matrix[low:, here], matrix[low:, here.stop :]
            reflectors, factors[here] = torch.geqrf(columns)
            columns.copy_(reflectors)
            v = reflectors.tril(-1)
            v.diagonal().fill_(1.0)
            inverse = torch.triu(v.T @ v, 1) + torch.diag(1.0 / factors[here])
            rest.addmm_(v, torch.linalg.solve_triangular(inverse.T, v.T @ rest, upper=False), alpha=-1.0)
    return factors


def _operations(rows: int, columns: int) -> float:
    """The operations of Householder's QR (Golub and Van Loan, Matrix Computations, 2013, section 5.2)."""
    return 2.0 * columns**2 * (rows - columns / 3.0)


def refine(objective: StepObjective, parameters: list[nn.Parameter], factored: RidgeQR) -> Tensor:
    """Set the parameters to the solution, or leave them if rounding makes it no better; return the loss there."""
    before, start = objective(), gather(parameters)
    residuals, _ = objective.system([])  # (M,)
    put(parameters, start - factored.solve(residuals[:, None])[:, 0])
    after = objective()
    if after < before:
        return after
    put(parameters, start)
    return before


class LeastSquares(BaseOptimizer):
    """One step solves for parameters that all misfits are linear in; another one at the same points only refines the
    last digits, with the same factorisation."""

    def __init__(self, parameters: list[nn.Parameter], ridge: float) -> None:
        super().__init__(parameters, {"ridge": ridge})
        self._factored: RidgeQR | None = None  # depends on the points alone, which do not change

    @torch.no_grad()
    def step(self, objective: StepObjective) -> None:  # type: ignore[override]  # a StepObjective in place of a closure
        """Solve for the parameters."""
        (group,) = self.param_groups
        if self._factored is None:
            _, matrix = objective.system(group["params"])  # (M, P)
            self._factored = RidgeQR(matrix, group["ridge"])
        refine(objective, group["params"], self._factored)
        objective.note = "the last layer is the best that rounding allows"
