"""Waves around holes: their jets are the derivatives of potentials, and they satisfy the wave equation."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

import elastic_pinn as ep
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.cylindrical_waves import CylindricalWaves, second_kind
from elastic_pinn.networks.equations import Equations, operator_of
from elastic_pinn.networks.hole_waves import HoleWaves
from elastic_pinn.networks.mean_squares import mean_squares
from elastic_pinn.networks.network import Network, Window
from elastic_pinn.physics.elasticity import MOTION, Normal, residual, traction
from elastic_pinn.physics.media.moduli import Moduli
from tests.networks.known import Written

NAMES = ("", "x", "y", "t", "xx", "xy", "xt", "yy", "yt", "tt")
HOLES = torch.tensor([[0.1, 0.2, 0.3], [-0.5, -0.1, 0.1]], dtype=torch.float64)


def moduli() -> Moduli:
    return Moduli.of(*(nn.Parameter(torch.tensor(value, dtype=torch.float64)) for value in (0.4, 0.3, 1.1)))


def config(**fields) -> NetworkConfig:
    given = {"network": "hole_waves", "hidden_layers": [6, 90], "activation": "sin", "input_frequency": 6.0}
    return NetworkConfig(**given | {"precision": "float64"} | fields)


def network(around: int = 90) -> HoleWaves:
    generator = torch.Generator().manual_seed(0)
    net = HoleWaves(config(hidden_layers=[6, around]), generator, Window((1.0, 0.6, 2.5)))
    net.surround(HOLES, torch.zeros(len(HOLES), dtype=torch.long))
    with torch.no_grad():
        for amplitudes in net.last_layer:
            amplitudes.normal_(generator=generator)
    return net


def points(count: int = 7) -> Tensor:
    """Around the first hole, outside of both."""
    turn = torch.linspace(0.0, 6.0, count, dtype=torch.float64)
    r = 0.32 + 0.05 * turn
    return torch.stack([0.1 + r * turn.cos(), 0.2 + r * turn.sin(), 0.4 * turn], dim=1)


def in_words(waves: CylindricalWaves):
    """The same sum by its potentials, with derivatives by automatic differentiation."""
    orders = torch.arange(len(waves.counts)).repeat_interleave(torch.tensor(waves.counts)).tolist()

    def bessel(z: Tensor, order: int) -> Tensor:
        return second_kind(z[:, None], [0] * order + [1], 0)[0][:, 0]

    def displacement(where: Tensor) -> Tensor:
        total = torch.zeros_like(where[:, :2])
        for i in waves.amplitudes.nonzero()[:, 0].tolist():
            order = orders[i]
            x, y, radius = where[:, 0] - waves.circles[i, 0], where[:, 1] - waves.circles[i, 1], waves.circles[i, 2]
            omega = waves.speeds[1] * waves.frequencies[i]
            k = omega / waves.speeds[int(waves.is_s[i])]
            size = (k * bessel((k * radius)[None], order + 1).abs()).detach()
            phi = bessel(k * torch.hypot(x, y), order) * torch.cos(order * torch.atan2(y, x) + waves.phases[0, i])
            (slope,) = torch.autograd.grad(phi.sum(), where, create_graph=True)
            u = torch.stack([slope[:, 1], -slope[:, 0]], dim=1) if waves.is_s[i] else slope[:, :2]
            total = total + waves.amplitudes[i] / size * u * torch.cos(omega * where[:, 2:] + waves.phases[1, i])
        return total

    return Written(displacement, waves.tensors)


def test_jets_are_the_derivatives_of_the_potentials():
    net = network()
    net.amplitudes.data[torch.arange(90) % 13 > 0] = 0.0  # automatic differentiation takes long
    ((_, waves),) = net.around(moduli())
    assert sum(waves.counts) == 90 and len(waves.counts) == 10  # 6 x 0.3 radians in the radius, and 7 orders more
    found, expected = (trial(points(), NAMES) for trial in (waves, in_words(waves)))
    for mine, true in zip(found, expected, strict=True):
        assert (mine - true).abs().max() <= 1e-12 * true.abs().max()


def test_parts_of_a_jet_are_those_of_the_whole():
    trial = network().within(moduli())
    whole = dict(zip(NAMES, trial(points(), NAMES), strict=True))
    for names in (("",), ("", "x"), ("", "t", "tt"), ("", "x", "y", "xy")):
        for name, part in zip(names, trial(points(), names), strict=True):
            torch.testing.assert_close(part, whole[name], rtol=1e-12, atol=1e-12)


def test_every_wave_satisfies_the_wave_equation():
    ((_, waves),), medium = network().around(moduli()), moduli()
    jets = waves.fields(points(), NAMES)  # (J, N, 2, C)
    for i in range(jets.shape[-1]):
        u = dict(zip(NAMES, jets[..., i], strict=True))
        assert residual(u, medium).abs().max() <= 1e-11 * max(u["xx"].abs().max(), u["tt"].abs().max())


def test_around_a_hole_there_are_as_many_of_each_order_that_it_scatters_and_fewer_of_higher_ones():
    ((_, waves),) = network(around=4000).around(moduli())
    orders = torch.arange(len(waves.counts)).repeat_interleave(torch.tensor(waves.counts))
    for hole, radius in zip(HOLES, (6.0 * 0.3, 6.0 * 0.1), strict=True):  # in radians of the shortest wave
        of_p, of_s = (orders[(waves.circles == hole).all(1) & (waves.is_s == kind)].bincount() for kind in (0, 1))
        assert len(of_p) == math.ceil(radius) + 8 and (of_p - of_s).abs().max() <= 1
        scattered = 1 + math.floor(radius)
        assert ((of_p[1:scattered] - 2 * of_p[0]).abs() <= 2).all(), "twice those of order 0, for two angles"
        assert (of_p[scattered + 1 :] < of_p[scattered:-1]).all() and of_p[-1] < 0.6 * of_p[1]
    assert (waves.frequencies > 0.0).all() and (waves.frequencies <= 6.0).all()


def equations(medium: Moduli, name: str) -> Equations:
    """The equation of motion, or the traction on a circle, at points."""
    normals = Normal.of(torch.tensor([[0.6, 0.8]], dtype=torch.float64))
    linear = {
        "motion": lambda u: residual(u, medium),
        "traction": lambda u: traction(u, medium, normals),
    }
    names = ("", *MOTION)
    at = points(9)
    one = torch.ones(len(at), 1, dtype=torch.float64)
    target = torch.linspace(-1.0, 1.0, 18, dtype=torch.float64).reshape(9, 2)
    return Equations(at, names, operator_of([linear[name]], names, one), one, target)


@pytest.mark.parametrize("name", ["motion", "traction"])
def test_the_jacobian_by_amplitudes_and_by_the_material_is_that_of_automatic_differentiation(name):
    net, medium = network(), moduli()
    unknowns = [medium.lame_mu, medium.density]
    parameters = [net.plane.amplitudes, net.amplitudes, *unknowns]
    given = equations(medium, name)
    fast, slow = net.jacobian(medium, given, parameters), Network.jacobian(net, medium, given, parameters)
    assert fast.shape == (18, 98)
    torch.testing.assert_close(fast, slow, rtol=1e-9, atol=1e-9)
    with torch.no_grad():  # as optimizers ask for it
        torch.testing.assert_close(net.jacobian(medium, given, unknowns), slow[:, -2:], rtol=1e-9, atol=1e-9)


def test_gradients_of_sums_of_squares_reach_the_material_once():
    net, medium = network(), moduli()
    given = equations(medium, "traction")
    own = [medium.lame_mu, medium.density, *net.last_layer]
    rows = net.jacobian(medium, given, own[2:] + own[:2])
    misfits = given.misfit(net.within(medium)(given.points, given.names))
    found = torch.autograd.grad(mean_squares(net.within(medium), [given]).sum(), own)
    expected = 2.0 * rows.T @ misfits.reshape(-1) / len(given.points)
    torch.testing.assert_close(torch.stack(found[:2]), expected[-2:], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(torch.cat(found[2:]), expected[:-2], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("fields", [{"hidden_layers": [100]}, {"hidden_layers": [9, 9, 9, 9]}, {"activation": "tanh"}])
def test_other_numbers_of_waves_than_two_are_refused(fields):
    with pytest.raises(ValueError, match=r"two numbers, of plane waves and of waves around holes, as in \[1000, 800\]"):
        config(**fields)


def rest(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
    return torch.stack([torch.sin(x), torch.cos(y)], dim=1)


def problem(shape: ep.Rectangle | ep.Plate, **parts) -> ep.Problem:
    domain = ep.Domain(shape=shape, t=(0.0, 0.5))
    return ep.Problem(domain, ep.Material(1.0, 1.0, 1.0), [ep.Traction()], ep.Initial(rest), **parts)


def test_a_problem_that_these_waves_cannot_solve_is_refused(tmp_path):
    square = ep.Rectangle((0.0, 1.0), (0.0, 1.0))
    plate = ep.Plate(square, [ep.Disc((0.5, 0.5), 0.2)])
    fields = {"activation": "sin", "problem": "own"}
    of_holes = ep.Config(network="hole_waves", hidden_layers=[20, 20], **fields)
    of_plane = ep.Config(network="plane_waves", hidden_layers=[20], **fields)
    for config, given, fault in (
        (of_holes, problem(square), "a circular inclusion or an ep.SideLoad: take 'plane_waves'"),
        (of_plane, problem(plate), "cannot meet what holes scatter: take 'hole_waves'"),
        (of_holes, problem(plate, force=rest), "a body force that is no ep.PointForce or ep.MomentSource: take 'mlp'"),
    ):
        with pytest.raises(ep.ConfigError, match=fault):
            ep.train(config, tmp_path / "run", problem=given)


def test_sums_over_many_points_are_those_of_their_parts():
    net, medium = network(), moduli()
    given = equations(medium, "traction")
    many = 500
    repeated = replace(
        given,
        points=given.points.repeat(many, 1),
        coefficients=given.coefficients.repeat(many, 1),
        target=given.target.repeat(many, 1),
    )
    trial = net.within(medium)
    assert len(repeated.points) > trial.points_at_once
    one, whole = (mean_squares(trial, [each]).item() for each in (given, repeated))
    assert whole == pytest.approx(one, rel=1e-12)
