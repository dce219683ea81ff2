"""The points where a problem's fields are evaluated to find how large they are, and whether they are zero.

Letters: n points of a field, k dimensions of its place (3 inside, 2 on a side or at the start).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from elastic_pinn.physics.boundary import Field, Traction, evaluate, name_of
from elastic_pinn.physics.domain import Domain
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.scales import Scales

if TYPE_CHECKING:
    from elastic_pinn.physics.problem import Problem

POINTS = 1 << 15  # of one batch
BATCHES = {2: 4, 3: 16}  # most batches for a local field, by its place's dimensions: a ten-thousandth is resolved
ENOUGH = 1000  # points at which a field is not faint; with fewer it is local, or zero so far
FAINT = 1e-3  # of the largest value seen
FEW = 32  # points at which a field is looked at twice
SAME = 1e-6  # of the largest value, by which it may differ then


@dataclass(frozen=True)
class Probe:
    """A field of a problem and its place.

    Arguments:
        name: "Displacement 0", "initial velocity", "force", "exact", ...
        field: None where it is zero.
        dimensions: k of its place.
        place: points of a unit cube (n, k) -> points (n, 3) of the place, m, m, s.
        unit: its SI value that belongs to a displacement of one displacement scale.
    """

    name: str
    field: Field | None
    dimensions: int
    place: Callable[[Tensor], Tensor]
    unit: Callable[[Scales], float]

    def values(self, count: int, first: int = 0) -> Tensor:
        """Evaluate the field (n, 2), SI, at `count` fixed, well spread points of its place, from number `first` on."""
        return evaluate(self.field, self.place(probe_points(self.dimensions, count, first)))

    def all_values(self) -> Tensor:
        """Evaluate the field at enough points of its place to resolve a short or local one, (n, 2)."""
        values = self.values(POINTS)
        for i in range(1, BATCHES[self.dimensions] if self.field else 1):
            sizes = values.abs().amax(1)  # (n,)
            if (sizes > FAINT * sizes.max()).sum() >= ENOUGH:
                break
            values = torch.cat([values, self.values(POINTS, first=i * POINTS)])
        return values


def probes(problem: Problem) -> Iterator[Probe]:
    """Yield every field of a problem."""
    domain = problem.domain
    for i, condition in enumerate(problem.boundary):
        unit = _stress if isinstance(condition, Traction) else _displacement
        place = partial(_on_sides, domain, condition.sides)
        yield Probe(f"{type(condition).__name__} {i}", condition.value, 2, place, unit)
    if problem.initial:
        yield Probe("initial displacement", problem.initial.displacement, 2, domain.start, _displacement)
        yield Probe("initial velocity", problem.initial.velocity, 2, domain.start, _velocity)
    if problem.force:
        yield Probe("force", problem.force, 3, domain.interior, _force)
    if problem.exact:
        yield Probe("exact", problem.exact, 3, domain.interior, _displacement)


def require_pointwise(problem: Problem) -> None:
    """Raise ProblemError where a field's value at a point depends on the others that it is evaluated at, or on chance,
    as in u / u.max(): batches would be trained towards another field each."""
    for probe in [probe for probe in probes(problem) if probe.field]:
        points, rest = probe_points(probe.dimensions, 2 * FEW).split(FEW)  # (FEW, k)
        one, other = (
            evaluate(probe.field, probe.place(torch.cat([points, others])))[:FEW]
            for others in (rest, points[:1].expand_as(rest))
        )
        if ((one - other).abs() > SAME * one.abs().max()).any():
            raise ProblemError(
                f"{probe.name}: {name_of(probe.field)} gives other values at the same points when the points beside "
                "them are others: each value must follow from its own x, y and t alone"
            )


def probe_points(dimensions: int, count: int, first: int = 0) -> Tensor:
    """Return fixed, well spread points of a unit cube, (n, k): multiples of irrational steps, modulo 1."""
    steps = torch.tensor([0.8191725133961645, 0.6710436067037893, 0.5497004779019703], dtype=torch.float64)
    numbers = torch.arange(first + 1, first + count + 1, dtype=torch.float64)
    return (numbers[:, None] * steps[:dimensions] + 0.5) % 1.0


def _on_sides(domain: Domain, sides: Sequence[str], unit: Tensor) -> Tensor:
    return domain.boundary(unit, sides)[0]


def _displacement(scales: Scales) -> float:
    return scales.displacement


def _velocity(scales: Scales) -> float:
    """The displacement scale over the time that a P wave takes along the length, or over the window's if shorter."""
    return scales.displacement / min(2.0 * scales.half[2], scales.time)


def _stress(scales: Scales) -> float:
    return scales.stress


def _force(scales: Scales) -> float:
    return scales.force
