"""A force that acts for a short part of the window counts in the estimate of an error, whenever it acts."""

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.error_estimate import ErrorAtReceivers, estimate_error
from elastic_pinn.networks import Model
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.physics.solutions import SourceWave
from tests.benchmarks.validation.row import SOLID

WINDOW = (0.0, 8.0)  # s
XY = np.array([[0.3, 0.4], [0.8, 0.7]])


def box_with(start: float, boundary: ep.Displacement) -> ep.Problem:
    """A box at rest, in which a force acts for two thirds of a second."""
    force = ep.PointForce((0.5, 0.4), (1.0, 0.5), ep.ToneBurst(1.5, 1.0, start), 0.2)
    domain = ep.Domain((0.0, 1.0), (0.0, 1.0), WINDOW)
    return ep.Problem(domain, SOLID, [boundary], ep.Initial(), force=force)


def nothing_moves(problem: ep.Problem) -> Model:
    """A model whose displacement is zero everywhere."""
    config = NetworkConfig(network="mlp", hidden_layers=(1,), precision="float64")
    model = Model.create(config, problem.reference, problem.scales, torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in model.last_layer:
            parameter.zero_()
    return model


@pytest.mark.parametrize("start", [0.1, 0.7, 4.2])
def test_a_wavefield_without_what_a_short_force_causes_is_wrong_by_all_of_it(start):
    problem = box_with(start, ep.Displacement())
    assert estimate_error(nothing_moves(problem), problem).displacement == pytest.approx(1.0)


@pytest.mark.slow
@pytest.mark.parametrize("start", [0.1, 0.7])
def test_elements_alone_give_the_waves_of_a_short_force(start):
    burst = ep.PointForce((0.5, 0.4), (1.0, 0.5), ep.ToneBurst(1.5, 1.0, start), 0.2)
    wave = SourceWave(burst, SOLID, WINDOW)
    problem = box_with(start, ep.Displacement(wave))
    times = np.linspace(0.2, 2.5, 24)
    found = problem.scales.displacement * ErrorAtReceivers(problem, XY).of(nothing_moves(problem))(
        times / problem.scales.time
    )
    x, y, t = (torch.from_numpy(a.ravel()) for a in np.broadcast_arrays(*XY.T, times[:, None]))
    exact = wave(x, y, t).numpy().reshape(found.shape)
    assert np.linalg.norm(found - exact) < 0.05 * np.linalg.norm(exact)
