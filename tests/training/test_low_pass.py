"""A search that begins below a frequency filters records and waveforms alike."""

import math

import pytest
import torch

from elastic_pinn.training.low_pass import LowPass

TIMES = torch.linspace(0.0, 1.0, 401, dtype=torch.float64)


def of(frequency, times=TIMES):
    instants = torch.arange(len(times))
    return LowPass(torch.zeros_like(instants), instants, times, frequency)


@pytest.mark.parametrize(("part", "left"), [(0.25, 0.958), (1.0, 0.5), (2.5, 0.013)])
def test_half_of_the_amplitude_is_left_at_the_frequency(part, left):
    wave = torch.cos(2.0 * math.pi * 20.0 * part * TIMES)[:, None]
    middle = slice(100, 301)
    found, expected = of(20.0)(wave)[middle], left * wave[middle]
    assert (found - expected).abs().max() < 2e-3


def test_a_series_with_gaps_of_its_own_is_not_mixed_with_another():
    kept = torch.arange(401) % 7 != 3
    series = torch.cat([torch.zeros(401, dtype=torch.int64), torch.ones(int(kept.sum()), dtype=torch.int64)])
    instants = torch.cat([torch.arange(401), torch.arange(401)[kept]])
    order = torch.randperm(len(series), generator=torch.Generator().manual_seed(0))
    filtered = LowPass(series[order], instants[order], TIMES, 5.0)
    values = torch.where(series == 0, 2.0, -3.0).to(torch.float64)[order, None]
    torch.testing.assert_close(filtered(values), values)
