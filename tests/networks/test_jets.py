"""Jets give what nested automatic differentiation gives: values, derivatives, and gradients through them."""

import itertools

import pytest
import torch
from torch import Tensor

from elastic_pinn.networks import jets
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.dense import ACTIVATIONS
from elastic_pinn.networks.mlp import MLP
from elastic_pinn.networks.network import Window
from tests.networks.known import Written

PLAIN = {"tanh": torch.tanh, "sin": torch.sin, "swish": torch.nn.functional.silu}
SCALE = torch.tensor([1.0, 0.6, 2.5], dtype=torch.float64)
NAMES = ("x", "y", "t", "xx", "xy", "xt", "yy", "yt", "tt")
SUBSETS = [
    (),
    *((name,) for name in NAMES),
    ("xx", "xy", "yy", "tt"),
    ("x", "y"),
    ("t", "xt"),
    ("tt", "x", "xy"),
    ("yt", "xt", "tt", "y"),
    NAMES,
]
each_activation = pytest.mark.parametrize("activation", PLAIN)


def network(activation: str) -> MLP:
    config = NetworkConfig(hidden_layers=[7, 6, 5], activation=activation, precision="float64", input_frequency=2.0)
    generator = torch.Generator().manual_seed(0)
    net = MLP(config, generator, Window(SCALE.tolist()))
    with torch.no_grad():
        for bias in net.biases:
            bias.normal_(generator=generator)
    return net


def points(n: int = 9) -> Tensor:
    return 2 * torch.rand(n, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) - 1


def plain(net: MLP, activation: str, point: Tensor) -> Tensor:
    """The network as anyone would write it, (3,) -> (2,)."""
    z = point / SCALE
    for weight, bias in list(zip(net.weights, net.biases, strict=True))[:-1]:
        z = PLAIN[activation](weight @ z + bias)
    return net.weights[-1] @ z + net.biases[-1]


def nested(net: MLP, activation: str, where: Tensor) -> dict[str, Tensor]:
    """Every derivative by nested autograd: name -> (N, 2)."""

    def at(point: Tensor) -> Tensor:
        return plain(net, activation, point)

    first = torch.func.vmap(torch.func.jacrev(at))(where)  # (N, 2, 3)
    second = torch.func.vmap(torch.func.jacrev(torch.func.jacrev(at)))(where)  # (N, 2, 3, 3)
    values = {"": torch.func.vmap(at)(where)} | {a: first[..., i] for i, a in enumerate("xyt")}
    pairs = itertools.combinations_with_replacement(range(3), 2)
    return values | {"xyt"[i] + "xyt"[j]: second[..., i, j] for i, j in pairs}


def by_jets(net: MLP, where: Tensor, wanted) -> dict[str, Tensor]:
    names = jets.components(wanted)
    return dict(zip(names, net.within(())(where, names), strict=True))


def some_loss(values: dict[str, Tensor]) -> Tensor:
    """A scalar in which every component counts otherwise."""
    return sum((k + 1) * torch.sin(values[name] + 0.1 * k).square().sum() for k, name in enumerate(sorted(values)))


def assert_close(found: Tensor, expected: Tensor) -> None:
    size = max(1.0, expected.abs().max().item())
    assert (found - expected).abs().max() <= 1e-12 * size


@each_activation
@pytest.mark.parametrize("wanted", SUBSETS, ids=lambda wanted: "-".join(wanted) or "value")
def test_values_and_gradients_are_those_of_nested_autograd(activation, wanted):
    net, where = network(activation), points()
    found, everything = by_jets(net, where, wanted), nested(net, activation, where)
    assert set(wanted) | {""} <= set(found)
    expected = {name: everything[name] for name in found}
    for name in found:
        assert_close(found[name], expected[name])
    parameters = list(net.parameters())
    kwargs = {"allow_unused": True, "materialize_grads": True}
    gradients = torch.autograd.grad(some_loss(found), parameters, **kwargs)
    for mine, theirs in zip(gradients, torch.autograd.grad(some_loss(expected), parameters, **kwargs), strict=True):
        assert_close(mine, theirs)


