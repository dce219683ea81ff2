"""By how much a wavefield misses each thing that is required of it, in the units that it is measured in.

Letters: N places, T instants, E equations a place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.error_estimate.misfits import derivatives, misfits
from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem
from elastic_pinn.physics.elasticity import STRAIN, stress
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.physics.statement import Statement
from elastic_pinn.run import Checkpoint, Run
from elastic_pinn.training.assessment.conservation import energy_drift

if TYPE_CHECKING:
    import pandas as pd

ALONG = 100  # places on each part of a side
ACROSS = 24  # along each axis of the inside
INSTANTS = 49
ERRORS = {
    "error/estimated": "displacement: error, estimated",
    "error/displacement": "displacement: error, true",
    "error/estimated_stress": "stress: error, estimated",
}
"""What rows call the metrics of a checkpoint."""


class Row(NamedTuple):
    """A row of the table: its name, the largest misfit, its unit, that and the root mean square relative to a scale."""

    check: str
    largest: float
    unit: str
    relative: float
    rms: float
    of: str


@torch.no_grad()
def physical_checks(source: Run | Checkpoint, problem: Problem | ProblemMaker | None = None) -> pd.DataFrame:
    """Measure by how much a wavefield misses each thing that is required of it.

    Misfits are the largest ones at 100 places on each side and hole, inside at 24 x 24 and these, and at 49 instants:
    of sides, interfaces and the start relative to the largest displacement, velocity or stress of the wavefield, of the
    equation of motion relative to the largest inertia. Where nothing brings or takes energy, the table has by how much
    it changes. First are the errors that the checkpoint holds, relative L2 norms: the estimated ones, and the true one
    where the problem has an exact solution.

    Parameters
    ----------
    source
        A run (its newest checkpoint), or a checkpoint.
    problem
        The user's problem, or the function that makes it; required if the run has one.

    Returns
    -------
    DataFrame
        A row for each check, by its name: `largest`, in the SI `unit` beside it; this as `relative`, and the `rms` over
        places and instants, both dimensionless, `of` what. Of errors and energy `largest` and `rms` are NaN.
    """
    import pandas as pd  # slow to import, and not needed to train

    checkpoint = source.latest() if isinstance(source, Run) else source
    model, problem = checkpoint.model(of_one_pulse=True), checkpoint.problem(problem)
    found: dict[tuple[str, str], Row] = {}
    for row in _rows(checkpoint, model, problem):
        key = row.check, row.unit
        found[key] = max(found.get(key, row), row, key=lambda each: each.largest)
    return pd.DataFrame(found.values(), columns=Row._fields).set_index("check")


def _rows(checkpoint: Checkpoint, model: Model, problem: Problem) -> Iterator[Row]:
    for metric, name in ERRORS.items():
        if metric in checkpoint.metrics:
            yield Row(name, math.nan, "", checkpoint.metrics[metric], math.nan, "L2 norm of the field")
    times = np.array(problem.domain.instants(INSTANTS))
    within = _within(problem)
    sizes = _sizes(model, problem, within, times)
    law, *others = problem.statements
    checks = [("equilibrium" if problem.domain.is_static else "equation of motion", law, within, within[:0], times)]
    for statement in others:
        is_start = statement.place is not None and statement.place.kind == "initial"
        at = times[:1] if is_start else times
        checks += [(name, statement, xy, normals, at) for name, xy, normals in _places(problem, statement, within)]
    for name, statement, xy, normals, at in checks:
        quantity = statement.quantity
        missed = np.linalg.norm(misfits(model, problem, statement, xy, normals, at), axis=-1)  # (T, N)
        missed *= quantity.scale(problem.scales)
        largest, rms = float(missed.max()), math.sqrt(np.square(missed).mean())
        size, of = sizes[quantity.unit]
        yield Row(name, largest, quantity.unit, largest / (size or math.nan), rms / (size or math.nan), of)
    if (drift := energy_drift(model, problem)) is not None:
        yield Row("energy: change where it has to stay", math.nan, "", drift, math.nan, "largest energy")


def _within(problem: Problem) -> Tensor:
    """Places inside and on all sides, (N, 2), m."""
    axis, domain = _middles(ACROSS), problem.domain
    sides = [domain.boundary(_along_a_side(), (part,))[0][:, :2] for part in domain.shape.parts_of(None)]
    return torch.cat([domain.shape.interior(torch.cartesian_prod(axis, axis)), *sides])


def _middles(count: int) -> Tensor:
    """The middles of as many equal pieces of 0 to 1, (count,): no place is a corner, where two conditions meet."""
    return (torch.arange(count, dtype=torch.float64) + 0.5) / count


def _along_a_side() -> Tensor:
    """Places along a side as a condition maps them, at the first instant, (N, 2)."""
    return torch.cartesian_prod(_middles(ALONG), torch.zeros(1, dtype=torch.float64))


def _places(problem: Problem, statement: Statement, within: Tensor) -> Iterator[tuple[str, Tensor, Tensor]]:
    """What a statement is about, by name, places (N, 2) in m and unit normals (N, 2), or (0, 2)."""
    place = statement.place
    if place is None:  # records
        return
    if place.kind == "initial":
        yield statement.name.replace("initial ", "start: "), within, within[:0]
        return
    unit = _along_a_side()
    if place.kind == "boundary" and place.image is None:
        for part in place.parts:
            points, normals = problem.domain.boundary(unit, (part,))
            yield f"{part.side}: {statement.label}", points[:, :2], normals
        return
    points, normals = place.at(unit)
    sides = " and ".join(dict.fromkeys(part.side for part in place.parts))
    of = sides if place.kind == "boundary" else " ".join(statement.name.split()[:2])
    yield f"{of}: {statement.label}", points[:, :2], normals


def _sizes(model: Model, problem: Problem, xy: Tensor, times: np.ndarray) -> dict[str, tuple[float, str]]:
    """The largest displacement, velocity, stress and inertia, SI, by unit, and what each is."""
    scales, is_static = problem.scales, problem.domain.is_static
    index = problem.regions.index(*xy.unbind(1))
    wanted = STRAIN if is_static else (*STRAIN, "t", "tt")
    found = derivatives(model, xy, times, index, wanted)  # each (T, N, 2)
    points = scales.dimensionless(torch.cat([xy, xy[:, :1] * 0.0], dim=1)).to(model.dtype)
    moduli = model.moduli(points)
    by_instant = ({name: torch.from_numpy(found[name][i]) for name in STRAIN} for i in range(len(times)))
    stresses = np.stack([stress(u, moduli).numpy() for u in by_instant])  # (T, N, 3)
    largest = {"m": (_norm(found[""]) * scales.displacement, "largest displacement")}
    largest["Pa"] = _norm(stresses * np.sqrt([1.0, 1.0, 2.0])) * scales.stress, "largest stress"
    if is_static:
        largest["N/m3"] = largest["Pa"][0] / scales.length, "largest stress over half the longer side"
        return largest
    density = np.broadcast_to(np.asarray(moduli.density), (len(xy),))
    largest["m/s"] = _norm(found["t"]) * scales.velocity, "largest velocity"
    largest["N/m3"] = _norm(found["tt"] * density[:, None]) * scales.force, "largest inertia"
    return largest


def _norm(vectors: np.ndarray) -> float:
    """The largest length of vectors (..., C)."""
    return float(np.linalg.norm(vectors, axis=-1).max())
