"""Conditions that hold exactly, whatever the network's weights: start and sides where the displacement is prescribed.

    u = g + D N

N are the outputs; D vanishes on the sides that hold, of first order, and at the start of second order; g takes what is
prescribed there into the window. With P_x, P_y, P_t taking values on sides, and displacement and velocity at the start,
linearly into the window,

    g = (1 - (1 - P_x) (1 - P_y) (1 - P_t)) u

needs u where it is prescribed only. Its parts are kept as Chebyshev series, so that a state needs no function to be
made again.

Sources: Lagaris, Likas and Fotiadis, IEEE Transactions on Neural Networks 9, 1998; of the sum of the parts Gordon and
Hall, Numerische Mathematik 21, 1973; of the series Trefethen, Approximation Theory and Approximation Practice, 2013.

Letters: N points, J jet components, E equations a point, K operators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, combinations, product
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.utils.weak import WeakIdKeyDictionary

from elastic_pinn.networks import jets
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.jets import AXES, Components, in_order
from elastic_pinn.networks.trial_function import TrialFunction
from elastic_pinn.physics import Displacement, Plate, Problem, ProblemError, Rectangle
from elastic_pinn.physics.fields import Field, evaluate

ENDS = {("x", -1.0): "left", ("x", 1.0): "right", ("y", -1.0): "bottom", ("y", 1.0): "top"}
NODES = (8, 16, 32, 64, 128)  # of a series along an axis, tried one after another
EXACT = 1e-11  # of the problem's displacement: what a series may miss
AGREE = 1e-6  # of it: what conditions may differ by where they meet
FEW = 199  # points at which a series is compared


@dataclass(frozen=True)
class End:
    """Where a condition holds: along which axis, at -1 or 1, and there of the velocity (1) or the displacement (0)."""

    axis: str
    at: float
    rate: int = 0


class Held(nn.Module):
    """What conditions make of a network's outputs. All is dimensionless.

    orders: of the zeros of D at left, right, bottom, top and start, (5,). extent: (3,), half the window's. terms: the
    coefficients of Chebyshev series of x, y, t, each in -1 to 1, of which g is the sum, each (A, B, C, 2).
    """

    orders: Tensor

    def __init__(self, orders: Tensor, extent: Sequence[float], terms: Sequence[Tensor]) -> None:
        super().__init__()
        self.register_buffer("orders", orders)
        for number, term in enumerate(terms, 1):
            self.register_buffer(f"term_{number}", term)
        self.extent, self._terms = tuple(extent), len(terms)
        self._known = WeakIdKeyDictionary()

    def __getstate__(self) -> dict[str, Any]:
        """For copies and pickles: without what is known of points, which belongs to their tensors here."""
        return super().__getstate__() | {"_known": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state | {"_known": WeakIdKeyDictionary()})

    @classmethod
    def of(cls, problem: Problem, conditions: Sequence[str]) -> Self:
        """Make it of a problem's start, its sides, or both.

        Raises ProblemError where there is no such condition, where conditions do not agree, and for values that no
        series of 128 terms along an axis follows.
        """
        given = _Prescribed.of(problem, conditions)
        orders = [float(End(*key) in given.sides) for key in ENDS] + [2.0 * given.has_start]
        held = cls(torch.tensor(orders, dtype=torch.float64), problem.scales.extent, list(given.terms()))
        given.require_agreement(held)
        return held

    def displacement(self, trial: TrialFunction) -> TrialFunction:
        """Return the displacement that the outputs of a trial function make."""
        return _Holding(trial, self)

    def asked(self, equations: Equations) -> Equations:
        """Return the equations for N of equations for u: D's derivatives are factors, and what g has of the left side
        is taken from the right one, through which gradients then reach an unknown material too."""
        names = equations.names
        factor, known = self.jets(equations.points, names)  # (J, N, 1), (J, N, 2)
        products = equations.operator.new_tensor(_products(names))  # (J, J, J)
        operator = torch.einsum("djp,kjec->dkpec", products, equations.operator).flatten(0, 1)  # (J K, J, E, C)
        coefficients = (factor * equations.coefficients).transpose(0, 1).flatten(1)  # (N, J K)
        return replace(equations, operator=operator, coefficients=coefficients, target=-equations.misfit(known))

    @torch.no_grad()
    def jets(self, points: Tensor, names: Components) -> tuple[Tensor, Tensor]:
        """Evaluate the jets of D, (J, N, 1), and of g, (J, N, 2), at dimensionless points (N, 3)."""
        of_points = self._known.setdefault(points, {})
        if names not in of_points:
            of_points[names] = self._factor(points, names), self._sum(points, names)
        return of_points[names]

    def _factor(self, points: Tensor, names: Components) -> Tensor:
        left, right, bottom, top, start = self.orders.tolist()
        polynomials = (_vanishing(left, right), _vanishing(bottom, top), _vanishing(start, 0.0))
        return torch.stack(list(self._series(points, names, polynomials)))[..., None].to(points)

    def _sum(self, points: Tensor, names: Components) -> Tensor:
        found = points.new_zeros(len(names), len(points), 2, dtype=torch.float64)
        for number in range(1, self._terms + 1):
            found += self._of_term(points, names, getattr(self, f"term_{number}"))
        return found.to(points)

    def _of_term(self, points: Tensor, names: Components, term: Tensor) -> Tensor:
        """The jet of one series, (J, N, 2)."""
        bases = [self._bases(points, i, size) for i, size in enumerate(term.shape[:3])]  # each (3, N, A)
        found = []
        for name in names:
            x, y, t = (basis[name.count(axis)] for basis, axis in zip(bases, AXES, strict=True))
            of_time = torch.einsum("nc,abcd->nabd", t, term) if len(term[0, 0]) > 1 else term[:, :, 0][None]
            found.append(torch.einsum("na,nb,nabd->nd", x, y, of_time.expand(len(points), -1, -1, -1)))
        return torch.stack(found)

    def _bases(self, points: Tensor, axis: int, size: int) -> Tensor:
        """Chebyshev polynomials and their first two derivatives by a coordinate, (3, N, A)."""
        s = points[:, axis].double() / self.extent[axis]
        return _chebyshev(s, size) / self.extent[axis] ** s.new_tensor([0.0, 1.0, 2.0])[:, None, None]

    def _series(self, points: Tensor, names: Components, series: Sequence[Tensor]) -> Iterator[Tensor]:
        """The jet of a product of a series of x, one of y and one of t, each (N,)."""
        values = [
            self._bases(points, i, len(each)) @ each.to(points.device) for i, each in enumerate(series)
        ]  # each (3, N)
        for name in names:
            x, y, t = (value[name.count(axis)] for value, axis in zip(values, AXES, strict=True))
            yield x * y * t


class _Holding(TrialFunction):
    """g + D N of a trial function N."""

    def __init__(self, trial: TrialFunction, held: Held) -> None:
        self._trial, self._held = trial, held

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Those of the trial function."""
        return self._trial.tensors

    def __call__(self, points: Tensor, names: Components) -> Tensor:
        """The jet of the displacement at dimensionless points (N, 3), (J, N, 2)."""
        return self._of(self._trial(points, names), points, names)

    @torch.no_grad()
    def without_gradients(self, points: Tensor, names: Components) -> Tensor:
        """The same by the trial function's way without gradients."""
        return self._of(self._trial.without_gradients(points, names), points, names)

    def _of(self, jet: Tensor, points: Tensor, names: Components) -> Tensor:
        factor, known = self._held.jets(points, names)
        return jets.product(factor.expand_as(jet), jet, names) + known


