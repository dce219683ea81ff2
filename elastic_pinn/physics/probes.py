"""The points where a problem's fields are evaluated to find how large they are, and whether they are zero.

Letters: n points of a field, k dimensions of its place (3 inside, 2 on a side or at the start).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.fields import Field, evaluate, name_of
from elastic_pinn.physics.points import probe_points
from elastic_pinn.physics.quantity import DISPLACEMENT, PhysicalQuantity
from elastic_pinn.physics.sources import rest_of
from elastic_pinn.physics.statement import Place

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
    """A known field, None where it is zero, with its name; the place that it belongs to; and what it is a field of."""

    name: str
    field: Field | None
    place: Place
    quantity: PhysicalQuantity

    def values(self, count: int, first: int = 0) -> Tensor:
        """Evaluate the field (n, 2), SI, at `count` fixed, well spread points of its place, from number `first` on."""
        points, _ = self.place.at(probe_points(self.place.dimensions, count, first))
        return evaluate(self.field, points)

    def without_sources(self) -> Probe:
        """Return the probe of what of the field is not local: sources tell by themselves how large they are."""
        return replace(self, field=rest_of(self.field))

    def all_values(self) -> Tensor:
        """Evaluate the field at enough points of its place to resolve a short or local one, (n, 2)."""
        values = self.values(POINTS)
        for i in range(1, BATCHES[self.place.dimensions] if self.field else 1):
            sizes = values.abs().amax(1)  # (n,)
            if (sizes > FAINT * sizes.max()).sum() >= ENOUGH:
                break
            values = torch.cat([values, self.values(POINTS, first=i * POINTS)])
        return values


def probes(problem: Problem) -> Iterator[Probe]:
    """Yield the target of each statement but the recorded, of the law only if there is a force, and the exact field."""
    law, *conditions = problem.statements
    for statement in [*conditions, *([law] if law.target else [])]:
        if statement.place:
            yield Probe(
                statement.name if statement is not law else "force",
                statement.target,
                statement.place,
                statement.quantity,
            )
    if problem.exact and law.place:
        yield Probe("exact", problem.exact, law.place, DISPLACEMENT)


def require_pointwise(problem: Problem) -> None:
    """Raise ProblemError where a field's value at a point depends on the others that it is evaluated at, or on chance,
    as in u / u.max(): batches would be trained towards another field each."""
    for probe in [probe for probe in probes(problem) if probe.field]:
        points, rest = probe_points(probe.place.dimensions, 2 * FEW).split(FEW)  # (FEW, k)
        one, other = (
            evaluate(probe.field, probe.place.at(torch.cat([points, others]))[0])[:FEW]
            for others in (rest, points[:1].expand_as(rest))
        )
        if ((one - other).abs() > SAME * one.abs().max()).any():
            raise ProblemError(
                f"{probe.name}: {name_of(probe.field)} gives other values at the same points when the points beside "
                "them are others: each value must follow from its own x, y and t alone"
            )
