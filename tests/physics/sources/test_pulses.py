"""A pulse, its derivative, its interval and its highest frequency belong together."""

import math

import numpy as np
import pytest
import torch

import elastic_pinn as ep

PULSES = [
    ep.Ricker(2e5, 6e-6),
    ep.Gaussian(1e-6, 5e-6),
    ep.ToneBurst(5e5, 3.0, 1e-6),
    ep.ToneBurst(4e5, 2.5),
]
each_pulse = pytest.mark.parametrize("pulse", PULSES, ids=repr)


@each_pulse
def test_the_rate_is_the_derivative(pulse):
    t = torch.linspace(-2e-6, 14e-6, 801, dtype=torch.float64).requires_grad_()
    (by_torch,) = torch.autograd.grad(pulse(t).sum(), t)
    assert (pulse.rate(t.detach()) - by_torch).abs().max() < 1e-12 * by_torch.abs().max()


@each_pulse
def test_a_pulse_is_faint_outside_its_interval_and_has_a_peak_of_about_one(pulse):
    start, end = pulse.interval
    length = end - start
    values = pulse(torch.linspace(start, end, 2001, dtype=torch.float64)).abs()
    assert 0.9 < values.max() <= 1.0
    outside = torch.cat([torch.linspace(start - length, start, 99), torch.linspace(end, end + length, 99)]).double()
    assert pulse(outside).abs().max() < 1.2e-3
    tighter = torch.tensor([start + 0.07 * length, end - 0.07 * length], dtype=torch.float64)
    assert pulse(tighter).abs().min() > 1e-3  # the interval is not just endless


@each_pulse
def test_the_spectrum_ends_at_the_highest_frequency(pulse):
    (start, end), count = pulse.interval, 1 << 14
    times = start + (end - start) * (8.0 * np.arange(count) / count - 3.5)
    spectrum = np.abs(np.fft.rfft(pulse(torch.from_numpy(times)).numpy()))
    frequencies = np.fft.rfftfreq(count, times[1] - times[0])
    beyond = spectrum[frequencies > pulse.highest_frequency].max() / spectrum.max()
    assert 2e-3 < beyond < 1.2e-2


def test_a_ricker_has_its_peaks_where_the_formula_has_them():
    pulse, t = ep.Ricker(2.0, 1.0), torch.tensor([1.0, 1.0 + math.sqrt(1.5) / (2.0 * math.pi)], dtype=torch.float64)
    assert pulse(t).tolist() == pytest.approx([1.0, -2.0 * math.exp(-1.5)])
    frequencies = np.fft.rfftfreq(4096, 0.005)
    spectrum = np.abs(np.fft.rfft(pulse(torch.arange(4096, dtype=torch.float64) * 0.005).numpy()))
    assert frequencies[spectrum.argmax()] == pytest.approx(2.0, abs=0.05)


def test_a_tone_burst_is_zero_before_and_after_and_has_its_cycles_between():
    pulse = ep.ToneBurst(10.0, 5.0, 1.0)
    t = torch.linspace(0.0, 3.0, 30_001, dtype=torch.float64)
    values = pulse(t)
    assert values[t < 1.0].abs().max() == 0.0 and values[t > 1.5 + 1e-9].abs().max() < 1e-15
    inner = values[(t > 1.0 + 1e-6) & (t < 1.5 - 1e-6)]
    assert int((inner[1:] * inner[:-1] < 0.0).sum()) == 9  # ten half waves


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: ep.Ricker(0.0, 1.0), r"Ricker: frequency = 0 Hz: it must be above 0"),
        (lambda: ep.Ricker(-2e5, 1.0), r"Ricker: frequency = -200000 Hz: it must be above 0"),
        (lambda: ep.Ricker(math.nan, 1.0), r"Ricker: frequency = nan: it must be finite"),
        (lambda: ep.Ricker(2e5, "late"), r"Ricker: center = 'late': one number is needed"),
        (lambda: ep.Gaussian(0.0, 1.0), r"Gaussian: width = 0 s: it must be above 0"),
        (lambda: ep.Gaussian(1.0, math.inf), r"Gaussian: center = inf: it must be finite"),
        (lambda: ep.ToneBurst(0.0), r"ToneBurst: frequency = 0 Hz"),
        (lambda: ep.ToneBurst(1.0, 0.5), r"ToneBurst: cycles = 0.5: at least 1"),
        (lambda: ep.ToneBurst(1.0, 3.0, None), r"ToneBurst: start = None: one number is needed"),
    ],
)
def test_what_is_no_pulse_is_refused_by_its_name(make, fault):
    with pytest.raises(ep.ProblemError, match=fault):
        make()
