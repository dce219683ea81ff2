"""Values and derivatives of a network in one forward pass.

A *jet* carries, beside each value, the derivatives along the coordinates that are needed, and every layer maps jets to
jets by the chain rule (Taylor mode, forward mode of second order). Training then needs one ordinary
backward pass instead of autograd nested three deep. Source: Griewank and Walther, Evaluating Derivatives, SIAM 2008,
chapter 13.

Letters: J jet components, N points, C channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

AXES = "xyt"
MOST = 3  # derivatives of one component: the second ones of what is itself a first one

Components = tuple[str, ...]
"""Names of derivatives in jet order: "" is the value, "t" the first derivative by t, "xy" the mixed second one."""


def components(wanted: Iterable[str]) -> Components:
    """Return the components of a jet that holds all of `wanted`: the value, then first, second and third derivatives.

    Raises ValueError for a name that is not made of at most three of the letters x, y and t.
    """
    wanted = tuple(wanted)
    for name in wanted:
        if len(name) > MOST or not set(name) <= set(AXES):
            raise ValueError(
                f"no such derivative: {name!r}; legal are one to {MOST} of the letters x, y, t, as in 't' or 'xy'"
            )
    names = {in_order(name) for name in wanted}
    names |= {part for name in names if len(name) == MOST for part in (name[:2], name[1:], name[0] + name[2])}
    firsts = {axis for name in names for axis in name}
    of_order = (sorted(name for name in names if len(name) == order) for order in (2, MOST))
    return ("", *sorted(firsts, key=AXES.find), *chain.from_iterable(of_order))


def in_order(name: str) -> str:
    """Return a derivative's name in the order of jets, as "xyt" for "txy"."""
    return "".join(sorted(name, key=AXES.find))


def seed(points: Tensor, names: Components, scale: Tensor) -> Tensor:
    """Return the jet of the coordinates themselves, each axis divided by its scale.

    points: (N, 3), columns x, y, t; scale: (3,), so that a derivative by the network's input times 1 / scale is one
    by the point's coordinate. Returns (J, N, 3).
    """
    jet = points.new_zeros(len(names), *points.shape)  # (J, N, 3)
    jet[0] = points / scale
    for j, name in enumerate(names):
        if len(name) == 1:
            axis = AXES.index(name)
            jet[j, :, axis] = 1.0 / scale[axis]
    return jet


class _Linear(torch.autograd.Function):
    """z = x W^T, and + b on the value, with the backward pass written out.

    Written out because autograd would copy the whole jet for the bias.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        z = torch.matmul(x, weight.T)  # (J, N, D)
        z[0] += bias
        return z

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        by_x = torch.matmul(g, weight) if ctx.needs_input_grad[0] else None  # (J, N, C)
        by_weight = g.flatten(0, 1).T @ x.flatten(0, 1)  # (D, C)
        return by_x, by_weight, g[0].sum(0)


def linear(jet: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Apply an affine layer to a jet: the bias is added to the value only. (J, N, C) -> (J, N, D)."""
    return _Linear.apply(jet, weight, bias)


ScalarDerivatives = Callable[[Tensor], Iterator[Tensor]]
"""A scalar function's value and first three derivatives at a tensor of arguments, each computed when it is needed."""


def tanh_derivatives(z: Tensor) -> Iterator[Tensor]:
    """Yield tanh and its first three derivatives, all from one evaluation."""
    f = torch.tanh(z)
    yield f
    f1 = 1.0 - f * f
    yield f1
    yield -2.0 * f * f1
    yield f1 * (6.0 * f * f - 2.0)


def sin_derivatives(z: Tensor) -> Iterator[Tensor]:
    """Yield sin and its first three derivatives."""
    s = torch.sin(z)
    yield s
    c = torch.cos(z)
    yield c
    yield -s
    yield -c


def swish_derivatives(z: Tensor) -> Iterator[Tensor]:
    """Yield z s(z), with s the logistic function, and its first three derivatives, by s' = s (1 - s)."""
    s = torch.sigmoid(z)
    yield z * s
    s1 = s * (1.0 - s)
    yield s + z * s1
    s2 = s1 * (1.0 - 2.0 * s)
    yield 2.0 * s1 + z * s2
    yield 3.0 * s2 + z * s1 * (1.0 - 6.0 * s1)


