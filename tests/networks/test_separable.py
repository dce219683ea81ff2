"""A separable network works out what its points share once."""

import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.training.sampling import first_points
from tests.networks.by_hand import LEGAL, NAMES, assert_close, by_hand, gradients, network


def grid(count: int = 4) -> Tensor:
    along = torch.linspace(-0.9, 0.8, count, dtype=torch.float64)
    return torch.cartesian_prod(along, along[1:], 2.0 * along)


def sides() -> Tensor:
    """Left, right and bottom at the same instants."""
    whole = grid()
    return torch.cat([whole[whole[:, 0] == whole[:, 0].min()], whole[whole[:, 0] == whole[:, 0].max()],
                      whole[whole[:, 1] == whole[:, 1].min()]])  # fmt: skip


SHARED = {
    "grid": grid(),
    "grid in another order": grid()[torch.randperm(48, generator=torch.Generator().manual_seed(0))],
    "part of a grid": grid()[5:29],
    "a few of a grid": grid()[::7],
    "sides": sides(),
    "the same point twice": grid()[[3, 3, 9]],
    "one instant": grid()[grid()[:, 2] == grid()[0, 2]],
    "no point": grid()[:0],
}


@pytest.mark.parametrize("where", SHARED.values(), ids=list(SHARED))
@pytest.mark.parametrize("option", ["as they come", "periodic along both, adaptive"])
def test_points_that_share_coordinates_have_the_jets_of_single_ones(where, option):
    fields = LEGAL["separable", option]
    net = network(fields)
    found, expected = net.within(())(where, NAMES), by_hand(net, fields, "tanh")(where, NAMES)
    assert found.shape == expected.shape == (len(NAMES), len(where), 2)
    if len(where):
        assert_close(found, expected)
        parameters = list(net.parameters())
        for mine, theirs in zip(gradients(found, parameters), gradients(expected, parameters), strict=True):
            assert_close(mine, theirs)


def test_the_grid_that_is_drawn_shares_its_coordinates():
    config = ep.Config(sampling="grid", network="separable", hidden_layers=[4], interior_points=512)
    inside = first_points(ep.problem_from(config), config)["interior"].points
    assert [len(each.unique()) for each in inside.to(torch.float32).unbind(1)] == [8, 8, 8]
