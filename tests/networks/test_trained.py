"""Each network that is trained whole gives the jets of nested automatic differentiation, and all that follows from
them; where it is periodic, it is so to rounding."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.networks import jets, mean_squares
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.dense import ACTIVATIONS
from elastic_pinn.networks.model import NETWORKS, Model
from elastic_pinn.networks.trained import Trained
from elastic_pinn.physics.conditions.periodic import PAIRS
from elastic_pinn.physics.solutions import PlaneWave
from elastic_pinn.training.new_model import new_model
from tests.networks.by_hand import (
    LEGAL,
    NAMES,
    SUBSETS,
    assert_close,
    by_hand,
    gradients,
    network,
    points,
)
from tests.networks.known import OnlyJets
from tests.networks.samples import EXTENT, some_equations

each_network = pytest.mark.parametrize("fields", LEGAL.values(), ids=map(", ".join, LEGAL))
each_activation = pytest.mark.parametrize("activation", ACTIVATIONS)


@each_network
@each_activation
@pytest.mark.parametrize("names", SUBSETS, ids="-".join)
def test_jets_and_their_gradients_are_those_of_nested_autograd(fields, activation, names):
    net = network(fields, activation)
    found, expected = net.within(())(points(), names), by_hand(net, fields, activation)(points(), names)
    assert_close(found, expected)
    parameters = list(net.parameters())
    for mine, theirs in zip(gradients(found, parameters), gradients(expected, parameters), strict=True):
        assert_close(mine, theirs)


@each_network
@each_activation
def test_jets_are_those_of_finite_differences_to_their_own_error(fields, activation):
    trial, where, h = network(fields, activation).within(()), points(), 1e-4
    jet = dict(zip(NAMES, trial(where, NAMES).detach(), strict=True))
    for i, a in enumerate("xyt"):
        step = h * torch.eye(3, dtype=torch.float64)[i]
        ahead, here, behind = (trial(where + k * step, ("",))[0].detach() for k in (1, 0, -1))
        size = max(1.0, *(each.abs().max().item() for each in jet.values()))
        assert_close(jet[a], (ahead - behind) / (2 * h), 1e-5 * size)
        assert_close(jet[2 * a], (ahead - 2 * here + behind) / h**2, 1e-4 * size)


@each_network
@pytest.mark.parametrize("kind", range(4), ids=["motion", "traction", "displacement", "velocity"])
def test_mean_squares_and_their_gradients_are_those_of_the_jets(fields, kind):
    net, (equations, moduli) = network(fields), some_equations(300)
    trial, chosen, parameters = net.within(()), equations[kind], [*net.parameters(), *moduli]
    expected = chosen.misfit(trial(chosen.points, chosen.names)).square().sum(1).mean()[None]
    for each in (trial, OnlyJets(trial)):
        found = mean_squares.mean_squares(each, [chosen])
        assert_close(found, expected)
        for mine, theirs in zip(gradients(found, parameters), gradients(expected, parameters), strict=True):
            assert_close(mine, theirs)
    quick = trial.without_gradients(chosen.points, chosen.names)
    assert_close(quick, trial(chosen.points, chosen.names).detach())


def rows(net: Trained, equations, parameters) -> Tensor:
    """A backward pass for each misfit, (N E, P)."""
    misfits = equations.misfit(net.within(())(equations.points, equations.names)).reshape(-1)
    found = [
        torch.autograd.grad(misfit, parameters, retain_graph=True, allow_unused=True, materialize_grads=True)
        for misfit in misfits
    ]
    return torch.stack([torch.cat([gradient.reshape(-1) for gradient in row]) for row in found])


@each_network
@pytest.mark.parametrize("kind", range(4), ids=["motion", "traction", "displacement", "velocity"])
def test_rows_of_the_jacobian_are_gradients_of_misfits(fields, kind):
    net, (equations, moduli) = network(fields, "swish"), some_equations(9)
    some = [parameter for i, parameter in enumerate(net.parameters()) if i % 3]
    for own in (list(net.parameters()), some, net.last_layer, []):
        for parameters in (own, [*own, *moduli]):
            if parameters:
                found = net.jacobian(moduli, equations[kind], parameters)
                assert_close(found, rows(net, equations[kind], parameters))


@each_network
def test_the_curvature_is_the_jacobians_product_with_itself(fields):
    net, (equations, moduli) = network(fields), some_equations(9)
    parameters = [*net.parameters(), *moduli]
    matrix = torch.cat([weight**0.5 * rows(net, equations[k], parameters) for k, weight in ((0, 0.7), (2, 0.2))])
    step = torch.linspace(-1.0, 1.0, matrix.shape[1], dtype=torch.float64)
    product = net.curvature(moduli, [(0.7, equations[0]), (0.2, equations[2])], parameters)
    assert_close(product(step), matrix.T @ (matrix @ step), 1e-11)
    assert_close(product.diagonal(), matrix.square().sum(0), 1e-11)


@each_network
def test_outputs_are_linear_in_the_last_layer(fields):
    net, names = network(fields), ("", "t")

    def at(factor: float) -> Tensor:
        with torch.no_grad():
            for parameter in net.last_layer:
                parameter *= factor
            return net.within(())(points(), names)

    once = at(1.0)
    assert_close(at(3.0), 3.0 * once)


def test_only_periodic_axes_make_a_network_periodic():
    net = network({"hidden_layers": [6]})
    low, high = (torch.tensor([[side, 0.1, 0.2]], dtype=torch.float64) for side in (-1.0, 1.0))
    assert (net.within(())(low, NAMES) - net.within(())(high, NAMES)).abs().max() > 1e-3


@pytest.mark.parametrize("fields", [each for each in LEGAL.values() if each.get("periodic_axes")], ids=repr)
@pytest.mark.parametrize(("precision", "tolerance"), [("float64", 1e-13), ("float32", 1e-4)])
def test_a_periodic_network_is_the_same_at_both_ends_with_all_derivatives(fields, precision, tolerance):
    net = network(fields, precision=precision)
    for axis in fields["periodic_axes"]:
        low, high = points(20), points(20)
        low[:, "xyt".index(axis)] = -EXTENT["xyt".index(axis)]
        high[:, "xyt".index(axis)] = EXTENT["xyt".index(axis)]
        one, other = (net.within(())(each.to(net.extent), NAMES).detach() for each in (low, high))
        assert_close(one, other, tolerance)
        assert (one[1] - one[1, 0]).abs().max() > 1e-2, "it is no constant"


@each_network
def test_values_on_a_grid_are_those_at_its_points(fields):
    trial = network(fields).within(())
    x, y = torch.linspace(-1.0, 1.0, 5, dtype=torch.float64), torch.linspace(-0.5, 0.5, 4, dtype=torch.float64)
    found = trial.on_grid(x, y, 0.3, ("x", "tt", "xy"))
    where = torch.cartesian_prod(x, y, x.new_tensor([0.3]))
    for name, values in found.items():
        [*_, expected] = trial(where, jets.components((name,)))
        assert_close(values, expected.detach())


def test_adaptive_activations_start_as_plain_ones():
    plain, adaptive = (
        NETWORKS["mlp"](NetworkConfig(hidden_layers=[6, 5], precision="float64", **fields), torch.Generator())
        for fields in ({}, {"adaptive_activation": True})
    )
    assert_close(adaptive.within(())(points(), NAMES), plain.within(())(points(), NAMES))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"network": "random_features", "adaptive_activation": True},
            "adaptive_activation = True with network 'random_",
        ),
        ({"network": "patches", "hidden_layers": [9], "activation": "sin", "periodic_axes": ["x"]}, "only with 'mlp'"),
        ({"network": "separable", "initialization": "features"}, "only with 'glorot'"),
        ({"rank": 8}, "rank = 8 with network 'mlp': only 'separable' has one"),
        ({"periodic_axes": ["y"], "initialization": "features"}, "only with 'glorot'"),
        ({"periodic_axes": ["x", "x"]}, "each axis once"),
        ({"hole_inputs": 1, "network": "separable"}, "only with 'mlp' and 'glorot'"),
        ({"hole_inputs": 1, "initialization": "features"}, "only with 'mlp' and 'glorot'"),
        ({"hole_inputs": 1, "periodic_axes": ["y"]}, "what is inverted in holes is not periodic"),
        ({"hole_inputs": -1}, "hole_inputs"),
        ({"hard_conditions": ["start", "start"]}, "each condition once"),
        ({"periodic_axes": ["t"]}, "'x' or 'y'"),
    ],
)
def test_what_a_network_does_not_use_is_refused(fields, told):
    with pytest.raises(ep.ConfigError, match=told):
        ep.Config(**fields)


def periodic(axes: str) -> ep.Problem:
    """A wave over one period of it along x and along y, with periodic sides along some axes."""
    wave = PlaneWave("s", 1.0, 1.0, 1.0, angle=math.pi / 4.0, wavelength=math.sqrt(0.5))
    window = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.5))
    others = [side for axis, pair in PAIRS.items() for side in pair if axis not in axes]
    known = [ep.Displacement(wave, sides=others)] if others else []
    sides = [*map(ep.Periodic, axes), *known]
    return ep.Problem(window, ep.Material(1.0, 1.0, 1.0), sides, ep.Initial.of(wave), exact=wave)


SMALL = {
    "problem": "own", "precision": "float64", "estimate_error": False, "interior_points": 64, "boundary_points": 16,
    "initial_points": 16, "validation_points": 10, "learning_rate": 0.003,
}  # fmt: skip


def around_holes(count: int) -> ep.Problem:
    """A wave in a plate with that many holes, whose rims move as it does."""
    wave = PlaneWave("s", 1.0, 1.0, 1.0, angle=0.3, wavelength=1.0)
    holes = [ep.Disc((0.3 + 0.5 * k, 0.4), 0.1) for k in range(count)]
    shape = ep.Plate(ep.Rectangle((0.0, 1.0 + 0.5 * count), (0.0, 1.0)), holes)
    window = ep.Domain(shape=shape, t=(0.0, 0.5))
    return ep.Problem(window, ep.Material(1.0, 1.0, 1.0), [ep.Displacement(wave)], ep.Initial.of(wave), exact=wave)


@pytest.mark.slow
@each_network
@pytest.mark.parametrize("stages", [["adam"], ["lbfgs"]], ids="-".join)
def test_a_short_training_lowers_the_loss(fields, stages, tmp_path):
    holes = fields.get("hole_inputs", 0)
    known = {"activation": "tanh", "sampling": "latin_hypercube"}  # by which so few steps suffice
    config = ep.Config(stages=stages, steps=20, **known, **SMALL, **fields)
    losses = ep.train(config, tmp_path, around_holes(holes) if holes else periodic("xy")).history()["loss/total"]
    assert losses.iloc[-1] < 0.95 * losses.iloc[0]


@pytest.mark.parametrize(("axes", "legal"), [(["x"], "y"), (["y"], "x"), (["x", "y"], "x")])
def test_an_axis_without_periodic_sides_is_refused_before_training(axes, legal, tmp_path):
    config = ep.Config(periodic_axes=axes, hidden_layers=[4], **SMALL)
    with pytest.raises(ep.ConfigError, match="the problem has no periodic sides along"):
        ep.train(config, tmp_path / "run", periodic(legal))
    assert not (tmp_path / "run" / "checkpoints").exists()


@pytest.mark.parametrize(("asked", "there", "told"), [(1, 2, "are 2: 2 or 0"), (2, 0, "are 0: leave it out")])
def test_as_many_holes_as_there_are_or_none(asked, there, told, tmp_path):
    config = ep.Config(hole_inputs=asked, hidden_layers=[4], **SMALL)
    with pytest.raises(ep.ConfigError, match=told):
        ep.train(config, tmp_path / "run", around_holes(there) if there else periodic(""))
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_a_model_is_made_again_with_its_holes():
    config, problem = ep.Config(hole_inputs=2, hidden_layers=[5], **SMALL), around_holes(2)
    made = new_model(config, problem, torch.Generator().manual_seed(0))
    again = Model.from_state(config, made.state_dict())
    x = t = np.linspace(0.1, 0.4, 5)
    y = 0.5 + x
    assert (again.predict(x, y, t) == made.predict(x, y, t)).all()
    with torch.no_grad():
        made.network.embedding.holes[0, 0] += 0.1
    assert not (again.predict(x, y, t) == made.predict(x, y, t)).all(), "its place makes a difference"


def test_a_run_of_a_periodic_network_predicts_the_same_on_both_sides(tmp_path):
    config = ep.Config(periodic_axes=["x"], hidden_layers=[5], stages=["adam"], steps=2, **SMALL)
    run = ep.train(config, tmp_path, periodic("x"))
    for quantity in ("displacement", "velocity", "stress"):
        assert run.predict(0.0, 0.3, 0.2, quantity) == pytest.approx(run.predict(1.0, 0.3, 0.2, quantity), rel=1e-10)
