"""The terms of the loss and their weights.

Every term is the mean, over points, of a squared misfit that is dimensionless and of order one at the start.
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
from elastic_pinn.networks.equations import Equations, form_of
from elastic_pinn.networks.jets import components
from elastic_pinn.physics import Displacement, Problem
from elastic_pinn.physics.elasticity import MOTION, STRAIN, Derivatives, residual, traction
from elastic_pinn.physics.material import Moduli
from elastic_pinn.sections import TrainingConfig
from elastic_pinn.training.sampling import Batch, Batches

Left = Callable[[Derivatives, Moduli, Tensor], Tensor]


class Wavefield(Protocol):
    """What a loss looks at."""

    def material(self) -> Moduli:
        """lambda, mu, rho, dimensionless."""

    def mean_squares(self, equations: Sequence[Equations], is_compiled: bool) -> Tensor:
        """The mean over points of each set's squared misfit, (sets,)."""


@dataclass(frozen=True)
class Term:
    """One thing that is asked for: where, by which derivatives, what should equal the target there, and in which column
    it counts. The left side is linear in the derivatives, and in the normals where it looks at them."""

    place: str
    column: str
    wanted: tuple[str, ...]
    left: Left
    looks_at_normals: bool = False

    def equations(self, moduli: Moduli, batch: Batch) -> Equations:
        """What the term asks of a wavefield at some points, in a material."""
        names = components(self.wanted)
        share = batch.normal if self.looks_at_normals else torch.ones_like(batch.points[:, :1])  # (N, K)
        axes = torch.eye(share.shape[1], 2, dtype=share.dtype, device=share.device)  # (K, 2)
        form = form_of(lambda u, normal: self.left(u, moduli, normal), names, axes)
        return Equations(batch.points, names, form, share, batch.target, batch.elsewhere)


def terms(problem: Problem) -> tuple[Term, ...]:
    """All that a problem asks for."""
    found = [Term("interior", "pde", MOTION, _equation)]
    for i, condition in enumerate(problem.boundary):
        asked = ((), _displacement) if isinstance(condition, Displacement) else (STRAIN, traction, True)
        found.append(Term(f"boundary {i}", "boundary", *asked))
    if problem.initial:
        found.append(Term("initial displacement", "initial", (), _displacement))
        found.append(Term("initial velocity", "initial", ("t",), _velocity))
    if problem.receivers:
        found.append(Term("data", "data", (), _displacement))
    return tuple(found)


def _equation(u: Derivatives, moduli: Moduli, normal: Tensor) -> Tensor:
    return residual(u, moduli)


def _displacement(u: Derivatives, moduli: Moduli, normal: Tensor) -> Tensor:
    return u[""]


def _velocity(u: Derivatives, moduli: Moduli, normal: Tensor) -> Tensor:
    return u["t"]


class Loss:
    """The weighted sum of a problem's terms.

    Called with a model and its batches, returns {"total": ..., "pde": ..., ...}: scalar tensors, of which "total" is
    the weighted sum and the others are unweighted.
    """

    def __init__(self, problem: Problem, config: TrainingConfig) -> None:
        self.terms = terms(problem)
        self._is_compiled = config.compile
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

    def equations(self, model: Wavefield, batches: Batches) -> list[Equations]:
        """What each term asks of a model at some points."""
        moduli = model.material()
        return [term.equations(moduli, batches[term.place]) for term in self.terms]

    def __call__(self, model: Wavefield, batches: Batches) -> dict[str, Tensor]:
        """Every column's value for a model at some points."""
        squares = model.mean_squares(self.equations(model, batches), self._is_compiled).unbind()
        sums: dict[str, Tensor] = {}
        for term, square in zip(self.terms, squares, strict=True):
            sums[term.column] = sums[term.column] + square if term.column in sums else square
        total = torch.stack([weight * sums[column] for column, weight in self.weights.items()]).sum()
        return {"total": total, **sums}

    def system(self, model: Model, batches: Batches, parameters: Sequence[nn.Parameter]) -> tuple[Tensor, Tensor]:
        """Misfits (M,), so weighted that their squares add up to the total, and their derivatives by some of the
        model's parameters (M, P)."""
        residuals, jacobians = [], []
        for weight, equations in self._weighted(model, batches):
            residuals.append(math.sqrt(weight) * model.residuals(equations))
            jacobians.append(model.jacobian(equations, parameters).mul_(math.sqrt(weight)))
        return torch.cat(residuals), torch.cat(jacobians)

    def rows(self, batches: Batches) -> dict[str, slice]:
        """Which of the misfits that `system` gives are whose, by place."""
        found, start = {}, 0
        for term in self.terms:
            if self.weights[term.column]:
                end = start + 2 * len(batches[term.place].points)
                found[term.place], start = slice(start, end), end
        return found

    def curvature(self, model: Model, batches: Batches, parameters: Sequence[nn.Parameter]) -> Curvature:
        """J^T J, J being the derivatives that `system` gives, without forming them."""
        return model.curvature(self._weighted(model, batches), parameters)

    def _weighted(self, model: Model, batches: Batches) -> list[tuple[float, Equations]]:
        """What counts, and how much each of its points' squared misfits does."""
        with torch.enable_grad():  # an optimizer's step asks without, but the forms are to tell of the material
            asked = self.equations(model, batches)
        weights = [self.weights[term.column] / len(each.points) for term, each in zip(self.terms, asked, strict=True)]
        return [(weight, each) for weight, each in zip(weights, asked, strict=True) if weight]