@dataclass(frozen=True)
class _Prescribed:
    """What a problem prescribes on whole sides, and at the start."""

    problem: Problem
    sides: Mapping[End, Field | None]
    has_start: bool

    @classmethod
    def of(cls, problem: Problem, conditions: Sequence[str]) -> Self:
        outline = problem.domain.shape.outline if isinstance(problem.domain.shape, Plate) else problem.domain.shape
        if not isinstance(outline, Rectangle) or problem.domain.is_static:
            raise ProblemError("hard_conditions are of wavefields in rectangles, with or without holes: leave them out")
        if problem.unknown_pulses:
            raise ProblemError("hard_conditions are of one pulse, and of an unknown one several add up: leave them out")
        if problem.inclusions:
            raise ProblemError("hard_conditions are of one solid, and the problem has inclusions: leave them out")
        of_sides = _sides(problem) if "sides" in conditions else {}
        if "sides" in conditions and not of_sides:
            raise ProblemError("hard_conditions = 'sides': the displacement of no whole side is prescribed")
        if "start" in conditions and problem.initial is None:
            raise ProblemError("hard_conditions = 'start': the problem has no initial condition")
        return cls(problem, of_sides, "start" in conditions)

    @property
    def axes(self) -> dict[str, list[End]]:
        """The ends along each axis that has any."""
        found = {axis: [end for end in self.sides if end.axis == axis] for axis in "xy"}
        found["t"] = [End("t", -1.0, rate) for rate in (0, 1)] if self.has_start else []
        return {axis: ends for axis, ends in found.items() if ends}

    def terms(self) -> Iterator[Tensor]:
        """Yield the parts of g: of each choice of ends along some of the axes, with sign."""
        some = chain.from_iterable(combinations(self.axes, size) for size in range(1, len(self.axes) + 1))
        for axes in some:
            for ends in product(*(self.axes[axis] for axis in axes)):
                term = self._along(ends) * (-1.0) ** (len(ends) + 1)
                if term.any():
                    yield term

    def require_agreement(self, held: Held) -> None:
        """Raise ProblemError where what is made of the conditions misses one of them: they differ where they meet."""
        s = torch.rand(FEW, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2.0 - 1.0
        for end in chain.from_iterable(self.axes.values()):
            at = s.clone()
            at[:, AXES.index(end.axis)] = end.at
            _, (value, *rate) = held.jets(at * at.new_tensor(held.extent), ("", "t"))
            missed = (rate[0] if end.rate else value) - self._at(end, at, (end,))
            if (apart := float(missed.abs().max())) > AGREE:
                what = "initial velocity" if end.rate else "displacement"
                raise ProblemError(
                    f"hard_conditions: the {what} at {_name_of(end)} differs by {apart:.2g} of the problem's largest "
                    "from what another condition prescribes where they meet: leave one of the two out"
                )

    def _at(self, of: End, s: Tensor, ends: Sequence[End]) -> Tensor:
        """What is prescribed at an end, at points (N, 3) in -1 to 1 moved to some ends, dimensionless, (N, 2)."""
        s, scales = s.clone(), self.problem.scales
        for end in ends:
            s[:, AXES.index(end.axis)] = end.at
        points = s * s.new_tensor(scales.half) + s.new_tensor(scales.origin)
        if of.axis != "t":
            return evaluate(self.sides[of], points) / scales.displacement
        start = self.problem.initial
        assert start is not None, "who asks has looked for it"
        field, unit = (start.velocity, scales.velocity) if of.rate else (start.displacement, scales.displacement)
        return evaluate(field, points) / unit

    def _along(self, ends: Sequence[End]) -> Tensor:
        """The series of what is prescribed where some ends meet, taken into the window, (A, B, C, 2)."""
        of = ends[-1]  # the start's, where it is among them
        fixed = {end.axis: end for end in ends}
        free = [axis for axis in AXES if axis not in fixed]
        values = _fitted(lambda s: self._at(of, s, ends), free, _name_of(of))
        found = values  # (A, B, C, 2), 1 along each fixed axis
        for axis, end in fixed.items():
            series = self._blend(end).view(*(-1 if each == axis else 1 for each in AXES), 1)
            found = found * series
        return found

    def _blend(self, end: End) -> Tensor:
        """The function of an axis that takes an end's value into the window, as a Chebyshev series."""
        if end.axis == "t":
            half = self.problem.scales.extent[2]
            return torch.tensor([half, half] if end.rate else [1.0, 0.0], dtype=torch.float64)
        is_alone = len(self.axes[end.axis]) == 1
        return torch.tensor([1.0, 0.0] if is_alone else [0.5, 0.5 * end.at], dtype=torch.float64)


def _sides(problem: Problem) -> dict[End, Field | None]:
    """What is prescribed on whole sides of the outer rectangle, both components, by their ends."""
    found: dict[End, Field | None] = {}
    for condition in problem.boundary:
        if isinstance(condition, Displacement) and condition.component is None:
            shape = problem.domain.shape
            whole = {part.side for part in shape.parts_of(condition.sides) if shape.is_whole(part)}
            found |= {End(*key): condition.value for key, side in ENDS.items() if side in whole}
    return dict(sorted(found.items(), key=lambda each: (each[0].axis, each[0].at)))


def _name_of(end: End) -> str:
    """What people call an end."""
    return ENDS.get((end.axis, end.at), "the start")


def _fitted(function: Callable[[Tensor], Tensor], free: Sequence[str], where: str) -> Tensor:
    """Fit a Chebyshev series to a function of points (N, 3) along free axes, (A, B, C, 2); 1 along the others."""
    unit = torch.rand(FEW, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 2.0 - 1.0
    for count in NODES:
        sizes = [count if axis in free else 1 for axis in AXES]
        nodes = [torch.cos(torch.pi * (torch.arange(n, dtype=torch.float64) + 0.5) / n) for n in sizes]
        values = function(torch.cartesian_prod(*nodes)).unflatten(0, sizes)  # (A, B, C, 2)
        for i, n in enumerate(sizes):
            transform = _chebyshev(nodes[i], n)[0].T * (2.0 / n)  # (A, n)
            transform[0] /= 2.0
            values = torch.tensordot(transform, values, dims=([1], [i])).movedim(0, i)
        bases = [_chebyshev(unit[:, i], n)[0] if n > 1 else unit.new_ones(FEW, 1) for i, n in enumerate(sizes)]
        found = torch.einsum("na,nb,nc,abcd->nd", *bases, values)
        if (found - function(unit)).abs().max() <= EXACT:
            return _trimmed(values)
    raise ProblemError(
        f"hard_conditions: what is prescribed at {where} is too short or too rough for a series of {NODES[-1]} terms "
        "along an axis: leave it out"
    )


def _trimmed(series: Tensor) -> Tensor:
    """A series without what is nothing at its ends."""
    for i in range(3):
        large = (series.abs() > EXACT / 100.0).movedim(i, 0).flatten(1).any(1)  # (A,)
        last = int(large.nonzero().max()) if large.any() else 0
        series = series.narrow(i, 0, last + 1)
    return series.contiguous()


def _vanishing(low: float, high: float) -> Tensor:
    """The Chebyshev series of a polynomial with zeros of some orders at -1 and 1, at most 1 between them."""
    if low == 2.0:
        return torch.tensor([0.375, 0.5, 0.125], dtype=torch.float64)  # ((1 + s) / 2)^2
    if low and high:
        return torch.tensor([0.5, 0.0, -0.5], dtype=torch.float64)  # 1 - s^2
    return torch.tensor([0.5, 0.5 * (low - high), 0.0] if low or high else [1.0, 0.0, 0.0], dtype=torch.float64)


def _chebyshev(s: Tensor, size: int) -> Tensor:
    """Chebyshev polynomials T_0, T_1, ... at s (N,) and their first two derivatives, (3, N, size)."""
    found = s.new_zeros(3, len(s), max(size, 2))
    found[0, :, 0], found[0, :, 1], found[1, :, 1] = 1.0, s, 1.0
    for n in range(2, size):
        found[:, :, n] = 2.0 * s * found[:, :, n - 1] - found[:, :, n - 2]
        found[1, :, n] += 2.0 * found[0, :, n - 1]
        found[2, :, n] += 4.0 * found[1, :, n - 1]
    return found[:, :, :size]


@cache  # asked for at each step
def _products(names: Components) -> Any:
    """By Leibniz' rule, how often the product of component d of one jet and p of another is in component j of their
    product, (d, j, p)."""
    found = [[[0.0] * len(names) for _ in names] for _ in names]
    for j, name in enumerate(names):
        for chosen in product((0, 1), repeat=len(name)):
            of_one = in_order("".join(axis for axis, mine in zip(name, chosen, strict=True) if mine))
            of_other = in_order("".join(axis for axis, mine in zip(name, chosen, strict=True) if not mine))
            found[names.index(of_one)][j][names.index(of_other)] += 1.0
    return found
