"""Linear equations for the outputs of a network and their derivatives at points.

Each statement of the loss is such a set: the wave equation, a traction, a recorded displacement. All that training
needs of it (mean squares and their gradients, residuals, Jacobians) follows from these few numbers.

Letters: N points, J jet components, E equations a point, C outputs, K operators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from elastic_pinn.networks.jets import Components
from elastic_pinn.physics.elasticity import Derivatives

Linear = Callable[[Derivatives], Tensor]
"""A linear function of the outputs' derivatives, name -> (N, C): (N, E)."""


@dataclass(frozen=True, eq=False)
class Equations:
    """E equations at each of N points, e = 1 ... E:

        sum_k coefficients[n, k] sum_jc operator[k, j, e, c] u[j, n, c] = target[n, e]

    Where an equation ties several points to each other, as on periodic sides, there are M times as many points and
    coefficients, first of all the first ones; the left side is then the sum over an equation's M points.

    Attributes
    ----------
    points : Tensor
        (M N, 3), dimensionless.
    names : tuple of str
        The derivative that each jet component j is.
    operator : Tensor
        (K, J, E, C); gradients reach a homogeneous material through it.
    coefficients : Tensor
        (M N, K); gradients reach a material that varies from point to point through them.
    target : Tensor
        (N, E); it needs gradients where part of the left side is known and has been taken from it.
    n_remote : int
        The number of further points of the same set that other processes evaluate; a mean is over all of them.
    """

    points: Tensor
    names: Components
    operator: Tensor
    coefficients: Tensor
    target: Tensor
    n_remote: int = 0

    @property
    def material_is_beyond_operators(self) -> bool:
        """Whether gradients reach the material through more than the operators."""
        return self.coefficients.requires_grad or self.target.requires_grad

    @property
    def tied(self) -> int:
        """M, the number of points of an equation."""
        return len(self.points) // len(self.target) if len(self.target) else 1

    def misfit(self, jet: Tensor) -> Tensor:
        """Compute left side minus right side for a jet of the outputs, (J, M N, C) -> (N, E)."""
        operators, _, equations, _ = self.operator.shape
        flat = self.operator.permute(1, 3, 0, 2).flatten(0, 1).flatten(1)  # (J C, K E): one product of matrices
        by_operator = (jet.transpose(0, 1).flatten(1) @ flat).unflatten(1, (operators, equations))  # (M N, K, E)
        left = (self.coefficients[:, :, None] * by_operator).sum(1)  # (M N, E)
        return (left if self.tied == 1 else left.view(self.tied, *self.target.shape).sum(0)) - self.target

    def over_ties(self, rows: Tensor) -> Tensor:
        """Sum rows of left sides over the M points of each equation, (M N E, ...) -> (N E, ...)."""
        return rows if self.tied == 1 else rows.view(self.tied, self.target.numel(), *rows.shape[1:]).sum(0)

    def untied(self) -> Equations:
        """Return the left sides alone, an equation for each of the M N points, whose right sides are zero."""
        return replace(self, target=self.target.new_zeros(len(self.points), self.target.shape[1]), n_remote=0)

    def weighted(self, weights: Tensor) -> Equations:
        """Multiply the squared misfits of each equation by its weight, (N,), not negative."""
        factors = weights.sqrt()[:, None]
        return replace(
            self, coefficients=factors.repeat(self.tied, 1) * self.coefficients, target=factors * self.target
        )

    def between(self, cuts: Tensor) -> list[Equations]:
        """Split at dimensionless instants, (I,), in ascending order: I + 1 sets by the first point of each equation."""
        window = torch.bucketize(self.points[: len(self.target), 2].contiguous(), cuts)  # (N,)
        return [self._at((window == i).nonzero()[:, 0]) for i in range(len(cuts) + 1)]

    @torch.enable_grad()  # parts lead to the material as the whole does, within optimizers too
    def _at(self, index: Tensor) -> Equations:
        """Some of the equations, (n,)."""
        starts = len(self.target) * torch.arange(self.tied, device=index.device)
        of_all = (starts[:, None] + index).flatten()  # (M n,)
        return replace(
            self, points=self.points[of_all], coefficients=self.coefficients[of_all], target=self.target[index]
        )

    def split(self, points: int) -> Iterator[Equations]:
        """Split into sets of the equations of at most `points` points."""
        size = max(1, points // self.tied)
        for low in range(0, max(1, len(self.target)), size):
            yield replace(self._rows(slice(low, low + size)), n_remote=0)

    @torch.enable_grad()
    def _rows(self, rows: slice) -> Equations:
        """Some equations that follow each other."""
        points, coefficients = (
            blocks(tensor, len(self.target))[:, rows].flatten(0, 1) for tensor in (self.points, self.coefficients)
        )
        return replace(self, points=points, coefficients=coefficients, target=self.target[rows])

    def leaves(self, points: int) -> Iterator[Equations]:
        """Split as `split`, with operators, and coefficients if they need gradients, that are leaves of a graph."""
        for part in self.split(points):
            coefficients = part.coefficients.detach().requires_grad_(self.coefficients.requires_grad)
            yield replace(part, operator=self.operator.detach().requires_grad_(), coefficients=coefficients)


def blocks(tensor: Tensor, size: int) -> Tensor:
    """The blocks of a tensor (M N, ...), N being `size`: (M, N, ...); one empty block where there are none."""
    return tensor.view(len(tensor) // size if size else 1, size, *tensor.shape[1:])


def operator_of(linear: Sequence[Linear], names: Components, like: Tensor, outputs: int = 2) -> Tensor:
    """The operators of linear functions, (K, J, E, C), by applying them to jets with one component 1 and all others 0.

    like: a tensor of the type and device wanted. outputs: C.
    """
    size = len(names)
    units = torch.eye(outputs * size, dtype=like.dtype, device=like.device).reshape(outputs * size, size, outputs)
    u = dict(zip(names, units.unbind(1), strict=True))  # each (J C, C)
    found = torch.stack([function(u) for function in linear])  # (K, J C, E), a row for each j and c
    return found.reshape(len(linear), size, outputs, -1).transpose(2, 3)
