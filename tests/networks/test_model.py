"""A model is SI at its face, and its state_dict is all it takes to use it."""

import numpy as np
import pytest
import torch

from elastic_pinn.networks import Model
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.physics import Domain, Material, Scales

CONFIG = NetworkConfig(hidden_layers=[8, 8], precision="float64", input_frequency=2.0)
MATERIAL = Material(5.76e10, 2.6e10, 2700.0, unknowns=("lambda", "mu"))
DOMAIN = Domain((0.0, 0.06), (0.01, 0.05), (0.0, 8e-6))


def model(config: NetworkConfig = CONFIG) -> Model:
    scales = Scales.of(DOMAIN, MATERIAL, 2e-9)
    return Model.create(config, MATERIAL, scales, torch.Generator().manual_seed(0))


def some_points(n: int = 20) -> torch.Tensor:
    return DOMAIN.interior(torch.rand(n, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)))


def test_network_and_material_are_one_flat_list_of_parameters():
    names = [name for name, _ in model().named_parameters()]
    assert len(names) == 8
    assert {name for name in names if name.startswith("material.")} == {"material.log_bulk", "material.log_mu"}


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_state_alone_rebuilds_the_model(precision):
    config = CONFIG.model_copy(update={"precision": precision})
    one = model(config)
    with torch.no_grad():
        for parameter in one.parameters():
            parameter += 0.1
    again = Model.from_state(config, one.state_dict())
    x, y, t = some_points().numpy().T
    assert np.array_equal(again.predict(x, y, t), one.predict(x, y, t))
    assert again.material.si() == one.material.si()
    assert again.scales == one.scales


def test_prediction_is_in_metres_and_broadcasts():
    one = model()
    x, t = np.linspace(0, 0.06, 5)[:, None], np.linspace(0, 8e-6, 3)
    found = one.predict(x, 0.02, t)
    assert found.shape == (5, 3, 2) and found.dtype == np.float64
    np.testing.assert_allclose(found[4, 1], one.predict(0.06, 0.02, 4e-6), rtol=1e-12)
    point = one.scales.dimensionless(torch.tensor([[0.06, 0.02, 4e-6]], dtype=torch.float64))
    inside = one.derivatives(point, ())[""][0].detach().numpy()
    np.testing.assert_allclose(found[4, 1], 2e-9 * inside, rtol=1e-12)
    assert one.predict(0.01, 0.02, 1e-6).shape == (2,)


def test_derivatives_are_by_the_dimensionless_coordinates():
    one, points = model(), some_points()
    u = one.derivatives(one.scales.dimensionless(points), ("x", "y", "t", "tt"))
    for axis, name in enumerate("xyt"):
        step = torch.zeros(3, dtype=torch.float64)
        step[axis] = 1e-5 * one.scales.units[axis]
        ahead, here, behind = (one.displacement(p) / 2e-9 for p in (points + step, points, points - step))
        torch.testing.assert_close(u[name].detach(), (ahead - behind) / 2e-5, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(u["tt"].detach(), (ahead - 2 * here + behind) / 1e-10, rtol=1e-3, atol=1e-3)


def test_a_long_list_of_points_is_predicted_as_a_short_one():
    one, points = model(), some_points(70_000).numpy().T
    found = one.predict(*points)
    assert found.shape == (70_000, 2)
    few = [0, 65_535, 65_536, 69_999]
    np.testing.assert_allclose(found[few], one.predict(*points[:, few]), rtol=1e-12)


def test_the_network_sees_the_window_from_minus_one_to_one():
    one = model()
    corners = one.scales.dimensionless(torch.stack([DOMAIN.low, DOMAIN.high]))
    seen = one.network.within(one.material()).seed(corners, ("",))
    torch.testing.assert_close(seen[0], torch.tensor([[-1.0] * 3, [1.0] * 3], dtype=torch.float64))
