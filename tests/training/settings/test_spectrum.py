import math

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.training.settings.spectrum import MARGIN, highest

SOLID = ep.Material(2.0, 1.0, 1.0)  # c_p = 2 m/s, c_s = 1 m/s


def box(start=None, sides=None, force=None, extent=2.0):
    domain = ep.Domain((0.0, extent), (0.0, extent), (0.0, 2.0))
    return ep.Problem(domain, SOLID, [ep.Traction(sides)], ep.Initial(start) if start else ep.Initial(), force=force)


@pytest.mark.parametrize("k", [4.0, 12.0, 30.0])
def test_a_wave_has_its_own_wave_number_whatever_its_direction(k):
    def wave(x, y, t):
        return torch.stack([torch.sin(k * (0.8 * x + 0.6 * y)), torch.zeros_like(x)], dim=1)

    wave_number, omega = highest(box(wave), 1e-3)
    assert wave_number / MARGIN == pytest.approx(k, rel=0.35)
    assert omega == pytest.approx(wave_number)  # S waves


def test_a_pulse_has_waves_as_far_as_its_spectrum_reaches():
    """Of exp(-r^2 / w^2) the amplitude at k is exp(-k^2 w^2 / 4): a hundredth and a thousandth of the greatest."""
    width = 0.2

    def pulse(x, y, t):
        return torch.stack([torch.zeros_like(x), torch.exp(-((x - 1.0) ** 2 + (y - 1.0) ** 2) / width**2)], dim=1)

    for part in (1e-2, 1e-3):
        expected = math.sqrt(-4.0 * math.log(part)) / width
        assert highest(box(pulse), part)[0] / MARGIN == pytest.approx(expected, rel=0.35)
    as_source = ep.InitialPulse(at=(1.0, 1.0), width=width / math.sqrt(2.0), amplitude=(0.0, 1.0))
    assert highest(box(as_source), 1e-2)[0] == pytest.approx(math.sqrt(-4.0 * math.log(1e-2)) / width, rel=1e-6)


def test_a_load_on_a_side_gives_the_frequency():
    def load(x, y, t):
        return torch.stack([torch.zeros_like(x), torch.sin(9.0 * t)], dim=1)

    wave_number, omega = highest(box(sides=load), 1e-3)
    assert omega / MARGIN == pytest.approx(9.0, rel=0.35)
    assert wave_number == pytest.approx(omega)  # by c_s


def test_a_source_has_the_highest_frequency_of_its_pulse():
    source = ep.PointForce(at=(1.0, 1.0), force=(0.0, 1.0), pulse=ep.Ricker(2.0, center=0.6), width=0.05)
    _, omega = highest(box(force=source), 1e-3)
    assert omega == pytest.approx(2.0 * math.pi * source.pulse.highest_frequency, rel=1e-9)


def test_nothing_known_has_no_waves():
    assert highest(box(), 1e-3) == (0.0, 0.0)
