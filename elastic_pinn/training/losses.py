"""The terms of the loss and their weights.

Every term is the mean, over points, of a squared misfit that is dimensionless and of order one at the start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from elastic_pinn.config import TrainingConfig
from elastic_pinn.networks import Model
from elastic_pinn.physics import Displacement, Problem
from elastic_pinn.physics.elasticity import MOTION, STRAIN, Derivatives, residual, traction
from elastic_pinn.physics.material import Moduli
from elastic_pinn.training.sampling import Batch, Batches

Misfit = Callable[[Derivatives, Moduli, Batch], Tensor]


@dataclass(frozen=True)
class Term:
    """One thing that is asked for: where, by which derivatives, with what misfit (N, 2), and in which column it
    counts."""

    place: str
    column: str
    wanted: tuple[str, ...]
    misfit: Misfit


def terms(problem: Problem) -> tuple[Term, ...]:
    """All that a problem asks for."""
    found = [Term("interior", "pde", MOTION, _equation)]
    for i, condition in enumerate(problem.boundary):
        prescribed = isinstance(condition, Displacement)
        found.append(Term(f"boundary {i}", "boundary", *(((), _displacement) if prescribed else (STRAIN, _traction))))
    if problem.initial:
        found.append(Term("initial displacement", "initial", (), _displacement))
        found.append(Term("initial velocity", "initial", ("t",), _velocity))
    if problem.receivers:
        found.append(Term("data", "data", (), _displacement))
    return tuple(found)


def _equation(u: Derivatives, moduli: Moduli, batch: Batch) -> Tensor:
    return residual(u, moduli, batch.target)


def _displacement(u: Derivatives, moduli: Moduli, batch: Batch) -> Tensor:
    return u[""] - batch.target


def _velocity(u: Derivatives, moduli: Moduli, batch: Batch) -> Tensor:
    return u["t"] - batch.target


def _traction(u: Derivatives, moduli: Moduli, batch: Batch) -> Tensor:
    return traction(u, moduli, batch.normal) - batch.target


class Loss:
    """The weighted sum of a problem's terms.

    Called with a model and its batches, returns {"total": ..., "pde": ..., ...}: scalar tensors, of which "total" is
    the weighted sum and the others are unweighted.
    """

    def __init__(self, problem: Problem, config: TrainingConfig) -> None:
        self.terms = terms(problem)
        weights = {
            "pde": config.weight_pde,
            "boundary": config.weight_boundary,
            "initial": config.weight_initial,
            "data": config.weight_data,
        }
        self.weights: Mapping[str, float] = {term.column: weights[term.column] for term in self.terms}

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of what a call returns."""
        return ("total", *self.weights)

    def __call__(self, model: Model, batches: Batches) -> dict[str, Tensor]:
        """Every column's value for a model at some points."""
        moduli = model.material()
        sums = dict.fromkeys(self.weights, torch.zeros((), dtype=model.dtype, device=moduli[0].device))
        for term in self.terms:
            batch = batches[term.place]
            misfit = term.misfit(model.derivatives(batch.points, term.wanted), moduli, batch)  # (N, 2)
            sums[term.column] = sums[term.column] + misfit.square().sum(1).mean()
        total = torch.stack([weight * sums[column] for column, weight in self.weights.items()]).sum()
        return {"total": total, **sums}
