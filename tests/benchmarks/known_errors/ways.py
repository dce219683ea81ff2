"""Ways to tell how far a wavefield is off, on a run whose error is known.

Letters: N points, n places of one statement, T instants, E equations a point.
"""

from __future__ import annotations

import math
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.error_estimate.misfits import derivatives, misfits
from elastic_pinn.networks import Model
from elastic_pinn.physics.elasticity import stress
from elastic_pinn.physics.fields import values_of
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.points import probe_points
from elastic_pinn.physics.quantity import DISPLACEMENT
from elastic_pinn.physics.statement import Statement
from tests.benchmarks.known_errors.cases import Case
from tests.benchmarks.validation.row import quadrature, relative_error

Array = np.ndarray[Any, Any]
PLACES, ON_SIDES, INSTANTS = 400, 120, 65  # of the energy estimate
FOR_AREA = 20_000  # points
SHEAR_TWICE = np.sqrt([1.0, 1.0, 2.0])  # sigma_xy counts twice in sigma : sigma


@dataclass(frozen=True)
class Measured:
    """A run: its relative L2 errors and the estimates of them, each nan where there is none.

    true, estimate: of the displacement. true_stress, stress: of the stress. energy: by the energy of what the
    misfits do. two: from the difference of two runs of different seeds. training, estimating: s of CPU time.
    """

    case: Case
    true: float
    estimate: float
    true_stress: float
    stress: float
    energy: float
    two: float
    training: float
    estimating: float

    @property
    def ratio(self) -> float:
        """Of estimate to truth."""
        return self.estimate / self.true

    @property
    def stress_ratio(self) -> float:
        """The same of the stress."""
        return self.stress / self.true_stress


def measured(case: Case) -> Measured:
    """Solve a run twice, the second time from another seed, and measure the first."""
    problem, config = case.of_row.problem(case.size), case.config
    as_posed = replace(problem, exact=None)
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        run = ep.train(config, Path(folder) / "run", as_posed)
        trained = time.process_time()
        found = run.estimate_error(as_posed)
        ended = time.process_time()
        other = ep.train(config.model_copy(update={"seed": 1}), Path(folder) / "other", as_posed)
        return Measured(
            case,
            relative_error(run, problem) if problem.exact else case.of_row.measure(run, problem),
            found.displacement,
            stress_error(run, problem),
            found.stress,
            energy_estimate(run.latest().model(), problem),
            difference(run, other, problem),
            trained - started,
            ended - trained,
        )


def difference(run: ep.Run, other: ep.Run, problem: ep.Problem) -> float:
    """The relative L2 difference of the displacements of two runs."""
    points, roots = quadrature(problem)
    u, v = (each.predict(*points.unbind(1)) for each in (run, other))
    return relative(roots * (v - u), roots * u)


def stress_error(run: ep.Run, problem: ep.Problem) -> float:
    """The relative L2 error of the stress; nan where torch cannot differentiate the exact field."""
    points, roots = quadrature(problem)
    exact = exact_stress(problem, points)
    if exact is None:
        return math.nan
    weights = roots * SHEAR_TWICE
    return relative(weights * (run.predict(*points.unbind(1), "stress") - exact), weights * exact)


def relative(part: Array, whole: Array) -> float:
    """The ratio of their norms."""
    return float(np.linalg.norm(part) / np.linalg.norm(whole))


def exact_stress(problem: ep.Problem, points: Tensor) -> Array | None:
    """The stress of the exact field at points (N, 3), (N, 3) in Pa; None where torch cannot differentiate that."""
    if problem.exact is None:
        return None
    x, y, t = (each.clone().requires_grad_(i < 2) for i, each in enumerate(points.unbind(1)))
    try:
        u = values_of(problem.exact, x, y, t)  # (N, 2)
        slopes = [torch.autograd.grad(u[:, i].sum(), (x, y), retain_graph=True, materialize_grads=True) for i in (0, 1)]
    except RuntimeError:  # of NumPy's part in it
        return None
    by_x, by_y = (torch.stack(each, dim=1) for each in zip(*slopes, strict=True))
    return stress({"x": by_x, "y": by_y}, moduli(problem, points)).numpy()


def moduli(problem: ep.Problem, points: Tensor) -> Moduli:
    """lambda and mu as they are given, at points (N, 3), each (N,) in Pa."""
    if isinstance(problem.material, ep.Medium):
        return problem.material.moduli(points[:, 0], points[:, 1])
    index = problem.regions.index(points[:, 0], points[:, 1])
    by_region = points.new_tensor([[each.in_plane_lambda, each.lame_mu] for each in problem.materials])
    return Moduli(*by_region[index].unbind(1))


