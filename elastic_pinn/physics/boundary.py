"""Conditions at the boundary of the domain and at its first instant.

A condition's value is a function (x, y, t) of float64 tensors (N,), in m and s, that returns (N, 2) in SI units.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.domain import SIDES, Domain
from elastic_pinn.physics.errors import ProblemError

Field = Callable[[Tensor, Tensor, Tensor], Tensor]

COARSE = ("float16", "bfloat16")  # three digits, and small values become zero
RATES = 64  # points where a derivative is compared with finite differences


def evaluate(field: Field | None, points: Tensor) -> Tensor:
    """Evaluate a field at points (N, 3) with columns x, y, t: (N, 2); zero where there is no field.

    The field is given copies, so that an operation in place changes no points. It returns (N, 2), or its two
    components, each (N,) or one number. Raises ProblemError, naming the field and what is legal, for anything else and
    for values that are not finite.
    """
    if field is None:
        return points.new_zeros(len(points), 2)
    values = _called(field, *points.unbind(1)).detach().to(points.device, points.dtype, copy=True)
    finite = torch.isfinite(values).all(1)  # (N,)
    if not finite.all():
        x, y, t = points[~finite][0].tolist()
        raise ProblemError(
            f"{name_of(field)}(x, y, t) returned values that are not finite inside the domain: at x = {x:g} m, "
            f"y = {y:g} m, t = {t:g} s, for one"
        )
    return values


def name_of(field: Field | None) -> str:
    """Return the name of a field in messages and figures."""
    if field is None:
        return "0"
    while isinstance(field, partial):
        field = field.func
    name = getattr(field, "__name__", type(field).__name__)
    return f"{name} of line {field.__code__.co_firstlineno}" if name == "<lambda>" else name


def require_field(field: Any, role: str) -> None:
    """Raise ProblemError where something cannot be a field: no function, or one of other arguments than x, y, t."""
    if field is None:
        return
    if not callable(field) or isinstance(field, type | torch.nn.Module):
        raise ProblemError(f"{role} is a {type(field).__name__}, where a function (x, y, t) -> (N, 2) is needed")
    try:
        inspect.signature(field).bind(None, None, None)
    except TypeError:
        raise ProblemError(f"{role}: {name_of(field)} takes other arguments than (x, y, t)") from None
    except ValueError:  # a function without a signature
        return


def _called(field: Field, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
    """The field's values (N, 2) at copies of its arguments (N,), with gradients where there are any."""
    found: Any = field(x.clone(), y.clone(), t.clone())
    said, needed = f"{name_of(field)}(x, y, t) returned", f"({len(x)}, 2) is needed for {len(x)} points"
    if found is None:
        raise ProblemError(f"{said} None, where {needed}: is its `return` missing?")
    is_pair = isinstance(found, tuple | list) and len(found) == 2
    if fault := next(filter(None, map(_fault_of, found if is_pair else [found])), ""):
        raise ProblemError(f"{said} {fault}")
    try:
        values = _side_by_side(_tensor(found[0]), _tensor(found[1]), len(x)) if is_pair else _tensor(found)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ProblemError(f"{said} a {type(found).__name__} that holds no values, where {needed} ({error})") from None
    if values.is_complex():
        raise ProblemError(f"{said} complex values, where real ones are needed: take their real part")
    if values.shape != (len(x), 2):
        hint = ": stack the components along dim=1" if values.shape == (2, len(x)) else ""
        raise ProblemError(f"{said} shape {tuple(values.shape)}, where {needed}{hint}")
    return values


def _tensor(value: Any) -> Tensor:
    """Numbers of any type as a tensor, in double precision where they have no precision of their own."""
    return value.to_dense() if isinstance(value, Tensor) else torch.as_tensor(np.asarray(value))


def _fault_of(value: Any) -> str:
    """Explain why a field may not return such numbers; "" where it may."""
    if np.ma.is_masked(value):
        return "masked values, where one is needed at each point"
    if (kind := str(getattr(value, "dtype", "")).removeprefix("torch.")) in COARSE:
        return f"{kind}, which has three digits and makes small values zero: calculate in double precision"
    return ""


def _side_by_side(u_x: Tensor, u_y: Tensor, n: int) -> Tensor:
    """Components, each (n,) or one number, as (n, 2)."""
    dtype = torch.promote_types(u_x.dtype, u_y.dtype)
    return torch.stack([u_x.to(dtype).expand(n), u_y.to(dtype).expand(n)], dim=1)


