"""Linear equations that a displacement and its derivatives are to meet at points.

Each term of the loss is such a set: the wave equation, a traction, a recorded displacement. All that training needs of
it (mean squares and their gradients, residuals, Jacobians) follows from these few numbers.

Letters: N points, J jet components, K forms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from elastic_pinn.networks.jets import Components
from elastic_pinn.physics.elasticity import Derivatives

Linear = Callable[[Derivatives, Tensor], Tensor]
"""A linear function of a displacement's derivatives, name -> (N, 2), and linear in unit normals (N, 2) where it looks
at them: (N, 2)."""


@dataclass(frozen=True)
class Equations:
    """Two equations at each of N points, i = 1, 2:

        sum_k share[n, k] sum_jc form[k, j, i, c] u[j, n, c] = target[n, i]

    points: (N, 3), dimensionless; names: what each jet component j is; form: (K, J, 2, 2), through which gradients
    reach the material; share: (N, K); target: (N, 2); elsewhere: how many points more a mean is over, which other
    processes look at.
    """

    points: Tensor
    names: Components
    form: Tensor
    share: Tensor
    target: Tensor
    elsewhere: int = 0

    def misfit(self, jet: Tensor) -> Tensor:
        """Left side minus right side for the jet of a displacement, (J, N, 2) -> (N, 2)."""
        return torch.einsum("nk,kjic,jnc->ni", self.share, self.form, jet) - self.target

    def split(self, points: int) -> Iterator[Equations]:
        """The same equations, at most so many points at a time, with a form that gradients can be asked for."""
        form = self.form.detach().requires_grad_()
        rows = zip(*(tensor.split(points) for tensor in (self.points, self.share, self.target)), strict=True)
        return (Equations(where, self.names, form, share, target) for where, share, target in rows)


def form_of(linear: Linear, names: Components, normals: Tensor) -> Tensor:
    """The numbers of a linear function, found by applying it to jets of which one component is 1 and all others 0.

    normals: (K, 2), one for each form. Returns (K, J, 2, 2).
    """
    size = len(names)
    units = torch.eye(2 * size, dtype=normals.dtype, device=normals.device).reshape(2 * size, size, 2)
    u = dict(zip(names, units.unbind(1), strict=True))  # each (2 J, 2)
    forms = [linear(u, normal.expand(2 * size, 2)) for normal in normals]  # each (2 J, 2), a row for each j and c
    return torch.stack(forms).reshape(len(normals), size, 2, 2).transpose(2, 3)
