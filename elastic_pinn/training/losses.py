"""The loss: the weighted sum of a problem's statements.

Each counts by the mean, over points, of its squared residual, which is dimensionless and of order one at the start.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import NamedTuple, Protocol, Self

import torch
from torch import Tensor, nn

from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batch, Batches
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.network import CurvatureProduct
from elastic_pinn.physics import Problem
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.statement import Statement
from elastic_pinn.training.config import TrainingConfig

POINTS_AT_ONCE = 1024  # in a block of rows: with fewer, reducing them is slower


class Block(NamedTuple):
    """Some misfits, (B,), and their rows of the Jacobian, (B, P); the part of all rows before them, and their part."""

    residuals: Tensor
    jacobian: Tensor
    before: float
    part: float


class Wavefield(Protocol):
    """What a loss needs of a model."""

    def material(self) -> Moduli:
        """Return lambda, mu, rho, dimensionless."""

    def equations(self, statement: Statement, moduli: Moduli, batch: Batch) -> Equations:
        """Return the linear equations of a statement, for the network's outputs, at the points of a batch."""

    def mean_squares(self, equations: Sequence[Equations], is_compiled: bool) -> Tensor:
        """Compute the mean over points of each set's squared misfit, (sets,)."""


class Loss:
    """The weighted sum of the mean squared residuals of a problem's statements.

    Called with a model and its batches, returns {"total": ..., "pde": ..., ...}: scalar tensors, of which "total" is
    the weighted sum and the others are unweighted, but for the weights of single points.
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
        """Return the linear equations of each statement at the points of its batch, by the points' weights."""
        moduli = model.material()
        return [_of_points(model, statement, moduli, batches[statement.name]) for statement in self.statements]

    def __call__(self, model: Wavefield, batches: Batches) -> dict[str, Tensor]:
        """Evaluate every column for a model at some points."""
        squares = model.mean_squares(self.equations(model, batches), self._is_compiled).unbind()
        sums: dict[str, Tensor] = {}
        for statement, square in zip(self.statements, squares, strict=True):
            column, square = statement.column, statement.counts * square
            sums[column] = sums[column] + square if column in sums else square
        total = torch.stack([weight * sums[column] for column, weight in self.weights.items()]).sum()
        return {"total": total, **sums}

    @torch.no_grad()
    def squares(self, model: Model, batches: Batches) -> dict[str, Tensor]:
        """Compute each statement's squared misfit at each point of its batch, (N,), unweighted, where it has one."""
        moduli, found = model.material(), {}
        for statement in self.statements:
            if batch := batches.get(statement.name):
                found[statement.name] = model.squares(model.equations(statement, moduli, batch))
        return found

    def system(self, model: Model, batches: Batches, parameters: Sequence[nn.Parameter]) -> tuple[Tensor, Tensor]:
        """Compute the weighted misfits (M,), whose squares sum to the total, and their Jacobian (M, P).

        parameters: those of the model that the Jacobian is taken by.
        """
        parts = [self._rows(model, *each, parameters) for each in self._weighted(model, batches)]
        return torch.cat([residuals for residuals, _ in parts]), torch.cat([jacobian for _, jacobian in parts])

    def blocks(self, model: Model, batches: Batches, parameters: Sequence[nn.Parameter]) -> Iterator[Block]:
        """Yield the same rows in blocks, from one of the network's cuts of time to the next: all statements in each."""
        weighted, done = self._weighted(model, batches), 0
        count = sum(equations.target.numel() for _, equations in weighted)
        weights, cut = [weight for weight, _ in weighted], [each.between(model.network.cuts) for _, each in weighted]
        for window in zip(*cut, strict=True):
            for weight, equations in zip(weights, window, strict=True):
                for part in equations.split(POINTS_AT_ONCE):
                    if rows := part.target.numel():
                        yield Block(*self._rows(model, weight, part, parameters), done / count, rows / count)
                        done += rows

    def _rows(
        self, model: Model, weight: float, equations: Equations, parameters: Sequence[nn.Parameter]
    ) -> tuple[Tensor, Tensor]:
        """The weighted misfits of equations and their Jacobian."""
        factor = math.sqrt(weight)
        return factor * model.residuals(equations), model.jacobian(equations, parameters).mul_(factor)

    def rows(self, model: Model, batches: Batches) -> dict[str, slice]:
        """Return the rows of `system` of each statement, by its name."""
        found, start = {}, 0
        for statement, equations in zip(self.statements, self.equations(model, batches), strict=True):
            if self.weights[statement.column]:
                end = start + equations.target.numel()
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
            self.weights[statement.column] * statement.counts / len(each.target)
            for statement, each in zip(self.statements, asked, strict=True)
        ]
        return [(weight, each) for weight, each in zip(weights, asked, strict=True) if weight]


def _of_points(model: Wavefield, statement: Statement, moduli: Moduli, batch: Batch) -> Equations:
    """The equations of a statement, of which each point's count as much as its weight."""
    equations = model.equations(statement, moduli, batch)
    return equations if batch.weights is None else equations.weighted(batch.weights)
