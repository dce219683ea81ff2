"""The curvature is the Jacobian's product with itself, which is never formed."""

import pytest
import torch

from elastic_pinn.networks.dense import ACTIVATIONS
from elastic_pinn.networks.network import CurvatureProduct
from tests.networks.samples import network, some_equations

each_kind = pytest.mark.parametrize("kind", range(4), ids=["motion", "traction", "displacement", "velocity"])


def both(activation: str, kind: int, chosen=slice(None), n: int = 23) -> tuple[CurvatureProduct, torch.Tensor]:
    """The curvature and the weighted Jacobian (4 N, P) of the same two sets, by network and material."""
    net, (equations, moduli) = network(activation), some_equations(n)
    parameters = [*list(net.parameters())[chosen], *moduli]
    weighted = [(0.7, equations[kind]), (0.2, equations[kind - 1])]
    rows = [weight**0.5 * net.jacobian(moduli, each, parameters) for weight, each in weighted]
    return net.curvature(moduli, weighted, parameters), torch.cat(rows)


def steps(count: int) -> torch.Tensor:
    return torch.randn(3, count, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


@each_kind
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_step_goes_forward_and_back_as_by_the_jacobian(activation, kind):
    product, matrix = both(activation, kind)
    for step in steps(matrix.shape[1]):
        torch.testing.assert_close(product(step), matrix.T @ (matrix @ step), rtol=1e-11, atol=1e-11)


@each_kind
def test_the_diagonal_is_the_columns_squared_lengths(kind):
    product, matrix = both("tanh", kind)
    torch.testing.assert_close(product.diagonal(), matrix.square().sum(0), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("chosen", [slice(2, 4), slice(0, 1), slice(3, 8)])
def test_it_is_by_the_parameters_asked_for_alone(chosen):
    product, matrix = both("tanh", 0, chosen)
    for step in steps(matrix.shape[1]):
        torch.testing.assert_close(product(step), matrix.T @ (matrix @ step), rtol=1e-11, atol=1e-11)


def test_of_many_points_it_is_as_of_few():
    product, matrix = both("tanh", 1, n=1300)
    (step, *_) = steps(matrix.shape[1])
    torch.testing.assert_close(product(step), matrix.T @ (matrix @ step), rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(product.diagonal(), matrix.square().sum(0), rtol=1e-11, atol=1e-11)