class _Condition:
    """The common part of the boundary conditions."""

    value: Field | None
    sides: tuple[str, ...]

    def __post_init__(self) -> None:
        require_field(self.value, f"the value of a {type(self).__name__}")
        sides = (self.sides,) if isinstance(self.sides, str) else tuple(self.sides or ())
        if not sides or any(side not in SIDES for side in sides) or len(set(sides)) < len(sides):
            raise ProblemError(f"sides = {self.sides!r}: legal are any of {', '.join(SIDES)}, each once")
        object.__setattr__(self, "sides", sides)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({name_of(self.value)}, sides={self.sides})"


@dataclass(frozen=True, repr=False)
class Displacement(_Condition):
    """Prescribed displacement (Dirichlet) on some sides; m; no value: clamped."""

    value: Field | None = None
    sides: tuple[str, ...] = SIDES


@dataclass(frozen=True, repr=False)
class Traction(_Condition):
    """Prescribed traction sigma n (Neumann) on some sides; Pa; no value: a free surface."""

    value: Field | None = None
    sides: tuple[str, ...] = SIDES


BoundaryCondition = Displacement | Traction


@dataclass(frozen=True, repr=False)
class Initial:
    """Displacement (m) and velocity (m/s) at the window's first instant; zero if not given."""

    displacement: Field | None = None
    velocity: Field | None = None

    def __post_init__(self) -> None:
        require_field(self.displacement, "the initial displacement")
        require_field(self.velocity, "the initial velocity")

    def __repr__(self) -> str:
        return f"Initial({name_of(self.displacement)}, velocity={name_of(self.velocity)})"

    @classmethod
    def of(cls, wavefield: Field) -> Self:
        """Make the initial condition of a known wavefield, by its value and its derivative by t.

        The wavefield must be made of torch operations.
        """
        require_field(wavefield, "the wavefield of an Initial")
        return cls(wavefield, Rate(wavefield))

    def require_true_rates(self, domain: Domain) -> None:
        """Raise ProblemError if the velocity is the derivative of a wavefield that torch cannot differentiate."""
        if isinstance(self.velocity, Rate):
            self.velocity.require_true(domain)


@dataclass(frozen=True)
class Rate:
    """The derivative of a wavefield by t, as automatic differentiation finds it: m/s."""

    wavefield: Field

    @property
    def __name__(self) -> str:
        return f"d/dt {name_of(self.wavefield)}"

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Evaluate the derivative (N, 2). Raises ProblemError where the wavefield is made of operations of NumPy."""
        # torch.func would do this too, and import torch's compiler for it, which takes longer than a short run.
        try:
            with torch.enable_grad():
                time = t.detach().requires_grad_()
                values = _called(self.wavefield, x, y, time)  # (N, 2); each point has a time of its own
        except RuntimeError as error:
            if "numpy" in str(error):
                raise ProblemError(self._advice) from None
            raise
        if not values.requires_grad:  # constant in time
            return torch.zeros_like(values)
        rates = [
            torch.autograd.grad(values[:, i].sum(), time, retain_graph=True, materialize_grads=True)[0] for i in (0, 1)
        ]
        return torch.stack(rates, dim=1)

    def require_true(self, domain: Domain) -> None:
        """Raise ProblemError if finite differences in time contradict the derivative.

        The derivative of a wavefield that leaves torch on its way, as by `.detach()`, would be wrong in silence.
        """
        cube = torch.rand(RATES, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        points = domain.interior(0.1 + 0.8 * cube)  # (N, 3)
        step = (points.new_tensor([0.0, 0.0, 1.0]) * (domain.high - domain.low)) * 1e-4
        coarse, fine = (
            (evaluate(self.wavefield, points + h) - evaluate(self.wavefield, points - h)) / (2.0 * h[2])
            for h in (step, step / 2.0)
        )
        size = fine.abs()
        resolved = (size > 0.0) & ((coarse - fine).abs() <= 1e-3 * size)  # (N, 2): others are inaccurate
        wrong = resolved & ((evaluate(self, points) - fine).abs() > 0.1 * size)
        if (wrong.sum(0) > resolved.sum(0) / 2.0).any():
            raise ProblemError(self._advice)

    @property
    def _advice(self) -> str:
        return (
            f"Initial.of({name_of(self.wavefield)}): torch cannot find its derivative by t, for it does not calculate "
            "with torch alone: use torch.sin and the like, or give Initial(displacement, velocity)"
        )
