"""The loss: the weighted sum of a problem's statements.

Each counts by the mean, over points, of its squared residual, which is dimensionless and of order one at the start.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Protocol, Self

import torch
from torch import Tensor, nn

from elastic_pinn.networks import Model
from elastic_pinn.networks.equations import Equations, operator_of
from elastic_pinn.networks.jets import components
from elastic_pinn.networks.network import CurvatureProduct
from elastic_pinn.physics import Problem
from elastic_pinn.physics.elasticity import Derivatives, Normal
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.statement import Statement
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.sampling import Batch, Batches


class Wavefield(Protocol):
    """What a loss needs of a model."""

    def material(self) -> Moduli:
        """Return lambda, mu, rho, dimensionless."""

    def mean_squares(self, equations: Sequence[Equations], is_compiled: bool) -> Tensor:
        """Compute the mean over points of each set's squared misfit, (sets,)."""


def equations_of(statement: Statement, moduli: Moduli, batch: Batch) -> Equations:
    """Return the linear equations of a statement at the points of a batch.

    The operators are those of each pair of an entry of the moduli and an entry of the normal, and the pair's product is
    the coefficient; where the moduli are the same everywhere, they are in the operators. Of several materials, the
    operators are those of each region, on its pair of outputs, and the region's weight is a factor of the coefficient.
    """
    names, one = components(statement.derivatives), torch.ones_like(batch.points[:, 0])  # (N,)
    media, of_media, regions = [moduli], [one], 1
    if batch.moduli is not None and statement.moduli:
        media = [Moduli(**{entry: 1.0}) for entry in statement.moduli]
        of_media = [getattr(batch.moduli, entry) for entry in statement.moduli]
    elif batch.regions is not None:
        regions, of_media = batch.regions.shape[1], list(batch.regions.unbind(1))
        media = [moduli.at(region) for region in range(regions)]
    normals, of_normals = [Normal()], [one]
    if statement.normals:
        normals, normal = [Normal(**{entry: 1.0}) for entry in statement.normals], Normal.of(batch.normal)
        of_normals = [getattr(normal, entry) for entry in statement.normals]
    linear = [
        lambda u, r=r, m=m, n=n: statement.operator(_pair(u, r) if regions > 1 else u, m, n)
        for r, m in enumerate(media)
        for n in normals
    ]
    coefficients = torch.stack([m * n for m in of_media for n in of_normals], dim=1)  # (N, K)
    if len(batch.points) > len(batch.target):  # images are there
        signs = coefficients.new_tensor([1.0, statement.image_sign]).repeat_interleave(len(batch.target))  # (2 N,)
        coefficients = signs[:, None] * coefficients
    operator = operator_of(linear, names, coefficients, 2 * regions)
    return Equations(batch.points, names, operator, coefficients, batch.target, batch.n_remote)


def _pair(u: Derivatives, region: int) -> Derivatives:
    """The pair of outputs of a region, name -> (N, 2), of those of all regions, (N, 2 R)."""
    return {name: values[:, 2 * region : 2 * region + 2] for name, values in u.items()}


class Loss:
    """The weighted sum of the mean squared residuals of a problem's statements.

    Called with a model and its batches, returns {"total": ..., "pde": ..., ...}: scalar tensors, of which "total" is
    the weighted sum and the others are unweighted.
    """

    def __init__(self, problem: Problem, config: TrainingConfig) -> None:
        self.statements = problem.statements
        self._is_compiled = config.compile
        self.weights: Mapping[str, float] = {
            statement.column: getattr(config, f"weight_{statement.column}") for statement in self.statements
        }

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of what a call returns."""
        return ("total", *self.weights)

    def balanced(self, factors: Mapping[str, float]) -> Self:
        """Return the same loss with the weights of some columns multiplied by their factors."""
        other = copy(self)
        other.weights = {column: weight * factors.get(column, 1.0) for column, weight in self.weights.items()}
        return other

    def equations(self, model: Wavefield, batches: Batches) -> list[Equations]:
        """Return the linear equations of each statement at the points of its batch."""
        moduli = model.material()
        return [equations_of(statement, moduli, batches[statement.name]) for statement in self.statements]

    def __call__(self, model: Wavefield, batches: Batches) -> dict[str, Tensor]:
        """Evaluate every column for a model at some points."""
        squares = model.mean_squares(self.equations(model, batches), self._is_compiled).unbind()
        sums: dict[str, Tensor] = {}
        for statement, square in zip(self.statements, squares, strict=True):
            column = statement.column
            sums[column] = sums[column] + square if column in sums else square
        total = torch.stack([weight * sums[column] for column, weight in self.weights.items()]).sum()
        return {"total": total, **sums}

    @torch.no_grad()
    def squares(self, model: Model, batches: Batches) -> dict[str, Tensor]:
        """Compute each statement's squared misfit at each point of its batch, (N,), unweighted, where it has one."""
        moduli, found = model.material(), {}
        for statement in self.statements:
            if batch := batches.get(statement.name):
                found[statement.name] = model.squares(equations_of(statement, moduli, batch))
        return found

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
        """Return the rows of `system` of each statement, by its name."""
        found, start = {}, 0
        for statement in self.statements:
            if self.weights[statement.column]:
                end = start + batches[statement.name].target.numel()
                found[statement.name], start = slice(start, end), end
        return found

    def curvature(self, model: Model, batches: Batches, parameters: Sequence[nn.Parameter]) -> CurvatureProduct:
        """Return J^T J of the Jacobian of `system`, without forming J."""
        return model.curvature(self._weighted(model, batches), parameters)

    def _weighted(self, model: Model, batches: Batches) -> list[tuple[float, Equations]]:
        """The equations with a weight above 0, each with the weight of one point's squared residual."""
        with torch.enable_grad():  # through the operators gradients reach the material, within optimizers too
            asked = self.equations(model, batches)
        weights = [
            self.weights[statement.column] / len(each.target)
            for statement, each in zip(self.statements, asked, strict=True)
        ]
        return [(weight, each) for weight, each in zip(weights, asked, strict=True) if weight]
