"""Plane waves satisfy the equation whatever their amplitudes, and tell what the material does to them."""

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.config import ConfigError
from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batch
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.mlp import MLP
from elastic_pinn.networks.network import Window
from elastic_pinn.networks.plane_waves import S_EVERY, PlaneWaves
from elastic_pinn.networks.statement_equations import equations_of
from elastic_pinn.physics import Displacement, Domain, Material, Problem, Scales, Traction
from elastic_pinn.physics.elasticity import MOTION, residual

CONFIG = NetworkConfig(
    network="plane_waves", hidden_layers=[30], activation="sin", input_frequency=5.0, precision="float64"
)
DOMAIN = Domain((0.0, 0.06), (0.01, 0.05), (0.0, 8e-6))
START = Material(5.76e10, 2.6e10, 2700.0, unknowns=("lambda", "mu", "rho"))


def model() -> Model:
    """Waves of some amplitudes, in another material than the one that the units are made of."""
    generator = torch.Generator().manual_seed(0)
    made = Model.create(CONFIG, START, Scales.of(DOMAIN, START, 2e-9), generator)
    with torch.no_grad():
        made.network.amplitudes.normal_(generator=generator)
        for size, unknown in enumerate(made.material.parameters()):
            unknown.fill_(0.1 * size - 0.2)
    return made


def some_points(n: int = 20) -> torch.Tensor:
    return 2.0 * torch.rand(n, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) - 1.0


def test_any_amplitudes_satisfy_the_equation_of_motion_in_any_material():
    made = model()
    u = made.derivatives(some_points(), MOTION)
    assert u["tt"].abs().max() > 1.0
    assert residual(u, made.material()).abs().max() < 1e-12 * u["tt"].abs().max()


def test_wave_vectors_fill_the_disc_evenly_and_phases_the_circle():
    config = CONFIG.model_copy(update={"hidden_layers": (20_000,)})
    network = Model.create(config, START, Scales.of(DOMAIN, START, 2e-9), torch.Generator().manual_seed(0)).network
    length = torch.linalg.vector_norm(network.vectors, dim=1)
    assert length.max() <= 5.0
    assert (length < 2.5).double().mean().item() == pytest.approx(0.25, abs=0.01)
    assert network.vectors.mean(0).abs().max() < 0.05
    assert network.phases.mean().item() == pytest.approx(np.pi, abs=0.05) and network.phases.max() > 6.2


def some_equations(made: Model) -> list[Equations]:
    """Of a displacement, whose operator does not depend on the material, and of a traction, whose operator does."""
    points = some_points()
    batch = Batch(points, points[:, 1:], torch.nn.functional.normalize(points[:, :2]))
    statements = (*Displacement().statements(0, DOMAIN), *Traction().statements(1, DOMAIN))
    return [equations_of(statement, made.material(), batch) for statement in statements]


def test_the_jacobian_is_that_of_automatic_differentiation():
    made = model()
    parameters = list(made.parameters())
    for equations in some_equations(made):
        jet = torch.stack([made.derivatives(equations.points, equations.names)[name] for name in equations.names])
        rows = [
            torch.cat([g.reshape(-1) for g in torch.autograd.grad(each, parameters, retain_graph=True)])
            for each in equations.misfit(jet).reshape(-1)
        ]
        expected = torch.stack(rows)  # (2 N, F + U)
        found = made.jacobian(equations, parameters)
        assert torch.allclose(found, expected, rtol=1e-11, atol=1e-11)
        amplitudes = made.jacobian(equations, parameters[:1])
        assert torch.equal(amplitudes, found[:, :30])
        assert torch.allclose(made.jacobian(equations, parameters[1:]), expected[:, 30:], rtol=1e-11, atol=1e-11)


def test_the_loss_has_gradients_by_amplitudes_and_material():
    made = model()
    parameters = list(made.parameters())
    asked = some_equations(made)
    jets = [torch.stack([made.derivatives(each.points, each.names)[name] for name in each.names]) for each in asked]
    plain = torch.stack([each.misfit(jet).square().sum(1).mean() for each, jet in zip(asked, jets, strict=True)])
    quick = made.mean_squares(asked)
    assert torch.allclose(quick, plain, rtol=1e-12)
    expected = torch.autograd.grad(plain.sum(), parameters, retain_graph=True)
    for mine, theirs in zip(torch.autograd.grad(quick.sum(), parameters), expected, strict=True):
        assert theirs.abs().max() > 1e-3
        assert torch.allclose(mine, theirs, rtol=1e-11, atol=1e-11)


def test_the_state_alone_rebuilds_the_waves():
    made = model()
    again = Model.from_state(CONFIG, made.state_dict())
    x, y, t = np.array([0.01, 0.05]), 0.02, 3e-6
    assert np.array_equal(again.predict(x, y, t), made.predict(x, y, t))
    with pytest.raises(ValueError, match=r"network\.amplitudes is torch\.float64 of shape"):
        Model.from_state(CONFIG.model_copy(update={"hidden_layers": (31,)}), made.state_dict())


@pytest.mark.parametrize("fields", [{"hidden_layers": [8, 8]}, {"activation": "tanh"}])
def test_layers_and_other_activations_are_refused(fields):
    with pytest.raises(ConfigError, match=r"'plane_waves' with hidden_layers.*it needs one number, of waves"):
        ep.Config(**{"network": "plane_waves", "hidden_layers": [8], "activation": "sin"} | fields)


def test_a_body_force_is_refused(waves, tiny, tmp_path):
    problem: Problem = waves(force=lambda x, y, t: torch.stack([x, y], dim=1))
    config = tiny(problem="own", network="plane_waves", hidden_layers=[8], activation="sin")
    with pytest.raises(ConfigError, match=r"'plane_waves' cannot meet a body force that is no ep\.PointForce"):
        ep.train(config, tmp_path / "run", problem)


def test_time_frequency_limits_p_waves_alone():
    fields = {"network": "plane_waves", "hidden_layers": [300], "activation": "sin", "input_frequency": 8.0}
    free, limited = (
        PlaneWaves(NetworkConfig(**fields, **further), torch.Generator().manual_seed(0))
        for further in ({}, {"time_frequency": 0.5})
    )
    is_s = torch.arange(300) % S_EVERY == S_EVERY - 1
    torch.testing.assert_close(limited.vectors[is_s], free.vectors[is_s], rtol=0.0, atol=0.0)
    torch.testing.assert_close(limited.vectors[~is_s], free.vectors[~is_s] / 16.0)
    assert 0.45 < limited.vectors[~is_s].norm(dim=1).max() <= 0.5


def test_time_frequency_limits_features_in_time_alone():
    fields = {"network": "random_features", "hidden_layers": [300], "activation": "sin", "input_frequency": 8.0}
    free, limited = (
        MLP(NetworkConfig(**fields, **further), torch.Generator().manual_seed(0), Window((1.0, 0.5, 2.0))).weights[0]
        for further in ({}, {"time_frequency": 0.5})
    )
    torch.testing.assert_close(limited[:, :2], free[:, :2])
    torch.testing.assert_close(limited[:, 2], free[:, 2] / 16.0)
    assert 0.95 < limited[:, 2].abs().max() <= 1.0  # radians over half the window: 0.5 a unit of time
