"""On a grid a network gives what it gives at the grid's points."""

import pytest
import torch

from elastic_pinn.networks import Model
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.dense import grid
from elastic_pinn.physics import Domain, Material, Scales

MATERIAL = Material(5.76e10, 2.6e10, 2700.0)
SCALES = Scales.of(Domain((0.0, 0.06), (0.01, 0.05), (0.0, 8e-6)), MATERIAL, 2e-9)
KINDS = {
    "plane waves": {"network": "plane_waves", "hidden_layers": [40], "activation": "sin", "input_frequency": 9.0},
    "features": {"network": "random_features", "hidden_layers": [40], "activation": "sin", "input_frequency": 5.0},
    "one layer of tanh": {"hidden_layers": [20], "activation": "tanh"},
    "two layers of sin": {"hidden_layers": [12, 9], "activation": "sin"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_grid_gives_what_its_points_give(kind):
    generator = torch.Generator().manual_seed(0)
    model = Model.create(NetworkConfig(**KINDS[kind], precision="float64"), MATERIAL, SCALES, generator)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, dtype=parameter.dtype, generator=generator))
        x, y = torch.linspace(-1.0, 1.0, 7, dtype=torch.float64), torch.linspace(-0.6, 0.6, 5, dtype=torch.float64)
        names = ("", "x", "t", "xx", "xy", "tt")
        [found] = model.derivatives_on_grids(x, y, x.new_tensor([0.3]), names)
        points = torch.cartesian_prod(x, y, torch.tensor([0.3], dtype=torch.float64))
        expected = model.derivatives(points, names)
        for name in names:
            torch.testing.assert_close(found[name], expected[name], rtol=1e-10, atol=1e-11)
    assert grid.is_separable(model.network.within(model.material())) == (kind in ("plane waves", "features"))
