"""Up to which frequency records hold more than noise: what is known of sums of waves and noise."""

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data.highest_frequency import highest_frequency

PLACES = np.column_stack([np.linspace(0.0, 1.0, 30), np.zeros(30)])
TIMES = np.linspace(0.0, 4.0, 321)  # up to 40 Hz


def waves(highest, times=TIMES, size=1.0):
    """Sums of waves of frequencies up to a highest, (R, T, 2)."""
    rng = np.random.default_rng(3)
    frequencies = np.linspace(0.5, highest, 12)[:, None, None, None]
    phases = rng.uniform(0.0, 2.0 * np.pi, (12, len(PLACES), 1, 2))
    return size * np.sin(2.0 * np.pi * frequencies * times[:, None] + phases).sum(0)


def noise(size, times=TIMES, seed=0):
    return size * np.random.default_rng(seed).standard_normal((len(PLACES), len(times), 2))


@pytest.mark.parametrize("highest", [6.0, 17.0])
@pytest.mark.parametrize("level", [0.03, 0.3])
def test_it_is_the_highest_of_waves_above_the_noise(highest, level):
    for seed in range(10):
        receivers = ep.Receivers(PLACES, TIMES, waves(highest) + noise(level, seed=seed), noise=level)
        assert highest_frequency(receivers) == pytest.approx(highest, abs=1.0)  # a few of 1 / 4 s


def test_waves_below_the_noise_do_not_count_nor_does_a_level_that_is_a_little_wrong():
    values = waves(6.0) + waves(25.0, size=2e-3) + noise(0.2)
    for stated in (0.19, 0.2, 0.3):
        assert highest_frequency(ep.Receivers(PLACES, TIMES, values, noise=stated)) == pytest.approx(6.0, abs=1.0)


def test_gaps_gains_noise_by_channel_and_clocks_are_counted():
    times = TIMES + np.linspace(0.0, 0.01, len(PLACES))[:, None]
    gains, levels = np.linspace(-3.0, 4.0, 60).reshape(30, 2), np.geomspace(0.01, 0.3, 60).reshape(30, 2)
    values = gains[:, None] * waves(8.0) + levels[:, None] * noise(1.0)
    values[3, 100:150, 0], values[7] = np.nan, np.nan
    records = ep.Records("velocity", values, PLACES, times, noise=levels, gain=gains)
    assert highest_frequency(ep.Receivers(records=[records])) == pytest.approx(8.0, abs=1.0)


def test_noise_alone_and_noise_that_nobody_knows_are_refused():
    with pytest.raises(ep.ProblemError, match="nothing but noise"):
        highest_frequency(ep.Receivers(PLACES, TIMES, noise(0.1), noise=0.1))
    uneven = np.sort(np.random.default_rng(1).uniform(0.0, 4.0, 321))
    with pytest.raises(ep.ProblemError, match="no channel has 24 evenly spaced times without gaps"):
        highest_frequency(ep.Receivers(PLACES, uneven, waves(6.0, uneven), noise=0.1))
    with pytest.raises(ep.ProblemError, match="neither stated nor to be seen"):
        highest_frequency(ep.Receivers(PLACES, TIMES[:20], waves(6.0)[:, :20]))
