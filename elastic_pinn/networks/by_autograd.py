"""Mean squares, Jacobians and curvature of any trial function, by automatic differentiation.

A bounded number of points at a time, so that memory does not grow with their number.

Letters: N points, J jet components, C outputs, E equations a point, K operators, P parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.work import work

if TYPE_CHECKING:
    from elastic_pinn.networks.network import TrialFunction

POINTS_AT_ONCE = 131_072  # on a GPU, so many that its small layers fill it
ROWS_AT_ONCE = 256  # of a Jacobian


class Sums(NamedTuple):
    """Sums of squared misfits (sets,); half their gradients by all tensors (sets, P), and, a set each, by the operator
    (K, J, E, C) and by the coefficients (N, K), or None where these need none."""

    sums: Tensor
    by_tensors: Tensor
    by_operator: list[Tensor]
    by_coefficients: list[Tensor | None]


def sums_of_squares(
    trial: TrialFunction, equations: Sequence[Equations], with_gradients: bool, is_compiled: bool
) -> Sums:
    """See `TrialFunction.sums_of_squares`. Values without gradients are needed now and then, on other points: they are
    not worth a compilation."""
    half_sum = _compiled_half_sum() if is_compiled and with_gradients else _half_sum
    trained = [tensor for tensor in trial.tensors if tensor.requires_grad]
    like = trial.tensors[0]
    sums = like.new_zeros(len(equations))
    by_tensors = like.new_zeros(len(equations), sum(tensor.numel() for tensor in trial.tensors))
    by_operator = [torch.zeros_like(each.operator) for each in equations]
    by_coefficients: list[Tensor | None] = []
    for k, whole in enumerate(equations):
        of_points: list[Tensor] = []
        for each in whole.leaves(POINTS_AT_ONCE):
            with torch.set_grad_enabled(with_gradients):
                half = half_sum(trial, each)
            sums[k] += 2.0 * half.detach()
            if with_gradients:
                inputs = [*trained, each.operator, *([each.coefficients] if each.coefficients.requires_grad else [])]
                found = torch.autograd.grad(half, inputs, allow_unused=True, materialize_grads=True)
                gradients = dict(zip(trained, found, strict=False))
                by_tensors[k] += torch.cat([gradients.get(x, torch.zeros_like(x)).reshape(-1) for x in trial.tensors])
                by_operator[k] += found[len(trained)]
                of_points += found[len(trained) + 1 :]
        by_coefficients.append(torch.cat(of_points) if of_points else None)
    return Sums(sums, by_tensors, by_operator, by_coefficients)


def _half_sum(trial: TrialFunction, equations: Equations) -> Tensor:
    """Half the sum of the squared misfits."""
    return equations.misfit(trial(equations.points, equations.names)).square().sum() / 2.0


@cache
def _compiled_half_sum() -> Any:
    """The same by one compiled graph, replayed on a GPU without launching its kernels one by one."""
    return torch.compile(_half_sum, fullgraph=True, dynamic=False, mode="reduce-overhead")


def jacobian(trial: TrialFunction, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
    """Compute the derivatives of all misfits by some parameters, (N E, P): a backward pass for each row."""
    rows = equations.target.numel()
    found = equations.target.new_zeros(rows, sum(parameter.numel() for parameter in parameters))
    if not parameters:
        return found
    with torch.enable_grad():
        misfits = equations.misfit(trial(equations.points, equations.names)).reshape(-1).unbind()  # (N E,)
    with work(f"working out {found.shape[0]:,} x {found.shape[1]:,} derivatives") as at:
        for row, misfit in enumerate(misfits):
            if row % ROWS_AT_ONCE == 0:
                at(row / rows)
            gradients = torch.autograd.grad(
                misfit, parameters, retain_graph=True, allow_unused=True, materialize_grads=True
            )
            found[row] = torch.cat([gradient.reshape(-1) for gradient in gradients])
    return found


class Curvature:
    """The weighted sum of J^T J, of which a bounded number of rows is there at a time.

    jacobian: of a set of equations, (N E, P). weighted: each set with its weight. count: P.
    """

    def __init__(
        self, jacobian: Callable[[Equations], Tensor], weighted: Sequence[tuple[float, Equations]], count: int
    ) -> None:
        self._jacobian, self._weighted, self._count = jacobian, weighted, count

    def diagonal(self) -> Tensor:
        """The squared lengths of J's columns, (P,)."""
        return self._sum(lambda rows: rows.square().sum(0))

    def __call__(self, step: Tensor) -> Tensor:
        """J^T J step, (P,) -> (P,)."""
        return self._sum(lambda rows: rows.T @ (rows @ step))

    def _sum(self, of_rows: Callable[[Tensor], Tensor]) -> Tensor:
        total = self._weighted[0][1].target.new_zeros(self._count)
        for weight, equations in self._weighted:
            for part in equations.split(ROWS_AT_ONCE):
                total += weight * of_rows(self._jacobian(part))
        return total
