"""What holds at the edge of the domain and at its first instant.

A condition's value is a function (x, y, t) of float64 tensors (N,), in m and s, that returns (N, 2) in SI units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from elastic_pinn.physics.domain import SIDES
from elastic_pinn.physics.errors import ProblemError

Field = Callable[[Tensor, Tensor, Tensor], Tensor]


def evaluate(field: Field | None, points: Tensor) -> Tensor:
    """A field's values (N, 2) at points (N, 3) with columns x, y, t; zero where there is no field.

    Raises ProblemError, naming the shape that came, if the field does not return finite values (N, 2).
    """
    if field is None:
        return points.new_zeros(len(points), 2)
    values = torch.as_tensor(field(*points.unbind(1)), dtype=points.dtype)
    name = getattr(field, "__name__", type(field).__name__)
    if values.shape != (len(points), 2):
        raise ProblemError(
            f"{name}(x, y, t) returned shape {tuple(values.shape)} for {len(points)} points, "
            f"where ({len(points)}, 2) is needed"
        )
    if not torch.isfinite(values).all():
        raise ProblemError(f"{name}(x, y, t) returned values that are not finite inside the domain")
    return values


@dataclass(frozen=True)
class Displacement:
    """Prescribed displacement (Dirichlet) on some sides; m; no value: clamped."""

    value: Field | None = None
    sides: tuple[str, ...] = SIDES

    def __post_init__(self) -> None:
        _check_sides(self.sides)


@dataclass(frozen=True)
class Traction:
    """Prescribed traction sigma n (Neumann) on some sides; Pa; no value: a free surface."""

    value: Field | None = None
    sides: tuple[str, ...] = SIDES

    def __post_init__(self) -> None:
        _check_sides(self.sides)


BoundaryCondition = Displacement | Traction


@dataclass(frozen=True)
class Initial:
    """Displacement (m) and velocity (m/s) at the window's first instant; what is not given is zero."""

    displacement: Field | None = None
    velocity: Field | None = None

    @classmethod
    def of(cls, wavefield: Field) -> Self:
        """The start of a known wavefield, which must be made of torch operations: its velocity is its derivative by
        t."""

        def velocity(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
            # torch.func would do this too, and import torch's compiler for it, which takes longer than a short run.
            with torch.enable_grad():
                time = t.detach().requires_grad_()
                values = wavefield(x, y, time)  # (N, 2); each point has a time of its own
            if not values.requires_grad:  # it stands still
                return torch.zeros_like(values)
            rates = [torch.autograd.grad(values[:, i].sum(), time, retain_graph=True)[0] for i in range(2)]
            return torch.stack(rates, dim=1)

        return cls(wavefield, velocity)


def _check_sides(sides: tuple[str, ...]) -> None:
    if not sides or set(sides) - set(SIDES):
        raise ProblemError(f"sides = {sides!r}: legal are any of {', '.join(SIDES)}")
