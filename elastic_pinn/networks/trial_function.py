"""A network in a material: its outputs as a function of the coordinates, whose jets are all that has to be known.

Letters: N points, J jet components, C outputs, E equations a point, K operators, P parameters.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.jets import Components, components

POINTS_AT_ONCE = 131_072  # so that memory does not grow with their number; so many that small layers fill a GPU


class Sums(NamedTuple):
    """Sums of squared misfits (sets,); half their gradients by all tensors (sets, P), and, a set each, by the operator
    (K, J, E, C) and by the coefficients (N, K), or None where these need none."""

    sums: Tensor
    by_tensors: Tensor
    by_operator: list[Tensor]
    by_coefficients: list[Tensor | None]


class TrialFunction(ABC):
    """A network in a material: its outputs as a function of the coordinates."""

    @property
    def points_at_once(self) -> int:
        """Of which sums of squares and their gradients are worked out in one go."""
        return POINTS_AT_ONCE

    @property
    @abstractmethod
    def tensors(self) -> tuple[Tensor, ...]:
        """All tensors that the outputs depend on and that gradients may be needed by."""

    @abstractmethod
    def __call__(self, points: Tensor, names: Components) -> Tensor:
        """Evaluate the jet of the outputs at dimensionless points (N, 3), (J, N, C), differentiable by `tensors`."""

    @torch.no_grad()
    def without_gradients(self, points: Tensor, names: Components) -> Tensor:
        """Evaluate the same jet at many points, (J, N, C), up to rounding."""
        return self(points, names).detach()  # it may be by automatic differentiation itself

    def sums_of_squares(self, equations: Sequence[Equations], with_gradients: bool, is_compiled: bool) -> Sums:
        """Compute each set's sum of squared misfits, and half of its gradients, by automatic differentiation.

        is_compiled: whether torch may compile the work. Values without gradients are rarely needed, and on other
        points: they are not worth a compilation.
        """
        half_sum = _compiled_half_sum() if is_compiled and with_gradients else _half_sum
        found = [self._sums_of(each, half_sum, with_gradients) for each in equations]
        sums, by_tensors, by_operator, by_coefficients = zip(*found, strict=True)
        return Sums(torch.stack(sums), torch.stack(by_tensors), list(by_operator), list(by_coefficients))

    def _sums_of(
        self, whole: Equations, half_sum: Callable[[TrialFunction, Equations], Tensor], with_gradients: bool
    ) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """The parts of `Sums` of one set of equations, a bounded number of points at a time."""
        tensors, of_points = self.tensors, []
        total, by_tensors = tensors[0].new_zeros(()), tensors[0].new_zeros(sum(tensor.numel() for tensor in tensors))
        by_operator = torch.zeros_like(whole.operator)
        for each in whole.leaves(self.points_at_once):
            with torch.set_grad_enabled(with_gradients):
                half = half_sum(self, each)
            total += 2.0 * half.detach()
            if with_gradients:
                inputs = [tensor for tensor in (*tensors, each.operator, each.coefficients) if tensor.requires_grad]
                found = torch.autograd.grad(half, inputs, allow_unused=True, materialize_grads=True)
                gradients = dict(zip(inputs, found, strict=True))
                by_tensors += torch.cat([gradients.get(x, torch.zeros_like(x)).reshape(-1) for x in tensors])
                by_operator += gradients[each.operator]
                of_points += [gradients[each.coefficients]] if each.coefficients in gradients else []
        if not of_points:
            return total, by_tensors, by_operator, None
        of_blocks = [each.view(whole.tied, -1, each.shape[1]) for each in of_points]  # each (M, n, K)
        return total, by_tensors, by_operator, torch.cat(of_blocks, dim=1).flatten(0, 1)

    def over_time(self, places: Tensor, times: Tensor, names: Components) -> Tensor:
        """Evaluate the jet at places (N, 2) at each of some times (T,), without gradients, (J, T, N, C)."""
        points = torch.cat([places.repeat(len(times), 1), times.repeat_interleave(len(places))[:, None]], dim=1)
        return self.without_gradients(points, names).unflatten(1, (len(times), len(places)))

    def on_grids(self, x: Tensor, y: Tensor, times: Tensor, wanted: Iterable[str]) -> Iterator[dict[str, Tensor]]:
        """Evaluate what `on_grid` gives at each of some times (T,)."""
        wanted = tuple(wanted)
        return (self.on_grid(x, y, t, wanted) for t in times.tolist())

    def on_grid(self, x: Tensor, y: Tensor, t: float, wanted: Iterable[str]) -> dict[str, Tensor]:
        """Evaluate the outputs and their wanted derivatives on a grid x (G,) by y (H,) at one time, without gradients.

        Returns name -> (G H, C), x first.
        """
        names = components(wanted)
        points = torch.cartesian_prod(x, y, x.new_tensor([t]))  # (G H, 3)
        with torch.no_grad():
            return dict(zip(names, self(points, names).unbind(0), strict=True))


def _half_sum(trial: TrialFunction, equations: Equations) -> Tensor:
    """Half the sum of the squared misfits."""
    return equations.misfit(trial(equations.points, equations.names)).square().sum() / 2.0


@cache
def _compiled_half_sum() -> Any:
    """The same by one compiled graph, replayed on a GPU without launching its kernels one by one."""
    return torch.compile(_half_sum, fullgraph=True, dynamic=False, mode="reduce-overhead")
