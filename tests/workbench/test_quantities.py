"""Quantities of a model are those that follow from its displacement, in SI units."""

import numpy as np
import pytest
import torch

from elastic_pinn.networks import Model
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.physics import Domain, Material, Scales
from elastic_pinn.workbench.quantities import QUANTITIES, GridFields, QuantityError, Solid

MATERIAL = Material(5.76e10, 2.6e10, 2700.0)
DOMAIN = Domain((0.0, 0.06), (0.01, 0.05), (0.0, 8e-6))
CONFIG = NetworkConfig(network="plane_waves", hidden_layers=[3], activation="sin", precision="float64")
K = np.array([[120.0, 50.0], [40.0, -90.0], [70.0, 60.0]])  # wave vectors of two P waves and an S wave, rad/m
SIZE = np.array([3e-9, 2e-9, 4e-9])  # m
PHASES = [0.3, 1.1, 2.0]
CENTRE = np.array([0.03, 0.03])


@pytest.fixture(scope="module")
def fields() -> GridFields:
    """Two P waves and an S wave of known amplitudes."""
    scales = Scales.of(DOMAIN, MATERIAL, 2e-9)
    model = Model.create(CONFIG, MATERIAL, scales, torch.Generator())
    model.network.vectors.copy_(torch.from_numpy(K * scales.length))
    model.network.phases.copy_(torch.tensor(PHASES, dtype=torch.float64))
    with torch.no_grad():
        model.network.amplitudes.copy_(torch.from_numpy(SIZE / scales.displacement))
    return GridFields(model, nodes=7)


def waves(x, y, t):
    """Displacement, its gradient [i, j] = d u_i / d x_j and velocity, from the formula."""
    u, gradient, velocity = np.zeros((2, *x.shape)), np.zeros((2, 2, *x.shape)), np.zeros((2, *x.shape))
    for i, phase in enumerate(PHASES):
        k, length = K[i], np.hypot(*K[i])
        w = (MATERIAL.c_p if i < 2 else MATERIAL.c_s) * length
        argument = k[0] * (x - CENTRE[0]) + k[1] * (y - CENTRE[1]) - w * (t - 4e-6) + phase
        along = k / length
        for c, d in enumerate(along if i < 2 else (-along[1], along[0])):
            u[c] += SIZE[i] * d * np.sin(argument)
            velocity[c] -= SIZE[i] * d * w * np.cos(argument)
            for j in range(2):
                gradient[c, j] += SIZE[i] * d * k[j] * np.cos(argument)
    return u, gradient, velocity


@pytest.fixture(scope="module")
def expected(fields):
    x, y = np.meshgrid(fields.x, fields.y, indexing="ij")
    u, g, v = waves(x, y, np.full_like(x, 5e-6))
    lame, mu = MATERIAL.lame_lambda, MATERIAL.lame_mu
    div, shear = g[0, 0] + g[1, 1], (g[0, 1] + g[1, 0]) / 2
    xx, yy, xy = lame * div + 2 * mu * g[0, 0], lame * div + 2 * mu * g[1, 1], 2 * mu * shear
    energy = (MATERIAL.density * (v**2).sum(0) + xx * g[0, 0] + yy * g[1, 1] + 2 * xy * shear) / 2
    zz = lame * div  # of plane strain
    mises = np.sqrt(xx**2 + yy**2 + zz**2 - xx * yy - yy * zz - zz * xx + 3 * xy**2)
    return {
        "u_x": u[0], "u_y": u[1], "magnitude": np.hypot(*u), "v_x": v[0], "v_y": v[1], "speed": np.hypot(*v),
        "divergence": div, "curl": g[1, 0] - g[0, 1],
        "stress_xx": xx, "stress_yy": yy, "stress_xy": xy, "von_mises": mises, "energy": energy,
        "residual": np.zeros_like(div),
    }  # fmt: skip


@pytest.mark.parametrize("name", QUANTITIES)
def test_each_quantity_is_that_of_the_formula_in_si_units(fields, expected, name):
    found = fields.at(name, 5e-6)
    assert found.shape == (7, 7)
    if name == "residual":  # of terms of size rho u_tt
        size = MATERIAL.density * SIZE.max() * (MATERIAL.c_p * np.hypot(*K[0])) ** 2
        assert np.abs(found).max() < 1e-10 * size
    else:
        np.testing.assert_allclose(found, expected[name], rtol=1e-9, atol=1e-10 * np.abs(expected[name]).max())


def test_the_grid_spans_the_window(fields):
    assert fields.x[[0, -1]].tolist() == pytest.approx([0.0, 0.06])
    assert fields.y[[0, -1]].tolist() == pytest.approx([0.01, 0.05])
    assert (fields.start, fields.end) == pytest.approx((0.0, 8e-6))


def test_instants_span_the_window_or_what_is_given_of_it(fields):
    assert fields.instants(3) == pytest.approx([0.0, 4e-6, 8e-6])
    assert fields.instants(3, 2e-6, 6e-6) == [2e-6, 4e-6, 6e-6] and fields.instants(2, end=2e-6) == [0.0, 2e-6]
    assert fields.instants(5, 2e-6, 2e-6) == [2e-6]
    for start, end in [(-1e-6, None), (None, 9e-6), (5e-6, 4e-6), (float("nan"), None)]:
        with pytest.raises(QuantityError, match="within the window, 0 s to 8e-06 s"):
            fields.instants(3, start, end)


@pytest.mark.parametrize(("plane", "expected"), [("strain", 0.5), ("stress", 1.0)])
def test_the_von_mises_stress_counts_the_stress_out_of_the_plane(plane, expected):
    """Of equal stress along x and y it is that stress in plane stress, and (1 - 2 nu) of it in plane strain."""
    material = Material.from_young(70e9, 0.25, 2700.0, plane=plane)
    model = Model.create(CONFIG, material, Scales.of(DOMAIN, material, 2e-9), torch.Generator())
    strain = torch.tensor([[1e-3, 0.0]]), torch.tensor([[0.0, 1e-3]])
    u = dict(zip("xy", (each.double() for each in strain), strict=True))
    solid = Solid(model, torch.zeros(1, 3, dtype=torch.float64))
    found, along_x = (float(QUANTITIES[name].of(u, solid)) for name in ("von_mises", "stress_xx"))
    assert found == pytest.approx(expected * along_x)