class _Elementwise(torch.autograd.Function):
    """y = f(z) on jets: y_a = f' z_a and y_ab = f' z_ab + f'' z_a z_b, with the backward pass written out.

    Written out because autograd would keep every intermediate product: here only z and the derivatives of f are kept,
    and of these one more than the jet's order.
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor, names: Components, derivatives: ScalarDerivatives) -> Tensor:
        order = max(len(name) for name in names)
        f, *slopes = islice(derivatives(z[0]), order + 2)  # each (N, C)
        ctx.save_for_backward(z, *slopes)
        ctx.names = names
        y = z * slopes[0]  # (J, N, C)
        y[0] = f
        for j, (a, b) in seconds(names):
            y[j].addcmul_(slopes[1] * z[a], z[b])
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None, None]:
        z, f1, *higher = ctx.saved_tensors
        grad = g * f1  # (J, N, C)
        if higher:
            grad[0].addcmul_(higher[0], (g[1:] * z[1:]).sum(0))
        for j, (a, b) in seconds(ctx.names):
            by_f2 = g[j] * higher[0]  # (N, C)
            grad[a].addcmul_(by_f2, z[b])
            grad[b].addcmul_(by_f2, z[a])
            grad[0].addcmul_(higher[1] * g[j], z[a] * z[b])
        return grad, None, None


def seconds(names: Components) -> list[tuple[int, tuple[int, int]]]:
    """Return the index of each second derivative and those of its two first derivatives."""
    return [(j, (names.index(name[0]), names.index(name[1]))) for j, name in enumerate(names) if len(name) == 2]


def elementwise(jet: Tensor, names: Components, derivatives: ScalarDerivatives) -> Tensor:
    """Apply a scalar function to each channel of a jet. (J, N, C) -> (J, N, C)."""
    if len(names[-1]) == MOST:
        return _of_third_order(jet, names, derivatives)
    return _Elementwise.apply(jet, names, derivatives)


def _of_third_order(z: Tensor, names: Components, derivatives: ScalarDerivatives) -> Tensor:
    """The same of jets with third derivatives, y_abc = f' z_abc + f'' (z_ab z_c + z_ac z_b + z_bc z_a)
    + f''' z_a z_b z_c, by operations that torch can differentiate: only evaluations need it."""
    at, (f, f1, f2, f3) = dict(zip(names, z, strict=True)), derivatives(z[0])  # each (N, C)
    found = {"": f}
    for name in names[1:]:
        a, b, c = name[:1], name[1:2], name[2:]
        found[name] = f1 * at[name]
        if c:
            by_pairs = at[a + b] * at[c] + at[a + c] * at[b] + at[b + c] * at[a]
            found[name] = found[name] + f2 * by_pairs + f3 * at[a] * at[b] * at[c]
        elif b:
            found[name] = found[name] + f2 * at[a] * at[b]
    return torch.stack(list(found.values()))


class _Product(torch.autograd.Function):
    """y = u v on jets: y_a = u_a v + u v_a and y_ab = u_ab v + u v_ab + u_a v_b + u_b v_a, with the backward pass
    written out.

    Written out because autograd would keep a copy of a jet for each of its products: here only u and v are kept.
    """

    @staticmethod
    def forward(ctx: Any, u: Tensor, v: Tensor, names: Components) -> Tensor:
        ctx.save_for_backward(u, v)
        ctx.names = names
        y = u * v[0]  # (J, N, C)
        y[1:].addcmul_(u[0].expand_as(v[1:]), v[1:])
        for j, (a, b) in seconds(names):
            y[j].addcmul_(u[a], v[b]).addcmul_(u[b], v[a])
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        u, v = ctx.saved_tensors
        by_u, by_v = (_by_factor(g, other, ctx.names) if needed else None
                      for other, needed in zip((v, u), ctx.needs_input_grad[:2], strict=True))  # fmt: skip
        return by_u, by_v, None


def _by_factor(g: Tensor, other: Tensor, names: Components) -> Tensor:
    """The gradient by one factor of a product from that by the product, (J, N, C), and the other factor."""
    found = g * other[0]  # (J, N, C)
    found[0] += (g[1:] * other[1:]).sum(0)
    for j, (a, b) in seconds(names):
        found[a].addcmul_(g[j], other[b])
        found[b].addcmul_(g[j], other[a])
    return found


def product(one: Tensor, other: Tensor, names: Components) -> Tensor:
    """Multiply two jets channel by channel, by Leibniz's rule. (J, N, C), (J, N, C) -> (J, N, C).

    Raises ValueError for third derivatives.
    """
    if len(names[-1]) == MOST:
        raise ValueError(f"a product of jets with {names[-1]!r}: only with first and second derivatives")
    return _Product.apply(one, other, names)
