"""Where a wavefield's energy is, and where it goes: per metre of thickness, in J/m.

    d/dt (kinetic + strain energy) = power through the sides + power of the body force - what damping takes

Integrals of rho |v|^2 / 2, of sigma : eps / 2, and, over a side, of (sigma n) . v.

Source: Achenbach, Wave Propagation in Elastic Solids, 1973, section 1.8.

Letters: T instants, N points.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem
from elastic_pinn.physics.coverage import uncovered
from elastic_pinn.physics.domains import Disc, Part, Plate, Rectangle, Regions, Shape
from elastic_pinn.physics.elasticity import STRAIN, Derivatives, Normal, kinetic_energy, strain_energy, traction
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
    let_through : ndarray
        The part of that for which the problem has a source or an opening, (T,), J/m: none of what an error of the
        wavefield lets through a side that is free, fixed, a plane of symmetry or periodic, or after the end of a load.
    by_force : ndarray
        What the body force has put in, (T,), J/m.
    damped : ndarray
        What damping has taken, (T,), J/m.
    """

    times: Array
    kinetic: Array
    strain: Array
    through_sides: Mapping[str, Array]
    let_through: Array
    by_force: Array
    damped: Array

    @property
    def total(self) -> Array:
        """Kinetic and strain energy, (T,), J/m."""
        return self.kinetic + self.strain

    @cached_property
    def expected(self) -> Array:
        """The energy at the first instant with all that may have come in and gone out since, (T,), J/m."""
        return self.total[0] + self.let_through + self.by_force - self.damped

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
    kinetic, strained, forced, drained = area * _inside_over(model, problem, inside, times)  # J/m and W/m
    powers = {side: _power(model, *place, times) for side, place in sides.items()}
    let_through = sum(_over_time(times, power, _passes_until(problem, side)) for side, power in powers.items())
    return EnergyBalance(
        times, kinetic, strained, {side: _over_time(times, power) for side, power in powers.items()},
        np.asarray(let_through), _over_time(times, forced), _over_time(times, drained),
    )  # fmt: skip


def _passes_until(problem: Problem, side: str) -> float:
    """Return until when energy may pass a side, by the problem's statement, s: -inf for never, inf for an open one."""
    shape = problem.domain.shape
    if side in uncovered(problem.boundary, shape):
        return math.inf
    on_side = [each for each in problem.boundary if side in {part.side for part in shape.parts_of(each.sides)}]
    return max(condition.works_until for condition in on_side)


def total_energy(model: Model, problem: Problem, times: Array, nodes: int = NODES) -> Array:
    """Integrate kinetic and strain energy at some times (T,), s: (T,), J/m. nodes: along each axis of the inside."""
    inside, area = _inside(problem.domain.shape, problem.regions, nodes)
    kinetic, strained, *_ = _inside_over(model, problem, inside, times)
    return area * (kinetic + strained)


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


def _motion(model: Model, xy: Tensor, times: Array) -> tuple[Tensor, Iterator[Derivatives]]:
    """Dimensionless places (N, 3) of places in m, and what happens there at each time (s)."""
    at = model.scales.dimensionless(torch.cat([xy, xy.new_zeros(len(xy), 1)], dim=1)).to(model.dtype)
    instants = torch.tensor([[0.0, 0.0, t] for t in times], dtype=torch.float64)
    when = model.scales.dimensionless(instants)[:, 2].to(model.dtype)
    u = model.derivatives_over_time(at[:, :2], when, (*STRAIN, "t"))  # each (T, N, 2)
    return at, ({name: values[i] for name, values in u.items()} for i in range(len(times)))


@torch.no_grad()
def _inside_over(model: Model, problem: Problem, inside: tuple[Tensor, Tensor], times: Array) -> Array:
    """Means over the inside of kinetic and strain energy, J/m3, and of force's and damping's power, W/m3, (4, T)."""
    (xy, weights), scales, found = inside, model.scales, []
    at, motion = _motion(model, xy, times)
    moduli, density = model.moduli(at), scales.stress * scales.displacement / scales.length
    for t, u in zip(times, motion, strict=True):
        points = torch.cat([xy, torch.full_like(xy[:, :1], t)], dim=1)
        force = evaluate(problem.statements[0].target, points)  # (N, 2), N/m3, of the law
        means = [
            density * kinetic_energy(u, moduli),
            density * strain_energy(u, moduli),
            scales.velocity * (force * u["t"].double()).sum(1),
            density / scales.time * moduli.drag * u["t"].square().sum(1),
        ]
        found.append([float((weights * each.double()).sum()) for each in means])
    return np.array(found).T


@torch.no_grad()
def _power(model: Model, places: Tensor, normals: Tensor, lengths: Tensor, times: Array) -> Array:
    """The power through a side over time, (T,), W/m."""
    at, motion = _motion(model, places, times)
    moduli, scale = model.moduli(at), model.scales.stress * model.scales.velocity
    of_points = ((traction(u, moduli, Normal.of(normals.to(at))) * u["t"]).sum(1) for u in motion)  # each (N,)
    return scale * np.array([float((lengths * each.double()).sum()) for each in of_points])


def _over_time(times: Array, power: Array, until: float = math.inf) -> Array:
    """The integral from the first instant to each, by a cubic spline; until: of no power after that time, s."""
    from scipy.interpolate import CubicSpline  # slow to import, and rarely needed

    return CubicSpline(times, power).antiderivative()(np.clip(times, times[0], max(until, times[0])))