@each_activation
def test_third_derivatives_are_those_of_nested_differentiation(activation):
    net, where = network(activation), points()
    third = ["".join(name) for name in itertools.combinations_with_replacement("xyt", 3)]
    for wanted in (third, ["xyt"], ["xxt", "x"]):
        found = by_jets(net, where, wanted)
        written = Written(lambda at: torch.func.vmap(lambda point: plain(net, activation, point))(at), ())
        expected = written(where, tuple(found))
        for name, values in zip(found, expected, strict=True):
            assert_close(found[name], values)


@each_activation
def test_gradients_flow_to_the_points_as_well(activation):
    names = jets.components(("xx", "xt"))
    jet = jets.seed(points(4), names, SCALE).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: jets.elementwise(z, names, ACTIVATIONS[activation]), (jet,))


@pytest.mark.parametrize("wanted", SUBSETS, ids=lambda wanted: "-".join(wanted) or "value")
def test_a_product_has_the_derivatives_of_leibniz_and_their_gradients(wanted):
    nets, where, names = (network("tanh"), network("sin")), points(), jets.components(wanted)
    one, other = (by_jets(net, where, wanted) for net in nets)
    found = jets.product(torch.stack(list(one.values())), torch.stack(list(other.values())), names)
    u, v = (nested(net, activation, where) for net, activation in zip(nets, ("tanh", "sin"), strict=True))
    for j, name in enumerate(names):
        (a, b) = name if len(name) == 2 else (name, "")
        terms = {(name, ""), ("", name)} if len(name) == 1 else {(name, ""), ("", name), (a, b), (b, a)}
        factor = 2 if len(name) == 2 and a == b else 1  # d2(uv) / dx2 has 2 u_x v_x
        expected = u[""] * v[""] if not name else sum(
            (factor if p and q else 1) * u[p] * v[q] for p, q in terms
        )  # fmt: skip
        assert_close(found[j], expected)
    both = [
        jets.seed(points(4), names, SCALE).requires_grad_(),
        jets.seed(points(8)[4:], names, SCALE).requires_grad_(),
    ]
    assert torch.autograd.gradcheck(lambda p, q: jets.product(p, q, names), both)


@each_activation
def test_an_activation_states_its_first_three_derivatives(activation):
    z = torch.linspace(-4, 4, 33, dtype=torch.float64)
    function = PLAIN[activation]
    for derivative in ACTIVATIONS[activation](z):
        assert_close(derivative, torch.func.vmap(function)(z))
        function = torch.func.grad(function)


def test_the_jet_of_a_linear_map_is_exact():
    names = jets.components(NAMES)
    weight, bias = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([10.0])
    where, scale = torch.tensor([[1.0, 2.0, 4.0]]), torch.tensor([1.0, 2.0, 4.0])
    jet = jets.linear(jets.seed(where, names, scale), weight, bias)
    found = {name: jet[j].item() for j, name in enumerate(names)}
    assert found == {"": 16.0, "x": 1.0, "y": 1.0, "t": 0.75} | dict.fromkeys(NAMES[3:], 0.0)


def test_a_product_refuses_third_derivatives():
    names = jets.components(("xxy",))
    jet = torch.zeros(len(names), 2, 1)
    with pytest.raises(ValueError, match="'xxy': only with first and second derivatives"):
        jets.product(jet, jet, names)


def test_a_second_derivative_brings_the_first_ones_it_needs():
    assert jets.components(("tt", "xy")) == ("", "x", "y", "t", "tt", "xy")
    assert jets.components(()) == ("",)


def test_the_letters_of_a_mixed_derivative_may_stand_in_any_order():
    assert jets.components(("yx", "tx")) == jets.components(("xy", "xt"))


@pytest.mark.parametrize("name", ["z", "xxxx", "X", "x y", "xz", "xyty"])
def test_a_derivative_that_does_not_exist_is_refused_by_name(name):
    with pytest.raises(ValueError, match=f"'{name}'; legal are one to 3 of the letters x, y, t"):
        jets.components(("x", name))
