"""Linear equations for a displacement and its derivatives at points.

Each statement of the loss is such a set: the wave equation, a traction, a recorded displacement. All that training
needs of it (mean squares and their gradients, residuals, Jacobians) follows from these few numbers.

Letters: N points, J jet components, K operators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elastic_pinn.networks.jets import Components
from elastic_pinn.physics.elasticity import Derivatives

Linear = Callable[[Derivatives], Tensor]
"""A linear function of a displacement's derivatives, name -> (N, 2): (N, 2)."""


@dataclass(frozen=True)
class Equations:
    """Two equations at each of N points, i = 1, 2:

        sum_k coefficients[n, k] sum_jc operator[k, j, i, c] u[j, n, c] = target[n, i]

    Attributes
    ----------
    points : Tensor
        (N, 3), dimensionless.
    names : tuple of str
        The derivative that each jet component j is.
    operator : Tensor
        (K, J, 2, 2); gradients reach the material through it.
    coefficients : Tensor
        (N, K).
    target : Tensor
        (N, 2).
    n_remote : int
        The number of further points of the same set that other processes evaluate; a mean is over all of them.
    """

    points: Tensor
    names: Components
    operator: Tensor
    coefficients: Tensor
    target: Tensor
    n_remote: int = 0

    def misfit(self, jet: Tensor) -> Tensor:
        """Compute left side minus right side for the jet of a displacement, (J, N, 2) -> (N, 2)."""
        return torch.einsum("nk,kjic,jnc->ni", self.coefficients, self.operator, jet) - self.target

    def split(self, points: int) -> Iterator[Equations]:
        """Split into sets of at most `points` points, with an operator that requires gradients."""
        operator = self.operator.detach().requires_grad_()
        rows = zip(*(tensor.split(points) for tensor in (self.points, self.coefficients, self.target)), strict=True)
        return (Equations(where, self.names, operator, coefficients, target) for where, coefficients, target in rows)


def operator_of(linear: Sequence[Linear], names: Components, like: Tensor) -> Tensor:
    """The operators of linear functions, (K, J, 2, 2), by applying them to jets with one component 1 and all others 0.

    like: a tensor of the type and device wanted.
    """
    size = len(names)
    units = torch.eye(2 * size, dtype=like.dtype, device=like.device).reshape(2 * size, size, 2)
    u = dict(zip(names, units.unbind(1), strict=True))  # each (2 J, 2)
    found = torch.stack([function(u) for function in linear])  # (K, 2 J, 2), a row for each j and c
    return found.reshape(len(linear), size, 2, 2).transpose(2, 3)
