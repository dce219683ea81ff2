"""Residuals and their derivatives, row by row, are those of automatic differentiation."""

import pytest
import torch
from torch import Tensor

from elastic_pinn.networks.dense import ACTIVATIONS
from elastic_pinn.networks.mlp import MLP
from tests.networks.samples import network, some_equations

each_activation = pytest.mark.parametrize("activation", ACTIVATIONS)


def by_autograd(net: MLP, equations, parameters) -> Tensor:
    """One backward pass for each misfit, (2 N, P)."""
    jet = net.within(())(equations.points, equations.names)
    rows = []
    for misfit in equations.misfit(jet).reshape(-1):
        gradients = torch.autograd.grad(
            misfit, parameters, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        rows.append(torch.cat([gradient.reshape(-1) for gradient in gradients]))
    return torch.stack(rows)


@each_activation
@pytest.mark.parametrize("kind", range(4), ids=["motion", "traction", "displacement", "velocity"])
def test_each_row_is_the_gradient_of_a_misfit_by_network_and_material(activation, kind):
    net, (equations, moduli) = network(activation), some_equations(9)
    parameters = [*net.parameters(), *moduli]
    found = net.jacobian(moduli, equations[kind], parameters)
    assert torch.allclose(found, by_autograd(net, equations[kind], parameters), rtol=1e-12, atol=1e-12)
    assert found[:, -len(moduli) :].any() == (kind < 2)


def test_columns_come_for_the_parameters_asked_for_in_their_order():
    net, (equations, moduli) = network(), some_equations(9)
    for parameters in ([net.weights[-1], net.biases[-1]], [net.biases[1], net.weights[0]], [moduli[2], moduli[0]]):
        found = net.jacobian(moduli, equations[0], parameters)
        assert torch.allclose(found, by_autograd(net, equations[0], parameters), rtol=1e-12, atol=1e-12)


def test_the_rows_of_many_points_are_those_of_some_at_a_time():
    net, (equations, moduli) = network(hidden=(4, 3)), some_equations(1300)
    parameters = [*net.parameters(), *moduli]
    whole = net.jacobian(moduli, equations[1], parameters)
    parts = [net.jacobian(moduli, part, parameters) for part in equations[1].split(100)]
    assert torch.allclose(whole, torch.cat(parts), rtol=1e-13, atol=1e-13)


def test_no_points_have_no_rows():
    net, (equations, moduli) = network(), some_equations(0)
    parameters = list(net.parameters())
    found = net.jacobian(moduli, equations[1], parameters)
    assert found.shape == (0, sum(parameter.numel() for parameter in parameters))
