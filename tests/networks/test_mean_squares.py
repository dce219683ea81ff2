"""Mean squares by the compiled kernel are those of jets and autograd: values, gradients, on any number of threads."""

import shutil
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from elastic_pinn.networks import mean_squares
from elastic_pinn.networks.dense import ACTIVATIONS, CompiledLayers, Layers
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.trial_function import TrialFunction
from tests.networks.known import OnlyJets
from tests.networks.samples import network, some_equations

each_activation = pytest.mark.parametrize("activation", ACTIVATIONS)


def plain(layers: Layers, equations) -> Tensor:
    """As anyone would write it."""
    jet_of = [layers(each.points, each.names) for each in equations]
    misfits = [each.misfit(jet) for each, jet in zip(equations, jet_of, strict=True)]
    return torch.stack([misfit.square().sum(1).mean() for misfit in misfits])


def gradients(values: Tensor, inputs) -> list[Tensor]:
    """Of a weighted sum in which each value counts otherwise."""
    weights = torch.arange(1, len(values) + 1, dtype=values.dtype)
    return list(torch.autograd.grad((weights * values).sum(), inputs, retain_graph=True))


def rows_of(whole: Equations, rows: slice) -> Equations:
    """Some of the points, the others being remote."""
    points, coefficients, target = whole.points[rows], whole.coefficients[rows], whole.target[rows]
    n_remote = len(whole.points) - len(points)
    return replace(whole, points=points, coefficients=coefficients, target=target, n_remote=n_remote)


def assert_close(found, expected, tolerance: float = 1e-12) -> None:
    for mine, theirs in zip(found, expected, strict=True):
        assert (mine - theirs).abs().max() <= tolerance * max(1.0, theirs.abs().max().item())


@each_activation
@pytest.mark.parametrize("n", [1, 31, 700])
def test_values_and_gradients_are_those_of_jets_and_autograd(activation, n):
    net, (equations, moduli) = network(activation), some_equations(n)
    inputs = [*net.parameters(), *moduli]
    found, expected = (
        mean_squares.mean_squares(net.within(()), equations),
        plain(net.within(()), equations),
    )
    assert_close([found], [expected])
    assert_close(gradients(found, inputs), gradients(expected, inputs))


@pytest.fixture(params=[lambda trial: trial, OnlyJets], ids=["by the kernel", "by autograd"])
def either(request) -> Callable[[TrialFunction], TrialFunction]:
    """The layers with their own way to sums, and with the one of any network."""
    return request.param


def test_shares_of_the_points_add_up_to_all_of_them_and_may_be_empty(either):
    net, (whole, moduli) = network(), some_equations(31)
    inputs = [*net.parameters(), *moduli]
    found = sum(
        mean_squares.mean_squares(either(net.within(())), [rows_of(each, rows) for each in whole])
        for rows in (slice(0, 20), slice(20, 20), slice(20, 31))
    )
    expected = plain(net.within(()), whole)
    assert_close([found], [expected])
    assert_close(gradients(found, inputs), gradients(expected, inputs))


@each_activation
def test_far_out_arguments_are_no_less_exact(activation):
    net, (equations, _) = network(activation, spread=60.0), some_equations(200)
    found, expected = (
        mean_squares.mean_squares(net.within(()), equations),
        plain(net.within(()), equations),
    )
    assert (found - expected).abs().max() <= 1e-12 * expected.abs().max()


@pytest.mark.parametrize("hidden", [(5,), (9, 1), (64, 64), (3, 70, 20, 4)])
def test_layers_may_have_any_number_and_width(hidden):
    net, (equations, moduli) = network(hidden=hidden), some_equations(150)
    inputs = [*net.parameters(), *moduli]
    found, expected = (
        mean_squares.mean_squares(net.within(()), equations),
        plain(net.within(()), equations),
    )
    assert_close(gradients(found, inputs), gradients(expected, inputs))


def test_single_precision_is_as_good_as_its_digits():
    net, (equations, moduli) = network(precision="float32"), some_equations(400, torch.float32)
    inputs = [*net.parameters(), *moduli]
    found, expected = (of(net.within(()), equations) for of in (mean_squares.mean_squares, plain))
    assert found.dtype == torch.float32
    assert_close([found], [expected], 1e-5)
    assert_close(gradients(found, inputs), gradients(expected, inputs), 1e-5)


