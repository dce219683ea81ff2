"""The waves of a wavelet are those of its pulses, in every way that they are evaluated, and zero before the first."""

import numpy as np
import torch

from tests.networks.test_free_field import NAMES, SCALES, WINDOW, model, points

DELAYS, COEFFICIENTS = torch.tensor([0.0, 1e-6, 3e-6]).double(), torch.tensor([2.0, -0.5, 3.0]).double()
START = WINDOW.t[0]


def test_each_way_of_evaluation_gives_the_sum_of_delayed_waves():
    one = model()
    driven = one.driven_by(DELAYS, COEFFICIENTS)
    x, y, t = points(40).numpy().T
    expected = 0.0
    for delay, coefficient in zip(DELAYS.tolist(), COEFFICIENTS.tolist(), strict=True):
        has_begun = (t - delay >= START)[:, None]
        expected = expected + coefficient * has_begun * one.predict(x, y, np.maximum(t - delay, START), "stress")
    np.testing.assert_allclose(driven.predict(x, y, t, "stress"), expected, rtol=1e-10)
    places, times = SCALES.dimensionless(points())[:, :2], torch.tensor([-0.5, 0.1, 0.4], dtype=torch.float64)
    at_once = driven.jets_over_time(places, times, NAMES)
    for i, time in enumerate(times):
        where = torch.cat([places, time.expand(len(places), 1)], dim=1)
        one_by_one = driven.derivatives(where, NAMES)
        torch.testing.assert_close(at_once[:, i], torch.stack([one_by_one[name] for name in NAMES]).detach())
    grid = torch.cartesian_prod(places[:5, 0], places[:4, 1], times[1:2])
    on_grid = next(driven.derivatives_on_grids(places[:5, 0], places[:4, 1], times[1:2], NAMES))
    for name, values in driven.derivatives(grid, NAMES).items():
        torch.testing.assert_close(on_grid[name], values.detach())


def test_parameters_are_shared_and_the_model_itself_stays_as_it_was():
    one = model()
    before = one.predict(0.01, 0.02, 5e-6)
    driven = one.driven_by(DELAYS, COEFFICIENTS)
    assert driven.network is one.network and driven.state_dict().keys() == one.state_dict().keys()
    np.testing.assert_array_equal(one.predict(0.01, 0.02, 5e-6), before)
