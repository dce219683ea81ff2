"""A sum of fields, each times an amplitude: what waves and potentials are, and what a network is to its last layer.

Letters: N points, J jet components, C fields, E equations a point, U unknowns of the material.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.jets import Components
from elastic_pinn.networks.progress import work
from elastic_pinn.networks.trial_function import TrialFunction

POINTS_AT_ONCE = 512  # so that the jets of all fields at them stay small


class LinearTrial(TrialFunction):
    """A trial function that is linear in some of its numbers, its amplitudes."""

    @abstractmethod
    def by_amplitudes(self, equations: Equations) -> Tensor:
        """Compute the derivatives of all misfits by the amplitudes, (N E, C)."""


class Superposition(LinearTrial):
    """A sum of fields whose jets are known in closed form.

    Attributes
    ----------
    amplitudes
        (C,).
    what
        What the fields are, for the report of the progress.
    """

    amplitudes: Tensor
    what: ClassVar[str]

    @abstractmethod
    def fields(self, points: Tensor, names: Components) -> Tensor:
        """Evaluate the jet of each field at dimensionless points (N, 3), (J, N, 2, C), differentiable by all `tensors`
        but the amplitudes."""

    def __call__(self, points: Tensor, names: Components) -> Tensor:
        """The jet of the displacement at dimensionless points (N, 3), (J, N, 2)."""
        parts = [self.fields(part, names) @ self.amplitudes for part in points.split(POINTS_AT_ONCE)]
        return torch.cat(parts, dim=1)

    @torch.no_grad()
    def by_amplitudes(self, equations: Equations) -> Tensor:
        """Compute the derivatives of all misfits by the amplitudes, (N E, C)."""
        found: list[Tensor] = []
        with work(f"working out {equations.target.numel():,} x {len(self.amplitudes):,} {self.what}") as at:
            for i, part in enumerate(equations.split(POINTS_AT_ONCE)):
                at(i * POINTS_AT_ONCE / max(1, len(equations.points)))
                operator = torch.einsum("nk,kjed->njed", part.coefficients, part.operator)
                fields = self.fields(part.points, part.names)  # (J, N, 2, C)
                rows = torch.einsum("njed,jndc->nec", operator, fields).flatten(0, 1)  # (M N E, C)
                found.append(part.over_ties(rows))
        return torch.cat(found)


def by_amplitudes_and_unknowns(
    trial: LinearTrial, equations: Equations, by_amplitudes: bool, unknowns: Sequence[nn.Parameter]
) -> Tensor:
    """Compute the derivatives of all misfits by the amplitudes, if wanted, and by unknowns, (N E, C + U)."""
    if not unknowns:  # not copied: it may be large
        none = equations.target.new_zeros(equations.target.numel(), 0)
        return trial.by_amplitudes(equations) if by_amplitudes else none
    found = [trial.by_amplitudes(equations)] if by_amplitudes else []
    return torch.cat([*found, by_unknowns(trial, equations, unknowns)], dim=1)


def by_unknowns(trial: TrialFunction, equations: Equations, unknowns: Sequence[nn.Parameter]) -> Tensor:
    """Compute the derivatives of all misfits by unknowns, each a number, (N E, U).

    A backward pass gives w^T d misfits / d unknown for any w, linear in w: its derivative by w is the column.
    """
    with torch.enable_grad():
        misfits = equations.misfit(trial(equations.points, equations.names)).reshape(-1)  # (N E,)
        w = torch.zeros_like(misfits, requires_grad=True)
        products = torch.autograd.grad(misfits, unknowns, w, create_graph=True, materialize_grads=True)
        columns = [
            torch.autograd.grad(product, w, retain_graph=True, materialize_grads=True)[0] for product in products
        ]
    return torch.stack(columns, dim=1)
