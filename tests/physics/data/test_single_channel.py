"""Faults of a channel alone are found in its samples, and none in those of sound ones."""

import numpy as np
import pytest

from elastic_pinn.physics.data.single_channel import clipped_samples, offset_of, spikes_of, steady_part

STEPS = np.linspace(0.0, 1.0, 200)  # s
TONE = np.sin(2.0 * np.pi * 3.0 * STEPS)


@pytest.mark.parametrize(
    "values",
    [
        TONE,
        np.round(40.0 * TONE),  # of a converter of few bits, whose peaks are flat
        np.repeat(TONE, 4),  # of samples that are held
        np.where(STEPS < 0.4, 0.0, np.exp(-(((STEPS - 0.6) / 0.1) ** 2))),  # zero until it begins
        np.clip(STEPS - 0.3, 0.0, 0.2) ** 0 * (1.0 - np.exp(-40.0 * STEPS)).round(6),  # it settles
    ],
)
def test_flat_parts_of_sound_records_are_not_clipped(values):
    assert clipped_samples(values) == 0


@pytest.mark.parametrize("level", [0.9, 0.5])
@pytest.mark.parametrize("bits", [None, 500.0])
def test_clipped_samples_are_counted_of_a_converter_too(level, bits):
    values = TONE if bits is None else np.round(bits * TONE) / bits
    clipped = np.clip(values, -level, level)
    assert clipped_samples(clipped) == (np.abs(values) >= level).sum()
    assert clipped_samples(np.clip(values, -level, np.inf)) == (values <= -level).sum()


def test_an_oscillation_is_steady_from_the_first_to_the_last_sample():
    hum = np.sin(2.0 * np.pi * 50.0 * STEPS + 0.4)
    assert steady_part(STEPS, hum, 50.0) == pytest.approx(1.0, abs=0.05)
    assert steady_part(STEPS, hum * np.exp(-(((STEPS - 0.5) / 0.2) ** 2)), 50.0) == 0.0
    assert steady_part(STEPS[:30], hum[:30], 50.0) == 0.0, "of 0.15 s"
    assert steady_part(STEPS, np.random.default_rng(0).standard_normal(200), 50.0) == 0.0


def pulse(width: float, noise: float = 0.0) -> np.ndarray:
    return np.exp(-(((STEPS - 0.6) / width) ** 2)) + noise * np.random.default_rng(0).standard_normal(200)


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("at", [[20], [130], [20, 60, 150]])
def test_samples_that_stand_alone_are_spikes(at, noise):
    values = pulse(0.1, noise)
    assert spikes_of(STEPS, values) == []
    values[at] += 1.5
    assert spikes_of(STEPS, values) == at


@pytest.mark.parametrize(
    "values",
    [
        (STEPS > 0.5) * 1.0,  # an edge
        np.maximum(STEPS - 0.502, 0.0),  # a kink
        np.abs(STEPS - 0.5),
        pulse(0.01),  # of two samples
        np.random.default_rng(0).standard_normal(200),
        np.sign(np.sin(40.0 * STEPS)),
    ],
)
def test_edges_and_short_pulses_are_no_spikes(values):
    assert spikes_of(STEPS, values) == []


def test_spikes_are_looked_for_at_even_times_alone():
    values = pulse(0.1)
    values[20] += 1.5
    assert spikes_of(STEPS**2, values) == []


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_level_before_the_first_wave_is_an_offset(noise):
    values = pulse(0.05, noise)
    assert offset_of(values) == 0.0
    assert offset_of(values + 0.3) == pytest.approx(0.3, abs=0.01)
    assert offset_of(values - 0.3) == pytest.approx(-0.3, abs=0.01)


@pytest.mark.parametrize("slow", [0.3 * np.cos(3.0 * STEPS), 0.3 * STEPS, 0.3 - 0.2 * STEPS])
def test_a_slow_wave_before_a_fast_one_is_no_offset(slow):
    assert offset_of(pulse(0.05) + slow) == 0.0
    assert offset_of(pulse(0.05, 0.005) + slow) == 0.0
