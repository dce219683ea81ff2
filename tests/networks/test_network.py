"""A network has to give jets at points; all that training needs follows from them."""

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

import elastic_pinn as ep
from elastic_pinn.networks import model
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.mlp import MLP
from elastic_pinn.networks.network import Network, Window
from elastic_pinn.networks.trial_function import TrialFunction
from elastic_pinn.physics.media.moduli import Moduli
from tests.networks.known import Written
from tests.networks.samples import network, some_equations


class JetsOnly(Network):
    """A network that gives jets and no faster way to anything."""

    def __init__(self, config: NetworkConfig, *others) -> None:
        super().__init__(config, *others)
        self.net = MLP(config, *others)
        self.nonlinearity = {"tanh": torch.tanh, "sin": torch.sin}[config.activation]

    @staticmethod
    def shapes(config: NetworkConfig, regions: int = 1) -> Mapping[str, tuple[int, ...]]:
        return {f"net.{name}": shape for name, shape in MLP.shapes(config, regions).items()}

    def within(self, moduli: Moduli) -> TrialFunction:
        return Written(self._layers, (*self.net.weights, *self.net.biases))

    def _layers(self, points: Tensor) -> Tensor:
        """The layers of a perceptron in plain torch."""
        z = points / self.net.extent
        *hidden, (weight, bias) = zip(self.net.weights, self.net.biases, strict=True)
        for w, b in hidden:
            z = self.nonlinearity(z @ w.T + b)
        return z @ weight.T + bias  # (N, C)


@pytest.fixture
def twins() -> tuple[MLP, JetsOnly]:
    """A perceptron, and the same of which only jets are known."""
    net = network(hidden=(5, 4))
    config = NetworkConfig(hidden_layers=[5, 4], activation="tanh", precision="float64")
    only = JetsOnly(config, torch.Generator().manual_seed(0), Window(net.extent.tolist()))
    only.net = net
    return net, only


@pytest.mark.parametrize("kind", range(4))
def test_jacobian_and_curvature_by_autograd_are_those_of_the_fast_path(twins, kind):
    net, _ = twins
    equations, moduli = some_equations(9)
    parameters = [*net.parameters(), *moduli]
    fast, slow = (each.jacobian(moduli, equations[kind], parameters) for each in twins)
    torch.testing.assert_close(slow, fast, rtol=1e-10, atol=1e-12)
    weighted = [(0.7, equations[kind]), (0.2, equations[kind - 1])]
    step = torch.linspace(-1.0, 1.0, fast.shape[1], dtype=torch.float64)
    products = [each.curvature(moduli, weighted, parameters) for each in twins]
    torch.testing.assert_close(products[1](step), products[0](step), rtol=1e-9, atol=1e-10)
    torch.testing.assert_close(products[1].diagonal(), products[0].diagonal(), rtol=1e-9, atol=1e-10)


def test_unknowns_that_coefficients_depend_on_are_in_the_jacobian_and_the_curvature():
    """As the modulus at points does on an unknown field: lambda = 1 + p x at each point."""
    net, p = network(hidden=(5, 4)), nn.Parameter(torch.tensor(0.3, dtype=torch.float64))

    def at(p: torch.Tensor) -> Equations:
        whole = some_equations(9)[0][0]
        return replace(whole, operator=whole.operator.detach(), coefficients=1.0 + p * whole.points[:, :1])

    parameters = [*net.parameters(), p]
    found = net.jacobian((), at(p), parameters)
    jet = net.within(())(at(p).points, at(p).names)
    h = 1e-6
    by_p = (at(p + h).misfit(jet) - at(p - h).misfit(jet)).reshape(-1) / (2.0 * h)
    torch.testing.assert_close(found[:, -1], by_p, rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(found[:, :-1], net.jacobian((), replace(at(p), coefficients=at(p).coefficients.detach()),
                                                           parameters[:-1]), rtol=1e-10, atol=1e-12)  # fmt: skip
    step = torch.linspace(-1.0, 1.0, found.shape[1], dtype=torch.float64)
    product = net.curvature((), [(0.7, at(p))], parameters)
    torch.testing.assert_close(product(step), 0.7 * found.T @ (found @ step), rtol=1e-9, atol=1e-10)


def test_values_on_a_grid_are_those_at_its_points(twins):
    fast, slow = (each.within(()) for each in twins)
    x, y = torch.linspace(-1, 1, 4, dtype=torch.float64), torch.linspace(-0.5, 0.5, 3, dtype=torch.float64)
    found, expected = (trial.on_grid(x, y, 0.3, ("tt",)) for trial in (slow, fast))
    for name in ("", "tt"):
        torch.testing.assert_close(found[name], expected[name], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("kind", range(4))
def test_values_without_gradients_are_those_with_them(twins, kind):
    equations = some_equations(300)[0][kind]
    for each in twins:
        trial = each.within(())
        found = trial.without_gradients(equations.points, equations.names)
        torch.testing.assert_close(found, trial(equations.points, equations.names).detach(), rtol=1e-11, atol=1e-12)
        assert not found.requires_grad


@pytest.mark.parametrize(
    "changes",
    [
        {"stages": ["adam"]},
        {"stages": ["lbfgs"]},
        {"stages": ["levenberg_marquardt"]},
        {"resampling": "r3", "resample_every": 2, "balancing": "relobralo", "balance_every": 2},
    ],
)
def test_a_network_that_only_gives_jets_trains_as_its_fast_twin_does(monkeypatch, tmp_path, changes):
    fields = {
        "hidden_layers": [6], "precision": "float64", "steps": 4, "interior_points": 20,
        "boundary_points": 8, "initial_points": 8, "validation_points": 10, **changes,
    }  # fmt: skip
    fast = ep.train(ep.Config(**fields), tmp_path / "fast").history()
    monkeypatch.setitem(model.NETWORKS, "mlp", JetsOnly)
    slow = ep.train(ep.Config(**fields), tmp_path / "slow").history()
    for name in ("loss/total", "grad_norm", "error/displacement"):
        for mine, theirs in zip(slow[name], fast[name], strict=True):
            assert math.isclose(mine, theirs, rel_tol=1e-6) or math.isnan(theirs)
    assert slow["loss/total"].iloc[1] < slow["loss/total"].iloc[0]
