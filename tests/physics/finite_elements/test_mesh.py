import math

import numpy as np
import pytest
import torch

from elastic_pinn.physics import Disc, Inclusion, Material, Part, Plate, Rectangle
from elastic_pinn.physics.domains import Domain, Regions
from elastic_pinn.physics.finite_elements import Elements, Slow, Small, Spacing, mesh_of
from elastic_pinn.physics.media.inclusion import interfaces_of

SOLID = Material(1.0, 1.0, 1.0)
BOX = Rectangle((0.0, 4.0), (0.0, 2.0))
HOLES = Plate(BOX, (Disc((2.0, 1.0), 0.3), Disc((3.0, 1.5), 0.05)))
INCLUSIONS = [
    Inclusion(Rectangle((0.0, 4.0), (0.0, 0.5)), SOLID),
    Inclusion(Disc((2.0, 1.2), 0.3), SOLID),
    Inclusion(Rectangle((0.0, 1.0), (0.5, 1.2)), SOLID),
]
SHAPES = {
    "rectangle": (BOX, [], 8.0),
    "disc": (Disc((0.5, -0.5), 1.0), [], math.pi),
    "holes": (HOLES, [], 8.0 - math.pi * (0.3**2 + 0.05**2)),
    "annulus": (Plate(Disc((0.0, 0.0), 1.0), (Disc((0.1, 0.0), 0.4),)), [], math.pi * (1.0 - 0.4**2)),
    "inclusions": (BOX, INCLUSIONS, 8.0),
}


def made(shape, inclusions, cuts=()):
    regions = Regions(tuple(each.shape for each in inclusions))
    interfaces = [(each.shape, each.parts) for each in interfaces_of(inclusions, Domain(shape=shape, t=(0.0, 1.0)))]
    discs = [*(shape.holes if isinstance(shape, Plate) else ()), *regions.discs]
    small = tuple(Small(disc.center, disc.radius, 2.0 * math.pi * disc.radius / 24, is_rim=True) for disc in discs)
    return mesh_of(shape, regions, interfaces, Spacing(0.2, small), cuts)


@pytest.mark.parametrize("name", SHAPES)
def test_triangles_with_curved_sides_fill_a_shape(name):
    shape, inclusions, area = SHAPES[name]
    elements = Elements(made(shape, inclusions), (1.0, 2.0), 0.5)
    _, weights = elements.quadrature
    assert weights.sum() * 0.5**2 == pytest.approx(area, rel=2e-4)


def test_each_region_has_its_own_area():
    elements = Elements(made(BOX, INCLUSIONS), (0.0, 0.0), 1.0)
    areas = np.bincount(elements.mesh.regions, weights=elements.quadrature[1].sum(1))
    disc = math.pi * 0.3**2
    assert areas == pytest.approx([8.0 - 2.0 - disc - 0.7, 2.0, disc, 0.7], rel=2e-4)


def test_no_triangle_is_nearly_flat():
    mesh = made(*SHAPES["holes"][:2])
    corners = mesh.points[mesh.triangles]
    lengths = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)  # (T, 3)
    half = lengths.sum(1) / 2.0
    areas = np.sqrt(half * (half[:, None] - lengths).prod(1))
    assert (4.0 * math.sqrt(3.0) * areas / (lengths**2).sum(1)).min() > 0.2  # 1 of an equilateral one


@pytest.mark.parametrize("spacing", [0.119, 0.175, 0.2125])
def test_rows_beside_a_side_are_as_far_apart_as_elsewhere(spacing):
    mesh = mesh_of(BOX, Regions(), [], Spacing(spacing))
    corners = mesh.points[mesh.triangles]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(1)
    assert np.quantile(longest, 0.95) < 1.3 * spacing and longest.max() < 1.55 * spacing


def test_a_part_of_a_side_ends_at_points_and_so_does_the_side_opposite():
    mesh = made(BOX, [], [Part("top", 1.03, 2.17)])
    for side in ("top", "bottom"):
        (curve,) = (each for each in mesh.curves if each.side == side)
        assert np.isclose(4.0 * curve.fractions[:, None], [1.03, 2.17]).any(0).all()


def test_nodes_of_regions_that_meet_are_apart_and_those_on_a_curve_are_on_it():
    elements = Elements(made(BOX, INCLUSIONS), (0.0, 0.0), 1.0)
    (rim,) = (each for each in elements.mesh.curves if each.side == "rim")
    outside, inside = elements.on(rim, 0), elements.on(rim, 2)
    assert not np.intersect1d(outside, inside).size and (elements.on(rim, 1) == -1).all()
    places = {dofs[0]: place for dofs, place in zip(elements.nodes.tolist(), elements.places, strict=True)}
    for dof in (*outside[:, :, 0].ravel(), *inside[:, :, 0].ravel()):
        assert math.dist(places[dof], (2.0, 1.2)) == pytest.approx(0.3, rel=1e-9)


def test_holes_that_nearly_touch_are_refused_rather_than_joined():
    shape = Plate(BOX, (Disc((1.0, 1.0), 0.4), Disc((1.802, 1.0), 0.4)))
    with pytest.raises(RuntimeError, match="are no sides of triangles"):
        mesh_of(shape, Regions(), [], Spacing(0.5))


def test_triangles_are_small_where_waves_are_slow_and_grow_from_there():
    disc = Disc((2.0, 1.0), 0.4)
    regions = Regions((disc,))
    interfaces = [(disc, disc.parts_of(None))]
    for slow in (Slow((disc,), 0.05), Slow((disc,), 0.05, is_around=True)):
        mesh = mesh_of(BOX, regions, interfaces, Spacing(0.25, (slow,)))
        corners = mesh.points[mesh.triangles]
        lengths = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).mean(1)
        within = disc.clearance(*torch.from_numpy(corners.mean(1)).T).numpy()
        fine, far = (within < -0.05, within > 0.25) if slow.is_around else (within > 0.05, within < -0.7)
        assert lengths[fine].mean() == pytest.approx(0.05, rel=0.15)
        assert lengths[far].mean() > 2.0 * 0.05