def energy_estimate(model: Model, problem: ep.Problem) -> float:
    """Estimate the relative error by what the misfits can do at most; nan of a plate at rest.

    The equation of the error, integrated once over time, is one of its integral w, whose energy gives with w_t = e

        |e(t)| <= |e(0)| + int |rho v(0) + int r dt| / sqrt(rho) dt,    |e| the root of int rho e^2 dx

    for the residual r inside and the misfits e(0), v(0) of the start. A side that misses a displacement by d or a
    traction by g, both at most once per P wave that leaves it, adds the root of int c_p (d^2 + (int g dt)^2 / c_p^2).
    """
    if problem.domain.is_static:
        return math.nan
    scales, times = problem.scales, np.array(problem.domain.instants(INSTANTS))
    dt = (times[1] - times[0]) / scales.time
    xy = problem.domain.shape.interior(probe_points(2, PLACES))
    area = area_of(problem) / scales.length**2
    start, momentum, on_sides = np.zeros(1), np.zeros((1, PLACES, 2)), np.zeros(INSTANTS)
    density = _density(problem, xy)  # (n,)
    for statement in problem.statements:
        kind = statement.place.kind if statement.place else ""
        if kind in ("boundary", "interface"):
            on_sides += _of_side(model, problem, statement, times, dt)
            continue
        missed = misfits(model, problem, statement, xy, xy[:0], times if kind == "interior" else times[:1])  # (T, n, 2)
        if kind == "interior":
            momentum = momentum + _cumulated(missed, dt)
        elif "t" in statement.derivatives:
            momentum = momentum + density[:, None] * missed
        else:
            start = _norm(missed * np.sqrt(density)[:, None], area)  # (1,)
    inside = _cumulated(_norm(momentum / np.sqrt(density)[:, None], area), dt)  # (T,)
    bound = start + inside + np.sqrt(_cumulated(on_sides, dt))
    index = problem.regions.index(*xy.unbind(1))
    u = derivatives(model, xy, times, index, ())[""]  # (T, n, 2)
    return float(np.linalg.norm(bound) / np.linalg.norm(_norm(u * np.sqrt(density)[:, None], area)))


def _of_side(model: Model, problem: ep.Problem, statement: Statement, times: Array, dt: float) -> Array:
    """The integral along a side of the squared misfit of the displacement, or of the traction over time, (T,)."""
    place = statement.place
    assert place
    parts = place.parts[:1] if place.image else place.parts
    length = sum((place.shape or problem.domain.shape).length(part) for part in parts) / problem.scales.length
    points, normals = place.at(probe_points(place.dimensions, ON_SIDES))
    missed = misfits(model, problem, statement, points[:, :2], normals, times)  # (T, n, E)
    if statement.quantity is not DISPLACEMENT:
        missed = _cumulated(missed, dt)
    return _norm(missed, length) ** 2


def _density(problem: ep.Problem, xy: Tensor) -> Array:
    """rho at places (n, 2), m, dimensionless, (n,)."""
    points = torch.cat([xy, torch.zeros_like(xy[:, :1])], dim=1)
    if medium := problem.moduli(points):
        return medium.density.numpy()
    by_region = np.array([each.density for each in problem.materials]) / problem.reference.density
    return by_region[problem.regions.index(*xy.unbind(1)).numpy()]


def area_of(problem: ep.Problem) -> float:
    """The area of the domain, m2."""
    bounds = problem.domain.shape.bounds
    unit = probe_points(2, FOR_AREA).numpy()
    x, y = (low + (high - low) * each for (low, high), each in zip(bounds, unit.T, strict=True))
    return float(problem.domain.shape.mask(x, y).mean()) * math.prod(high - low for low, high in bounds)


def _norm(values: Array, measure: float) -> Array:
    """The root of the integral of the squares of values (T, n, E) at even places over an area or a length, (T,)."""
    return np.sqrt(measure * (values**2).sum(2).mean(1))


def _cumulated(values: Array, dt: float) -> Array:
    """The integral over time, from the first instant on, of values (T, ...), (T, ...)."""
    steps = (values[1:] + values[:-1]) * (dt / 2.0)
    return np.concatenate([np.zeros_like(values[:1]), steps.cumsum(0)])
