"""Waves around holes and in and around inclusions: each region has its own, of its own material, in its own outputs."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.equations import Equations, operator_of
from elastic_pinn.networks.hole_waves import HoleWaves
from elastic_pinn.networks.mean_squares import mean_squares
from elastic_pinn.networks.network import Network, Window
from elastic_pinn.physics.elasticity import MOTION, Normal, residual, traction
from elastic_pinn.physics.media.moduli import Moduli

NAMES = ("", "x", "y", "t", "xx", "xy", "xt", "yy", "yt", "tt")
CIRCLES = torch.tensor([[0.4, 0.0, 0.3], [-0.5, -0.1, 0.2], [0.4, 0.1, 0.1]], dtype=torch.float64)
BESIDE = torch.tensor([0, 0, 1])  # an inclusion, a hole, and a hole in the inclusion
FIELDS = {"network": "hole_waves", "activation": "sin", "input_frequency": 5.0, "precision": "float64"}


def solids() -> tuple[Moduli, list[nn.Parameter]]:
    """The moduli of two regions, and what is unknown of them: mu of the first, mu and rho of the second."""
    unknowns = [nn.Parameter(torch.tensor(value, dtype=torch.float64)) for value in (0.3, 1.2, 1.4)]
    known = [torch.tensor(value, dtype=torch.float64) for value in (0.4, 1.6, 1.0)]
    (mu, mu_2, rho_2), (lame_lambda, lame_lambda_2, rho) = unknowns, known
    pairs = ((lame_lambda, lame_lambda_2), (mu, mu_2), (rho, rho_2))
    return Moduli.of(*(torch.stack(each) for each in pairs)), unknowns


def network(numbers: tuple[int, ...] = (6, 90, 4)) -> HoleWaves:
    generator = torch.Generator().manual_seed(0)
    config = NetworkConfig(hidden_layers=numbers, **FIELDS)
    net = HoleWaves(config, generator, Window((1.0, 0.6, 2.5), (1.0, 1.7)))
    net.surround(CIRCLES, BESIDE)
    with torch.no_grad():
        for amplitudes in net.last_layer:
            amplitudes.normal_(generator=generator)
    return net


def points(count: int = 7) -> Tensor:
    """In the inclusion and around it, outside of both holes."""
    turn = torch.linspace(0.0, 6.0, count, dtype=torch.float64)
    r = 0.25 + 0.05 * turn
    return torch.stack([0.4 + r * turn.cos(), r * turn.sin(), 0.4 * turn], dim=1)


def test_the_waves_of_each_region_satisfy_its_own_equation_and_no_other():
    net, (medium, _) = network(), solids()
    jet = net.within(medium)(points(), NAMES)  # (J, N, 4)
    for region in (0, 1):
        u = dict(zip(NAMES, jet[..., 2 * region : 2 * region + 2], strict=True))
        own, other = (residual(u, medium.at(each)).abs().max() for each in (region, 1 - region))
        assert own < 1e-10 * u["tt"].abs().max() < 1e-2 * other


def test_there_are_as_many_plane_waves_in_each_inclusion_as_the_config_asks_for():
    assert [len(each) for each in network().last_layer] == [90, 6, 4]
    assert [len(each) for each in network((6, 90)).last_layer] == [90, 6, 6]
    net = network()
    shapes = {name: tuple(each.shape) for name, each in net.state_dict().items()}
    assert shapes == HoleWaves.shapes(NetworkConfig(hidden_layers=(6, 90, 4), **FIELDS), 2)


def test_waves_of_both_kinds_are_around_each_circle_with_the_wave_numbers_of_the_region_there():
    net, (medium, _) = network(), solids()
    (first, around), (second, within) = net.around(medium)
    assert (first, second) == (slice(0, 1), slice(1, 2))
    assert around.circles.unique(dim=0).tolist() == sorted(CIRCLES[:2].tolist())
    assert within.circles.unique(dim=0).tolist() == [CIRCLES[2].tolist()]
    assert around.is_s.unique().tolist() == within.is_s.unique().tolist() == [False, True]
    assert 4.0 < around.frequencies.max() <= 5.0
    assert 4.0 / 1.7 < within.frequencies.max() <= 5.0 / 1.7
    assert len(torch.cat([around.amplitudes, within.amplitudes])) == 90


def test_near_their_poles_waves_around_circles_are_zero():
    net, (medium, unknowns) = network(), solids()
    at = torch.cat([CIRCLES[:, :2], torch.full((3, 1), 0.3, dtype=torch.float64)], dim=1)
    for regions, waves in net.around(medium):
        for i in BESIDE.eq(regions.start).nonzero()[:, 0].tolist():
            own = waves.circles.eq(CIRCLES[i]).all(1)
            assert not replace(waves, amplitudes=waves.amplitudes * own)(at[[i]], NAMES).any()
        jet = waves(at, NAMES)
        (slope,) = torch.autograd.grad(jet.square().sum(), unknowns[regions.start], retain_graph=True)
        assert jet.isfinite().all() and slope.isfinite()


def equations(medium: Moduli, tied: int = 1) -> Equations:
    """The jump of the traction between the regions, at points, each tied to some others."""
    normal, names = Normal.of(torch.tensor([[0.6, 0.8]], dtype=torch.float64)), ("", *MOTION)
    linear = [
        lambda u, r=r: traction({name: each[:, 2 * r : 2 * r + 2] for name, each in u.items()}, medium.at(r), normal)
        for r in (0, 1)
    ]
    at = points(8)
    weights = torch.linspace(-1.0, 1.0, 16, dtype=torch.float64).reshape(8, 2)
    target = torch.linspace(-1.0, 1.0, 16 // tied, dtype=torch.float64).reshape(8 // tied, 2)
    return Equations(at, names, operator_of(linear, names, weights, 4), weights, target)


@pytest.mark.parametrize("tied", [1, 2])
def test_the_jacobian_by_amplitudes_and_by_the_materials_is_that_of_automatic_differentiation(tied):
    net, (medium, unknowns) = network(), solids()
    given, parameters = equations(medium, tied), [*net.last_layer, *unknowns]
    slow = Network.jacobian(net, medium, given, parameters)
    with torch.no_grad():  # as optimizers ask for it
        fast = net.jacobian(medium, given, parameters)
        torch.testing.assert_close(net.jacobian(medium, given, unknowns), slow[:, -3:], rtol=1e-9, atol=1e-9)
    assert fast.shape == (16 // tied, 103)
    torch.testing.assert_close(fast, slow, rtol=1e-9, atol=1e-9)


def test_gradients_of_sums_of_squares_are_those_of_the_misfits():
    net, (medium, unknowns) = network(), solids()
    given = equations(medium)
    own = [*net.last_layer, *unknowns]
    misfits = given.misfit(net.within(medium)(given.points, given.names))
    expected = torch.autograd.grad(misfits.square().sum() / len(misfits), own, retain_graph=True)
    found = torch.autograd.grad(mean_squares(net.within(medium), [given]).sum(), own)
    for mine, true in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, true, rtol=1e-9, atol=1e-9)
