"""The spectrum of records has their waves, and no white noise whatever the times."""

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data.recorded_spectrum import recorded_spectrum


def records(receivers: int, times: str, wave: float = 1.0, seed: int = 0) -> ep.Records:
    """A burst at 10 Hz with a tenth of noise, which is not stated, sampled 200 times in a second."""
    rng, even = np.random.default_rng(seed), np.linspace(0.0, 1.0, 200)
    time = np.tile(even, (receivers, 1))
    if times == "uneven":
        time += (0.3 / 200) * rng.uniform(-1.0, 1.0, 200)
    elif times == "of each its own":
        time += (0.4 / 200) * rng.uniform(size=(receivers, 1))
    burst = wave * np.exp(-(((time - 0.5) / 0.1) ** 2)) * np.sin(2.0 * np.pi * 10.0 * time)
    values = burst[..., None] + 0.1 * rng.standard_normal((receivers, 200, 2))
    if times == "with gaps":
        values[:, ::7] = np.nan
    return ep.Records("velocity", values, rng.random((receivers, 2)), time if times == "of each its own" else time[0])


@pytest.mark.parametrize("receivers", [2, 49])
@pytest.mark.parametrize("times", ["even", "uneven", "of each its own", "with gaps"])
def test_white_noise_is_no_signal_at_any_times(times, receivers):
    for seed in range(5):
        frequencies, energy = recorded_spectrum(records(receivers, times, seed=seed))
        assert 8.0 < frequencies[energy.argmax()] < 12.0
        assert frequencies[np.flatnonzero(energy)[-1]] < 25.0
        assert not recorded_spectrum(records(receivers, times, wave=0.0, seed=seed))[1].any()
