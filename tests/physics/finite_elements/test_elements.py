"""Quadratic triangles: what they give at places between their nodes."""

import numpy as np

from elastic_pinn.physics import Disc, Plate, Rectangle
from elastic_pinn.physics.domains import Regions
from elastic_pinn.physics.finite_elements import Elements, Small, Spacing, mesh_of

HOLE = Disc((1.3, 0.5), 0.2)


def plate_of(regions=(), interfaces=()):
    """A plate with a hole, in units of 0.7 m from (0.4, 0.1) m."""
    shape = Plate(Rectangle((0.0, 2.0), (0.0, 1.0)), (HOLE,))
    spacing = Spacing(0.2, (Small(HOLE.center, HOLE.radius, 0.08, is_rim=True),))
    return Elements(mesh_of(shape, Regions(tuple(regions)), list(interfaces), spacing), (0.4, 0.1), 0.7)


def quadratic(x, y):
    """A displacement whose components are different quadratic polynomials."""
    return np.stack([1.0 + x - 2.0 * y + x * y, 0.5 * x**2 - 3.0 * y**2 + x * y - 1.0], axis=-1)


def places_in_the_plate():
    """All over it, on its rim and at a corner."""
    angle = np.linspace(0.0, 2.0 * np.pi, 50)
    rim = np.stack([HOLE.center[0] + HOLE.radius * np.cos(angle), HOLE.center[1] + HOLE.radius * np.sin(angle)], axis=1)
    inside = np.random.default_rng(0).random((400, 2)) * [2.0, 1.0]
    inside = inside[np.hypot(*(inside - HOLE.center).T) > HOLE.radius]
    return np.concatenate([inside, rim, [[0.0, 0.0], [2.0, 1.0]]])


def test_values_between_nodes_are_those_of_the_polynomials():
    elements, places = plate_of(), places_in_the_plate()
    u = np.empty(elements.count)
    u[elements.nodes] = quadratic(*elements.places.T)
    found = (elements.values_at(places, np.zeros(len(places), dtype=int)) @ u).reshape(-1, 2)
    exact = quadratic(*((places - [0.4, 0.1]) / 0.7).T)
    away = np.hypot(*(places - HOLE.center).T) > HOLE.radius + 0.15
    np.testing.assert_allclose(found[away], exact[away], atol=1e-10)
    assert np.abs(found - exact).max() < 1e-3, "along a rim sides of triangles are curved"


def test_slopes_between_nodes_are_those_of_the_polynomials():
    elements, places = plate_of(), places_in_the_plate()
    u = np.empty(elements.count)
    u[elements.nodes] = quadratic(*elements.places.T)
    matrix = elements.values_at(places, np.zeros(len(places), dtype=int), ("y", "", "x"))
    by_y, itself, by_x = (matrix @ u).reshape(-1, 3, 2).transpose(1, 0, 2)
    x, y = ((places - [0.4, 0.1]) / 0.7).T
    away = np.hypot(*(places - HOLE.center).T) > HOLE.radius + 0.15
    np.testing.assert_allclose(itself[away], quadratic(x, y)[away], atol=1e-10)
    np.testing.assert_allclose(by_x[away], np.stack([1.0 + y, x + y], axis=-1)[away], atol=1e-9)
    np.testing.assert_allclose(by_y[away], np.stack([x - 2.0, x - 6.0 * y], axis=-1)[away], atol=1e-9)


def test_values_on_an_interface_are_those_of_the_region_that_is_named():
    layer = Rectangle((0.0, 0.8), (0.0, 1.0))
    elements = plate_of([layer], [(layer, layer.parts_of(["right"]))])
    u = np.empty(elements.count)
    u[elements.nodes] = 1.0 + elements.regions_of_nodes[:, None]
    places = np.array([[0.8, 0.31], [0.8, 0.77]])
    for region in (0, 1):
        found = elements.values_at(places, np.array([region, region])) @ u
        np.testing.assert_allclose(found, 1.0 + region)
