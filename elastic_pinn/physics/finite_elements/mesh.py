"""Triangles that fill a shape, smaller where something is small, and conforming to its regions.

Letters: P points, T triangles, C curves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.domains import Disc, Part, Plate, Regions, Shape

Array = np.ndarray[Any, Any]

GROWTH = 0.3  # of the spacing, by the distance from what is small
APART = 0.7  # of the spacing: points are no closer to each other
FROM_CURVES = 0.62  # of the spacing: so far from a curve, whose pieces are then sides of triangles
FINE = 2048  # places along a curve by which it is divided
FLAT = 1e-3  # of the squared spacing: triangles of less area
SAME = 1e-9  # of the extent: places that are no farther apart are one
LEAST_OF_RIM = 3  # pieces of a rim between two cuts
EVENED = 5  # times that points are moved to the middle of their triangles: rows near a side are then evenly far apart
OPPOSITE = (("left", "right"), ("bottom", "top"))


@dataclass(frozen=True)
class Small:
    """Something around which triangles are small: within `radius` (m) of a place, or along a circle if it is a rim.

    spacing: of points there, m.
    """

    at: tuple[float, float]
    radius: float
    spacing: float
    is_rim: bool = False

    def spacing_at(self, x: Array, y: Array) -> Array:
        """The spacing that it allows at places, m."""
        distance = np.hypot(x - self.at[0], y - self.at[1]) - self.radius
        return self.spacing + GROWTH * (np.abs(distance) if self.is_rim else np.maximum(distance, 0.0))


@dataclass(frozen=True)
class Slow:
    """A region in which triangles are small, since waves are slow there: the inside of a shape, or what is outside of
    several if `is_around` them.

    spacing: of points there, m.
    """

    shapes: tuple[Shape, ...]
    spacing: float
    is_around: bool = False

    def spacing_at(self, x: Array, y: Array) -> Array:
        """The spacing that it allows at places, m."""
        places = torch.from_numpy(np.stack([x, y]))
        within = np.max([shape.clearance(*places).numpy() for shape in self.shapes], axis=0)  # m, negative outside
        return self.spacing + GROWTH * np.maximum(within if self.is_around else -within, 0.0)


@dataclass(frozen=True)
class Spacing:
    """The distance of neighbouring points from place to place, m: `largest`, and less around what is small or slow."""

    largest: float
    small: tuple[Small | Slow, ...] = ()

    @property
    def least(self) -> float:
        """The smallest, m."""
        return min([self.largest, *(each.spacing for each in self.small)])

    def __call__(self, x: Array, y: Array) -> Array:
        """Evaluate it at places, (N,)."""
        found = np.full(np.shape(x), self.largest)
        for each in self.small:
            found = np.minimum(found, each.spacing_at(x, y))
        return found


@dataclass(frozen=True)
class Curve:
    """A side of a shape, or of an inclusion, divided into the sides of triangles.

    Attributes
    ----------
    shape
        Whose side it is.
    side
        Its name.
    fractions
        Where it is divided, 0 to 1, ends included, (n + 1,).
    points
        The numbers of the mesh's points there, (n + 1,).
    """

    shape: Shape
    side: str
    fractions: Array
    points: Array

    def at(self, fractions: Array) -> tuple[Tensor, Tensor]:
        """Places (N, 2) in m, and outward normals (N, 2), at fractions of the way, (N,)."""
        return self.shape.at(self.side, torch.from_numpy(fractions))

    @property
    def middles(self) -> Array:
        """The fractions halfway between neighbouring ones, (n,)."""
        return (self.fractions[1:] + self.fractions[:-1]) / 2.0


@dataclass(frozen=True)
class Mesh:
    """Triangles, each in one region.

    Attributes
    ----------
    points
        (P, 2), m.
    triangles
        Numbers of their points, (T, 3).
    regions
        Of the triangles, (T,).
    curves
        The sides of the shape, then those of the inclusions that are not on them.
    """

    points: Array
    triangles: Array
    regions: Array
    curves: tuple[Curve, ...]


def mesh_of(
    shape: Shape,
    regions: Regions,
    interfaces: Sequence[tuple[Shape, Sequence[Part]]],
    spacing: Spacing,
    cuts: Iterable[Part] = (),
) -> Mesh:
    """Fill a shape with triangles.

    Parameters
    ----------
    shape
        What is filled.
    regions
        Its regions.
    interfaces
        The shape of each inclusion, and the parts of its boundary that lie inside.
    spacing
        Of neighbouring points.
    cuts
        Parts of the shape's sides, at the ends of which points are needed.

    Returns
    -------
    Mesh
        The triangles.

    Raises
    ------
    RuntimeError
        Where the sides could not be kept, as of a shape whose parts nearly touch.
    """
    from scipy.spatial import cKDTree  # slow to import, and rarely needed

    inner = [(owner, part) for owner, parts in interfaces for part in parts]
    sides = [*((shape, part) for side in shape.sides for part in shape.parts_of([side])), *inner]
    divided = _divided(sides, [*((shape, part) for part in cuts), *inner], spacing)
    lines = [_along(owner, part, fractions) for (owner, part), fractions in zip(sides, divided, strict=True)]
    on_curves, numbers = _joined(np.concatenate(lines), SAME * _extent(shape))
    curves_at = cKDTree(np.concatenate([_filled(line, FROM_CURVES * spacing.least) for line in lines]))
    points = _evened(shape, on_curves, _inside(shape, curves_at, spacing), curves_at, spacing)
    triangles, middle, _ = _triangulated(shape, points, spacing)
    index = regions.index(*torch.from_numpy(middle).unbind(1)).numpy()
    ends = np.cumsum([0, *map(len, lines)])
    curves = tuple(
        Curve(owner, part.side, fractions, numbers[first:last])
        for (owner, part), fractions, first, last in zip(sides, divided, ends[:-1], ends[1:], strict=True)
    )
    _require_kept(triangles, curves)
    return Mesh(points, triangles, index, curves)


def _triangulated(shape: Shape, points: Array, spacing: Spacing) -> tuple[Array, Array, Array]:
    """The triangles of points (P, 2) in a shape, (T, 3), their middles, (T, 2), and areas, (T,)."""
    from scipy.spatial import Delaunay  # slow to import, and rarely needed

    triangles = Delaunay((points - points.mean(0)) / _extent(shape)).simplices
    a, b, c = points[triangles].transpose(1, 0, 2)  # corners, each (T, 2)
    (p, q), middle = (b - a, c - a), (a + b + c) / 3.0
    area = np.abs(p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]) / 2.0
    kept = shape.mask(*middle.T) & (area > FLAT * spacing(*middle.T) ** 2)  # flat ones lie along sides
    return triangles[kept], middle[kept], area[kept]


def _evened(shape: Shape, on_curves: Array, inside: Array, curves_at: Any, spacing: Spacing) -> Array:
    """Points on curves, (C, 2), and after them those inside, (n, 2), moved so that triangles are of even size.

    The rows of a lattice end anywhere before a side, and waves along it are as wrong as the widest gap makes them. Each
    point moves to the mean middle of its triangles, by their area and by the density of points squared. curves_at: a
    tree of points on the curves.

    Source: Chen and Holst, Comput. Methods Appl. Mech. Engrg. 200, 2011 (centroidal patches).
    """
    points, own = np.concatenate([on_curves, inside]), slice(len(on_curves), None)
    for _ in range(EVENED if len(inside) else 0):
        triangles, middle, area = _triangulated(shape, points, spacing)
        weights = area / spacing(*middle.T) ** 4
        sums = np.zeros((len(points), 3))
        np.add.at(sums, triangles, np.column_stack([weights[:, None] * middle, weights])[:, None])
        moved = sums[own, :2] / sums[own, 2:]
        # Closer to a curve, its pieces might be no sides of triangles any more.
        is_clear = curves_at.query(moved)[0] > FROM_CURVES * spacing(*moved.T)
        points[own][is_clear] = moved[is_clear]
    return points


def _extent(shape: Shape) -> float:
    return max(high - low for low, high in shape.bounds)


def _along(shape: Shape, part: Part, fractions: Array) -> Array:
    """Places along a part of a side, (n, 2) in m."""
    return shape.along(part, torch.from_numpy(fractions))[0].numpy()


def _divided(sides: Sequence[tuple[Shape, Part]], ends: Sequence[tuple[Shape, Part]], spacing: Spacing) -> list[Array]:
    """The fractions at which each side is divided; opposite sides of a rectangle are divided in the same way."""
    marks = np.concatenate([np.empty((0, 2)), *(_along(owner, part, np.array([0.0, 1.0])) for owner, part in ends)])
    fine, found = np.linspace(0.0, 1.0, FINE + 1), []
    for owner, part in sides:
        pair = next((each for each in OPPOSITE if part.side in each), ())
        lines = [part, *(line for side in pair if side != part.side for line in owner.parts_of([side]))]
        cuts = np.concatenate([[0.0, 1.0], *(_fractions_of(marks, owner, line) for line in lines)])
        cuts = np.unique(np.round(cuts, 9))
        steps = np.minimum.reduce([spacing(*_along(owner, line, fine).T) for line in lines])  # (FINE + 1,)
        density = owner.length(part) / FINE * (1.0 / steps[1:] + 1.0 / steps[:-1]) / 2.0
        count = np.concatenate([[0.0], np.cumsum(density)])  # of pieces up to each of the fine fractions
        numbers = np.interp(cuts, fine, count)
        least = LEAST_OF_RIM if part.side in owner.closed else 1
        pieces = [
            np.linspace(first, last, max(least, round(last - first)) + 1)[:-1] for first, last in pairwise(numbers)
        ]
        divided = np.interp(np.concatenate([*pieces, numbers[-1:]]), count, fine)
        divided[np.isin(np.concatenate([*pieces, numbers[-1:]]), numbers)] = cuts
        found.append(divided)
    return found


def _fractions_of(marks: Array, shape: Shape, part: Part) -> Array:
    """Where along a part of a side those of some places (M, 2) are that lie on it, dimensionless."""
    if part.side in shape.closed:
        disc = _disc_of(shape, part.side)
        x, y = (marks - disc.center).T
        here = np.abs(np.hypot(x, y) - disc.radius) < SAME * disc.radius
        return (np.arctan2(y[here], x[here]) - part.low) / (part.high - part.low) % 1.0
    first, last = _along(shape, part, np.array([0.0, 1.0]))
    fraction = (marks - first) @ (last - first) / ((last - first) @ (last - first))  # (M,)
    off = np.hypot(*(marks - first - fraction[:, None] * (last - first)).T)
    here = (off < SAME * _extent(shape)) & (fraction >= 0.0) & (fraction <= 1.0)
    return fraction[here]


def _disc_of(shape: Shape, side: str) -> Disc:
    """The disc whose rim a closed side is."""
    if isinstance(shape, Plate) and side in shape.names:
        return shape.holes[shape.names.index(side)]
    owner = shape.outline if isinstance(shape, Plate) else shape
    assert isinstance(owner, Disc)
    return owner


def _joined(places: Array, slack: float) -> tuple[Array, Array]:
    """Places (N, 2) of which those that agree are one, and the number of each among them, (N,)."""
    from scipy.spatial import cKDTree

    first = np.arange(len(places))
    for i, j in sorted(cKDTree(places).query_pairs(slack)):
        first[j] = first[i]
    kept, numbers = np.unique(first, return_inverse=True)
    return places[kept], numbers


def _inside(shape: Shape, curves_at: Any, spacing: Spacing) -> Array:
    """Points inside a shape, not too close to each other or to its curves, of which there is a tree of points,
    (n, 2)."""
    from scipy.spatial import cKDTree

    steps = spacing.largest / np.sqrt(2.0) ** np.arange(1 + np.ceil(2.0 * np.log2(spacing.largest / spacing.least)))
    points = np.concatenate([_lattice(shape, spacing, step) for step in steps])
    if not len(points):
        return points
    points = points[curves_at.query(points)[0] > FROM_CURVES * spacing(*points.T)]
    size = spacing(*points.T)
    order = np.argsort(size, kind="stable")  # where two are too close, that of the finer lattice stays
    points, size, kept = points[order], size[order], np.ones(len(points), dtype=bool)
    for i, others in enumerate(cKDTree(points).query_ball_point(points, APART * size)):
        if kept[i]:
            kept[[j for j in others if j > i]] = False
    return points[kept]


def _lattice(shape: Shape, spacing: Spacing, step: float) -> Array:
    """Points of a triangular lattice of a step where the spacing is about that, (n, 2)."""
    (left, right), (low, high) = shape.bounds
    y, x = np.arange(low, high, step * np.sqrt(0.75)), np.arange(left - step, right + step, step)
    x_of, y_of = np.broadcast_arrays(x + step / 2.0 * (np.arange(len(y)) % 2)[:, None], y[:, None])
    places = np.stack([x_of.ravel(), y_of.ravel()], axis=1)
    wanted = spacing(*places.T)
    here = (wanted >= step) & ((wanted < np.sqrt(2.0) * step) | (step == spacing.largest))
    here[here] = shape.mask(*places[here].T)
    return places[here]


def _filled(line: Array, step: float) -> Array:
    """A line of points (n, 2) with others between them, no farther apart than a step."""
    pieces = [
        a + (b - a) * np.linspace(0.0, 1.0, int(np.hypot(*(b - a)) / step) + 2)[:, None] for a, b in pairwise(line)
    ]
    return np.concatenate(pieces)


def _require_kept(triangles: Array, curves: Iterable[Curve]) -> None:
    """Raise RuntimeError where two neighbouring points of a curve are not those of a triangle's side."""
    sides = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    known = set(map(tuple, sides.tolist()))
    for curve in curves:
        pairs = np.sort(np.stack([curve.points[:-1], curve.points[1:]], axis=1), axis=1)
        if lost := sum(tuple(pair) not in known for pair in pairs.tolist()):
            raise RuntimeError(f"{lost} of {len(pairs)} pieces of the side {curve.side} are no sides of triangles")
