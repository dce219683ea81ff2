"""Where a wavefield's energy is, and where it goes: per metre of thickness, in J/m.

    d/dt (kinetic + strain energy) = power through the sides + power of the body force - what damping takes

Integrals of rho |v|^2 / 2, of sigma : eps / 2, and, over a side, of (sigma n) . v.

Source: Achenbach, Wave Propagation in Elastic Solids, 1973, section 1.8.

Letters: T instants, N points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.interpolate import CubicSpline
from torch import Tensor

from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem
from elastic_pinn.physics.domains import Disc, Part, Plate, Rectangle, Regions, Shape
from elastic_pinn.physics.elasticity import STRAIN, Normal, kinetic_energy, strain_energy, traction
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
    inside, area = _inside(shape, problem.regions)
    sides = {side: _side(shape, side, problem.regions) for side in shape.sides}
    found = [_inside_at(model, problem, inside, float(t)) for t in times]  # each (4,), J/m3 and W/m3
    kinetic, strained, forced, drained = (area * np.array(found)).T
    powers = {side: np.array([_power(model, *place, float(t)) for t in times]) for side, place in sides.items()}
    return EnergyBalance(
        times, kinetic, strained, {side: _over_time(times, power) for side, power in powers.items()},
        _over_time(times, forced), _over_time(times, drained),
    )  # fmt: skip


def total_energy(model: Model, problem: Problem, times: Array, nodes: int = NODES) -> Array:
    """Integrate kinetic and strain energy at some times (T,), s: (T,), J/m. nodes: along each axis of the inside."""
    inside, area = _inside(problem.domain.shape, problem.regions, nodes)
    return area * np.array([sum(_inside_at(model, problem, inside, float(t))[:2]) for t in times])


def _rule(cuts: Iterable[float] = (), count: int = NODES) -> tuple[Tensor, Tensor]:
    """Nodes and weights of Gauss and Legendre's rule on each piece of 0 to 1 between cuts, (N,)."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    ends = np.unique([0.0, *(cut for cut in cuts if 0.0 < cut < 1.0), 1.0])
    lengths = np.diff(ends)[:, None]
    of_pieces = ends[:-1, None] + lengths * (nodes + 1.0) / 2.0, lengths * weights / 2.0
    return torch.from_numpy(of_pieces[0].ravel()), torch.from_numpy(of_pieces[1].ravel())


def _inside(shape: Shape, regions: Regions, count: int = NODES) -> tuple[tuple[Tensor, Tensor], float]:
    """Places (N, 2), m, with weights (N,) that sum to 1, and the area, m2.

    Smooth integrands of each region are integrated for themselves: discs apart from what is around them, rectangles by
    pieces between the lines that their sides lie on.
    """
    discs = [each for each in regions.inclusions if isinstance(each, Disc) and not _has_hole(shape, each)]
    pieces = [_without(shape, discs), *discs]
    areas = [_area(piece) for piece in pieces]
    found = [_evenly(piece, regions, count) for piece in pieces]
    weights = [weights * area / sum(areas) for (_, weights), area in zip(found, areas, strict=True)]
    return (torch.cat([xy for xy, _ in found]), torch.cat(weights)), sum(areas)


def _has_hole(shape: Shape, disc: Disc) -> bool:
    """Whether a shape has a hole within a disc."""
    holes = shape.holes if isinstance(shape, Plate) else ()
    return any(bool(disc.contains(*torch.tensor([hole.center], dtype=torch.float64).T)) for hole in holes)


def _without(shape: Shape, discs: Sequence[Disc]) -> Shape:
    """A shape without some discs in it."""
    if not discs or not isinstance(shape, Rectangle | Disc | Plate):
        return shape
    outline, holes = (shape.outline, shape.holes) if isinstance(shape, Plate) else (shape, ())
    return Plate(outline, (*holes, *discs))


def _evenly(shape: Shape, regions: Regions, count: int) -> tuple[Tensor, Tensor]:
    """Places (N, 2), m, with weights (N,) that sum to 1."""
    cuts: list[list[float]] = [[], []]
    if isinstance(shape, Rectangle):  # whose points of the unit square are along the axes
        for axis, (low, high) in enumerate(shape.bounds):
            cuts[axis] = [(end - low) / (high - low) for each in regions.inclusions for end in each.bounds[axis]]
    (across, of_x), (up, of_y) = (_rule(each, count) for each in cuts)
    return shape.interior(torch.cartesian_prod(across, up)), torch.outer(of_x, of_y).flatten()


def _area(shape: Shape) -> float:
    """The area, m2, by the divergence theorem."""
    sides = (_side(shape, side, Regions()) for side in shape.sides)
    return sum(float((lengths * (places * normals).sum(1)).sum()) / 2.0 for places, normals, lengths in sides)


def _side(shape: Shape, side: str, regions: Regions) -> tuple[Tensor, Tensor, Tensor]:
    """Places (N, 2), m, normals (N, 2) and the lengths (N,), m, that they stand for."""
    (part,) = shape.parts_of([side])
    nodes, weights = _rule(_borders(shape, part, regions))
    places, normals = shape.along(part, nodes)
    return places, normals, weights * shape.length(part)


def _borders(shape: Shape, part: Part, regions: Regions) -> list[float]:
    """The fractions of the way along a part of a side at which the region is another one, by bisection."""
    ends = torch.linspace(0.0, 1.0, 257, dtype=torch.float64)

    def index(fraction: Tensor) -> Tensor:
        return regions.index(*shape.along(part, fraction)[0].unbind(1))

    change = (index(ends)[1:] != index(ends)[:-1]).nonzero()[:, 0]
    low, high = ends[change], ends[change + 1]
    for _ in range(50):
        middle = (low + high) / 2.0
        is_same = index(middle) == index(low)
        low, high = torch.where(is_same, middle, low), torch.where(is_same, high, middle)
    return low.tolist()


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
    density = scales.stress * scales.displacement / scales.length
    force = evaluate(problem.statements[0].target, points)  # (N, 2), N/m3, of the law
    means = [
        density * kinetic_energy(u, moduli),
        density * strain_energy(u, moduli),
        scales.velocity * (force * u["t"].double()).sum(1),
        density / scales.time * moduli.drag * u["t"].square().sum(1),
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
