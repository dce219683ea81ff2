"""Known vector fields: functions (x, y, t) of float64 tensors (N,), in m and s, that return (N, 2) in SI units."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError

Field = Callable[[Tensor, Tensor, Tensor], Tensor]

COARSE = ("float16", "bfloat16")  # three digits, and small values become zero


def evaluate(field: Field | None, points: Tensor) -> Tensor:
    """Evaluate a field at points (N, 3) with columns x, y, t: (N, 2); zero where there is no field.

    The field is given copies, so that an operation in place changes no points. It returns (N, 2), or its two
    components, each (N,) or one number. Raises ProblemError, naming the field and what is legal, for anything else and
    for values that are not finite.
    """
    if field is None:
        return points.new_zeros(len(points), 2)
    values = values_of(field, *points.unbind(1)).detach().to(points.device, points.dtype, copy=True)
    finite = torch.isfinite(values).all(1)  # (N,)
    if not finite.all():
        x, y, t = points[~finite][0].tolist()
        raise ProblemError(
            f"{name_of(field)}(x, y, t) returned values that are not finite inside the domain: at x = {x:g} m, "
            f"y = {y:g} m, t = {t:g} s, for one"
        )
    return values


def name_of(field: Callable[..., Any] | None) -> str:
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


def values_of(field: Field, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
    """The field's values (N, 2) at copies of its arguments (N,), with gradients where there are any."""
    found: Any = field(x.clone(), y.clone(), t.clone())
    said, needed = f"{name_of(field)}(x, y, t) returned", f"({len(x)}, 2) is needed for {len(x)} points"
    if found is None:
        raise ProblemError(f"{said} None, where {needed}: is its `return` missing?")
    is_pair = isinstance(found, tuple | list) and len(found) == 2
    if fault := next(filter(None, map(fault_of, found if is_pair else [found])), ""):
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


def fault_of(value: Any) -> str:
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
