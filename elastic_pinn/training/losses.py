"""The statements that a loss is made of, and their weights.

Every statement adds the mean over its points of a squared residual, which is dimensionless and of order one at the
start.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from elastic_pinn.networks import Model
from elastic_pinn.networks.curvature import Curvature
from elastic_pinn.networks.equations import Equations, operator_of
from elastic_pinn.networks.jets import components
from elastic_pinn.physics import Displacement, Problem
from elastic_pinn.physics.elasticity import MOTION, STRAIN, Derivatives, residual, traction
from elastic_pinn.physics.material import Moduli
from elastic_pinn.sections import TrainingConfig
from elastic_pinn.training.sampling import Batch, Batches

LinearOperator = Callable[[Derivatives, Moduli, Tensor], Tensor]


class Wavefield(Protocol):
    """What a loss needs of a model."""

    def material(self) -> Moduli:
        """Return lambda, mu, rho, dimensionless."""

    def mean_squares(self, equations: Sequence[Equations], is_compiled: bool) -> Tensor:
        """Compute the mean over points of each set's squared misfit, (sets,)."""


@dataclass(frozen=True)
class Statement:
    """One thing that a wavefield u must satisfy: residual = operator(u) - target = 0 at sampled points.

    Attributes
    ----------
    place : str
        Where: the name of the batch with the points, their targets and normals.
    column : str
        The column of the loss that its mean square is added to.
    derivatives : tuple of str
        The derivatives of u that the operator needs.
    operator : callable
        (u, moduli, normals (N, 2)) -> (N, 2), linear in u, and in the normals if it uses them.
    uses_normals : bool
        Whether the operator depends on the normals.
    """

    place: str
    column: str
    derivatives: tuple[str, ...]
    operator: LinearOperator
    uses_normals: bool = False

    def equations(self, moduli: Moduli, batch: Batch) -> Equations:
        """Return the linear equations of the statement at the points of a batch, in a material."""
        names = components(self.derivatives)
        coefficients = batch.normal if self.uses_normals else torch.ones_like(batch.points[:, :1])  # (N, K)
        axes = torch.eye(coefficients.shape[1], 2, dtype=coefficients.dtype, device=coefficients.device)  # (K, 2)
        operator = operator_of(lambda u, normal: self.operator(u, moduli, normal), names, axes)
        return Equations(batch.points, names, operator, coefficients, batch.target, batch.n_remote)


def statements(problem: Problem) -> tuple[Statement, ...]:
    """List all statements of a problem."""
    found = [Statement("interior", "pde", MOTION, _equation)]
    for i, condition in enumerate(problem.boundary):
        needs = ((), _displacement) if isinstance(condition, Displacement) else (STRAIN, traction, True)
        found.append(Statement(f"boundary {i}", "boundary", *needs))
    if problem.initial:
        found.append(Statement("initial displacement", "initial", (), _displacement))
        found.append(Statement("initial velocity", "initial", ("t",), _velocity))
    if problem.receivers:
        found.append(Statement("data", "data", (), _displacement))
    return tuple(found)


def _equation(u: Derivatives, moduli: Moduli, normal: Tensor) -> Tensor:
    return residual(u, moduli)


def _displacement(u: Derivatives, moduli: Moduli, normal: Tensor) -> Tensor:
    return u[""]


def _velocity(u: Derivatives, moduli: Moduli, normal: Tensor) -> Tensor:
    return u["t"]


class Loss:
    """The weighted sum of the mean squared residuals of a problem's statements.

    Called with a model and its batches, returns {"total": ..., "pde": ..., ...}: scalar tensors, of which "total" is
    the weighted sum and the others are unweighted.
    """

    def __init__(self, problem: Problem, config: TrainingConfig) -> None:
        self.statements = statements(problem)
        self._is_compiled = config.compile
        weights = {
            "pde": config.weight_pde,
            "boundary": config.weight_boundary,
            "initial": config.weight_initial,
            "data": config.weight_data,
        }
        self.weights: Mapping[str, float] = {each.column: weights[each.column] for each in self.statements}

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of what a call returns."""
        return ("total", *self.weights)

    def equations(self, model: Wavefield, batches: Batches) -> list[Equations]:
        """Return the linear equations of each statement at the points of its batch."""
        moduli = model.material()
        return [statement.equations(moduli, batches[statement.place]) for statement in self.statements]

    def __call__(self, model: Wavefield, batches: Batches) -> dict[str, Tensor]:
        """Evaluate every column for a model at some points."""
        squares = model.mean_squares(self.equations(model, batches), self._is_compiled).unbind()
        sums: dict[str, Tensor] = {}
        for statement, square in zip(self.statements, squares, strict=True):
            sums[statement.column] = sums[statement.column] + square if statement.column in sums else square
        total = torch.stack([weight * sums[column] for column, weight in self.weights.items()]).sum()
        return {"total": total, **sums}

    def system(self, model: Model, batches: Batches, parameters: Sequence[nn.Parameter]) -> tuple[Tensor, Tensor]:
        """Compute the weighted misfits (M,), whose squares sum to the total, and their Jacobian (M, P).

        parameters: those of the model that the Jacobian is taken by.
        """
        residuals, jacobians = [], []
        for weight, equations in self._weighted(model, batches):
            residuals.append(math.sqrt(weight) * model.residuals(equations))
            jacobians.append(model.jacobian(equations, parameters).mul_(math.sqrt(weight)))
        return torch.cat(residuals), torch.cat(jacobians)

    def rows(self, batches: Batches) -> dict[str, slice]:
        """Return the rows of `system` of each place."""
        found, start = {}, 0
        for statement in self.statements:
            if self.weights[statement.column]:
                end = start + 2 * len(batches[statement.place].points)
                found[statement.place], start = slice(start, end), end
        return found

    def curvature(self, model: Model, batches: Batches, parameters: Sequence[nn.Parameter]) -> Curvature:
        """Return J^T J of the Jacobian of `system`, without forming J."""
        return model.curvature(self._weighted(model, batches), parameters)

    def _weighted(self, model: Model, batches: Batches) -> list[tuple[float, Equations]]:
        """The equations with a weight above 0, each with the weight of one point's squared residual."""
        with torch.enable_grad():  # optimizers run without gradients, but the operators depend on the material
            equations = self.equations(model, batches)
        pairs = zip(self.statements, equations, strict=True)
        weighted = [(self.weights[statement.column] / len(each.points), each) for statement, each in pairs]
        return [(weight, each) for weight, each in weighted if weight]