def test_any_number_of_threads_gives_the_same_bits():
    net, (equations, _) = network(hidden=(16, 16), precision="float32"), some_equations(20_000, torch.float32)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3, 3):
            torch.set_num_threads(threads)
            values = mean_squares.mean_squares(net.within(()), equations)
            found.append([values, *gradients(values, list(net.parameters()))])
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(one, two) for one, two in zip(found[0], other, strict=True))


def test_without_gradients_the_values_are_the_same():
    net, (equations, _) = network(), some_equations(100)
    with torch.no_grad():
        quick = mean_squares.mean_squares(net.within(()), equations)
    assert not quick.requires_grad
    assert torch.equal(quick, mean_squares.mean_squares(net.within(()), equations).detach())


@pytest.mark.parametrize("n", [100, 140_000])
@pytest.mark.parametrize("with_gradients", [False, True])
def test_the_way_by_autograd_gives_the_same_sums_of_few_points_and_of_many(n, with_gradients):
    layers, equations, _ = mixed(n)
    compiled, plainly = (
        trial.sums_of_squares([equations], with_gradients, is_compiled=False) for trial in (layers, OnlyJets(layers))
    )
    assert_close([plainly.sums], [compiled.sums])
    if with_gradients:
        assert_close([plainly.by_tensors, *plainly.by_operator], [compiled.by_tensors, *compiled.by_operator])
        assert_close(plainly.by_coefficients, compiled.by_coefficients)


@pytest.mark.skipif(
    not shutil.which("g++"), reason="on a CPU, which only this test uses it on, torch compiles with g++"
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own making
@pytest.mark.slow
def test_compiled_by_torch_the_sums_are_the_same_and_follow_the_weights():
    net, (equations, _) = network(hidden=(4,)), some_equations(20)
    for _ in range(2):
        found = OnlyJets(net.within(())).sums_of_squares(equations[3:], True, is_compiled=True)
        expected = net.within(()).sums_of_squares(equations[3:], True, is_compiled=True)
        assert_close([found[0], found[1], *found[2]], [expected[0], expected[1], *expected[2]])
        with torch.no_grad():
            net.weights[0].mul_(1.5)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_weight_that_is_no_number_shows(bad):
    for layer in (0, 1):
        net, (equations, _) = network(), some_equations(100)
        with torch.no_grad():
            net.weights[layer][0, 0] = bad
        values = mean_squares.mean_squares(net.within(()), equations)
        assert not values.isfinite().all()
        assert not all(gradient.isfinite().all() for gradient in gradients(values, list(net.parameters())))


def mixed(n: int) -> tuple[Layers, Equations, list[Tensor]]:
    """Layers of five outputs, three equations a point, and all that gradients are needed by."""
    generator = torch.Generator().manual_seed(3)

    def draw(*shape) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=generator).requires_grad_()

    weights, biases = [draw(7, 3), draw(5, 7)], [draw(7), draw(5)]
    layers = CompiledLayers(weights, biases, "tanh", torch.ones(3, dtype=torch.float64))
    names = ("", "x", "t", "tt")
    equations = Equations(draw(n, 3).detach(), names, draw(2, 4, 3, 5), draw(n, 2), draw(n, 3).detach())
    return layers, equations, [*weights, *biases, equations.operator, equations.coefficients]


def test_any_number_of_equations_and_outputs_and_gradients_by_coefficients(either):
    layers, equations, inputs = mixed(700)
    found, expected = mean_squares.mean_squares(either(layers), [equations]), plain(layers, [equations])
    assert_close([found], [expected])
    assert_close(gradients(found, inputs), gradients(expected, inputs))


def test_the_weight_of_a_point_multiplies_its_squared_misfit():
    layers, equations, _ = mixed(50)
    weights = torch.linspace(0.0, 4.0, 50, dtype=torch.float64)
    misfits = equations.misfit(layers(equations.points, equations.names))  # (N, E)
    expected = (weights * misfits.square().sum(1)).mean()
    assert_close([mean_squares.mean_squares(layers, [equations.weighted(weights)])[0]], [expected])
