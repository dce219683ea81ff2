"""Where a wavefield's energy is, and where it goes: per metre of thickness, in J/m.

    d/dt (kinetic + strain energy) = power through the sides + power of the body force - what damping takes

Integrals of rho |v|^2 / 2, of sigma : eps / 2, and, over a side, of (sigma n) . v.

Source: Achenbach, Wave Propagation in Elastic Solids, 1973, section 1.8.

Letters: T instants, N points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.interpolate import CubicSpline
from torch import Tensor

from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem
from elastic_pinn.physics.domains import Shape
from elastic_pinn.physics.elasticity import STRAIN, Normal, strain, stress, traction
from elastic_pinn.physics.fields import evaluate

NODES = 32  # of Gauss and Legendre's rule, along each side and each axis of the inside
INSTANTS = 61

Array = np.ndarray


@dataclass(frozen=True)
class EnergyBalance:
    """The energy of a wavefield over time, and what came in and went out.

    Attributes
    ----------
    times : ndarray
        (T,), s.
    kinetic, strain : ndarray
        (T,), J/m.
    through_sides : mapping of str to ndarray
        By the name of each side, what has come in through it since the first instant, (T,), J/m; negative: gone out.
    by_force : ndarray
        What the body force has put in, (T,), J/m.
    damped : ndarray
        What damping has taken, (T,), J/m.
    """

    times: Array
    kinetic: Array
    strain: Array
    through_sides: Mapping[str, Array]
    by_force: Array
    damped: Array

    @property
    def total(self) -> Array:
        """Kinetic and strain energy, (T,), J/m."""
        return self.kinetic + self.strain

    @cached_property
    def expected(self) -> Array:
        """The energy at the first instant with all that came in and went out since, (T,), J/m."""
        return self.total[0] + sum(self.through_sides.values()) + self.by_force - self.damped

    @property
    def imbalance(self) -> float:
        """The largest difference between the energy and that expected, relative to the largest energy."""
        largest = float(np.abs(self.total).max())
        return float(np.abs(self.total - self.expected).max()) / largest if largest else 0.0


def energy_balance(model: Model, problem: Problem) -> EnergyBalance:
    """Integrate a model's energy over its domain, and its power over sides and time.

    Raises ValueError for a static problem, in which no energy goes anywhere.
    """
    if problem.domain.is_static:
        raise ValueError("a static problem has no energy over time: its only instant is 0 s")
    shape, times = problem.domain.shape, np.array(problem.domain.instants(INSTANTS))
    inside, area = _inside(shape)
    sides = {side: _side(shape, side) for side in shape.sides}
    found = [_inside_at(model, problem, inside, float(t)) for t in times]  # each (4,), J/m3 and W/m3
    kinetic, strained, forced, drained = (area * np.array(found)).T
    powers = {side: np.array([_power(model, *place, float(t)) for t in times]) for side, place in sides.items()}
    return EnergyBalance(
        times, kinetic, strained, {side: _over_time(times, power) for side, power in powers.items()},
        _over_time(times, forced), _over_time(times, drained),
    )  # fmt: skip


def _rule() -> tuple[Tensor, Tensor]:
    """Nodes and weights of Gauss and Legendre's rule on 0 to 1, each (NODES,)."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return torch.from_numpy((nodes + 1.0) / 2.0), torch.from_numpy(weights / 2.0)


def _inside(shape: Shape) -> tuple[tuple[Tensor, Tensor], float]:
    """Places (N, 2), m, with weights (N,) that sum to 1, and the area, m2, by the divergence theorem."""
    nodes, weights = _rule()
    xy = shape.interior(torch.cartesian_prod(nodes, nodes))
    area = 0.0
    for side in shape.sides:
        places, normals, lengths = _side(shape, side)
        area += float((lengths * (places * normals).sum(1)).sum()) / 2.0
    return (xy, torch.outer(weights, weights).flatten()), area


def _side(shape: Shape, side: str) -> tuple[Tensor, Tensor, Tensor]:
    """Places (N, 2), m, normals (N, 2) and the lengths (N,), m, that they stand for."""
    nodes, weights = _rule()
    (part,) = shape.parts_of([side])
    places, normals = shape.along(part, nodes)
    return places, normals, weights * shape.length(part)


def _points(model: Model, xy: Tensor, t: float) -> tuple[Tensor, Tensor]:
    """Points (N, 3) in m, m, s and dimensionless."""
    points = torch.cat([xy, torch.full_like(xy[:, :1], t)], dim=1)
    return points, model.scales.dimensionless(points).to(model.dtype)


@torch.no_grad()
def _inside_at(model: Model, problem: Problem, inside: tuple[Tensor, Tensor], t: float) -> list[float]:
    """Means over the inside of kinetic and strain energy, J/m3, and of the powers of force and damping, W/m3."""
    (xy, weights), scales = inside, model.scales
    points, at = _points(model, xy, t)
    u, moduli = model.derivatives(at, (*STRAIN, "t")), model.moduli(at)
    squared = u["t"].square().sum(1)  # (N,)
    twice = (stress(u, moduli) * strain(u) * u["t"].new_tensor([1.0, 1.0, 2.0])).sum(1)  # sigma : eps
    density = scales.stress * scales.displacement / scales.length
    force = evaluate(problem.statements[0].target, points)  # (N, 2), N/m3, of the law
    means = [
        density * moduli.density * squared / 2.0,
        density * twice / 2.0,
        scales.velocity * (force * u["t"].double()).sum(1),
        density / scales.time * moduli.drag * squared,
    ]
    return [float((weights * each.double()).sum()) for each in means]


@torch.no_grad()
def _power(model: Model, places: Tensor, normals: Tensor, lengths: Tensor, t: float) -> float:
    """The power through a side, W/m."""
    _, at = _points(model, places, t)
    u = model.derivatives(at, (*STRAIN, "t"))
    pull = traction(u, model.moduli(at), Normal.of(normals.to(at)))  # (N, 2)
    scale = model.scales.stress * model.scales.velocity
    return scale * float((lengths * (pull * u["t"]).sum(1).double()).sum())


def _over_time(times: Array, power: Array) -> Array:
    """The integral from the first instant to each, by a cubic spline."""
    return CubicSpline(times, power).antiderivative()(times)
