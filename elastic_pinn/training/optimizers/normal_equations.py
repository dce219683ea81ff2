"""The linear model of the misfits at the present parameters, which gives the step for a damping.

    (J^T J + damping D) step = -J^T r,   D = diag(J^T J)

By the matrix if it is small enough, else by products with it alone. Letters: M misfits r, P parameters, J (M, P).
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from elastic_pinn.networks.network import CurvatureProduct
from elastic_pinn.networks.progress import work

ENOUGH = 1e-2  # residual of conjugate gradients, relative to the gradient: the model is only valid near here
MOST_PRODUCTS = 200


class LinearModel(Protocol):
    """The model that a step is computed from."""

    def solve(self, damping: float) -> tuple[Tensor, float]:
        """Compute the step (P,) and the predicted decrease of the squared misfits; NaN if rounding leaves no step."""


class CholeskyModel:
    """By Cholesky's factors of J^T J, or of the smaller J J^T where there are fewer misfits than parameters."""

    def __init__(self, residuals: Tensor, jacobian: Tensor) -> None:
        lengths = torch.linalg.vector_norm(jacobian, dim=0)  # (P,)
        self._lengths = torch.where(lengths > 0, lengths, 1.0)
        self._scaled = jacobian.div_(self._lengths)  # in place: it is the largest array
        self._residuals, self._gradient = residuals, self._scaled.T @ residuals  # (M,), (P,)
        self._is_wide = jacobian.shape[0] < jacobian.shape[1]
        self._matrix = gram(self._scaled.T if self._is_wide else self._scaled)

    def solve(self, damping: float) -> tuple[Tensor, float]:
        """Compute the step and the predicted decrease: see LinearModel."""
        damped = self._matrix.clone()
        damped.diagonal().add_(damping)
        factor, failed = torch.linalg.cholesky_ex(damped)
        if failed:
            return torch.full_like(self._gradient, torch.nan), torch.nan
        if self._is_wide:
            step = -self._scaled.T @ torch.cholesky_solve(self._residuals[:, None], factor)[:, 0]  # (P,)
        else:
            step = -torch.cholesky_solve(self._gradient[:, None], factor)[:, 0]
        predicted = step @ (damping * step - self._gradient)
        return step / self._lengths, predicted.item()


class MatrixFreeModel:
    """By conjugate gradients on products with J^T J, scaled so that its diagonal is 1: however early they end, the
    step decreases the loss, and is no longer than the damping allows. Source: Nocedal and Wright, Numerical
    Optimization, 2006, section 7.1."""

    def __init__(self, gradient: Tensor, curvature: CurvatureProduct) -> None:
        lengths = curvature.diagonal().sqrt()  # (P,)
        self._lengths = torch.where(lengths > 0, lengths, 1.0)
        self._gradient, self._curvature = gradient / self._lengths, curvature

    def solve(self, damping: float) -> tuple[Tensor, float]:
        """Compute the step and the predicted decrease: see LinearModel."""
        step = torch.zeros_like(self._gradient)
        left = -self._gradient  # the residual of the linear system
        direction, size = left.clone(), left @ left
        enough = ENOUGH**2 * size
        with work(f"looking for a step of {len(step):,} parameters by conjugate gradients") as at:
            for done in range(MOST_PRODUCTS):
                if size <= enough:
                    break
                at(done / MOST_PRODUCTS)
                product = self._curvature(direction / self._lengths) / self._lengths + damping * direction
                length = size / (direction @ product)
                step += length * direction
                left -= length * product
                before, size = size, left @ left
                direction = left + size / before * direction
        predicted = step @ (left + damping * step - self._gradient)
        return step / self._lengths, predicted.item()


def gram(matrix: Tensor) -> Tensor:
    """Compute matrix^T matrix, (M, P) -> (P, P)."""
    if matrix.device.type == "cpu":  # NumPy detects that the product is symmetric, and does half the work
        array = matrix.numpy()
        return torch.from_numpy(array.T @ array)
    return matrix.T @ matrix
