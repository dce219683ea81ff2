"""The error of a single channel is found with its size, and is told from that of another kind."""

import pytest
import torch

from elastic_pinn.training.assessment.channel_errors import NAMES, channel_errors
from elastic_pinn.training.assessment.channel_errors import SIZE as SIZE_ERROR
from elastic_pinn.training.assessment.channels import Channels

STEPS = torch.linspace(0.0, 4.0, 200, dtype=torch.float64)
OF, TIME = torch.arange(3).repeat_interleave(200), STEPS.repeat(3)
CHANNELS = Channels(["0 x", "0 y", "1 x"], OF, TIME, torch.zeros(600, 2), torch.ones(600, 1), torch.zeros(600))
SIZE = 100.0  # of the waves, in units of the noise
UNIT = 1e-6  # of time, s


def found(change, of_channel: int = 1):
    """The errors that are found where the records of a channel, a function of time, are changed."""
    noise = torch.randn(600, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    wave = SIZE * torch.sin(3.0 * TIME + OF)
    records = torch.where(of_channel == OF, change(TIME), wave) + noise
    changes = 3.0 * SIZE * torch.cos(3.0 * TIME + OF), -wave, torch.ones_like(wave)
    by_misfits = torch.stack([torch.zeros(600), 0.01 * (OF == 1) * torch.cos(3.0 * TIME + OF)]).double()
    free = torch.ones(600, dtype=torch.float64)
    return channel_errors(CHANNELS, wave - records, free, changes, by_misfits, ("lambda", "mu"), UNIT)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda t: SIZE * torch.sin(3.0 * (t - 0.05) + 1.0), "the clock of 0 y, 5e-08 s late,"),
        (lambda t: SIZE * torch.sin(3.0 * (t + 0.05) + 1.0), "the clock of 0 y, 5e-08 s early,"),
        (lambda t: 1.5 * SIZE * torch.sin(3.0 * t + 1.0), "the size of 0 y, 1.5 times what is to be expected,"),
        (lambda t: -SIZE * torch.sin(3.0 * t + 1.0), "the polarity of 0 y, which is reversed,"),
        (lambda t: -0.3 * SIZE * torch.sin(3.0 * t + 1.0), "the polarity of 0 y, which is reversed,"),
        (lambda t: 1e3 * SIZE * torch.sin(3.0 * t + 1.0), "the size of 0 y, 1e+03 times what is to be expected,"),
        (lambda t: 10.0 + SIZE * torch.sin(3.0 * t + 1.0), "the zero of 0 y"),
        (lambda t: 5.0 * t + SIZE * torch.sin(3.0 * t + 1.0), "a slow drift or an offset of 0 y"),
        (lambda t: 5.0 * torch.sin(t) + SIZE * torch.sin(3.0 * t + 1.0), "a slow drift or an offset of 0 y"),
        (
            lambda t: 10.0 * torch.sin(40.0 * t + 0.3) + SIZE * torch.sin(3.0 * t + 1.0),
            "a hum of 0 y, of 6.37e+06 Hz from the first sample to the last,",
        ),
    ],
)
def test_the_error_of_a_channel_is_named_with_its_size(change, name):
    errors = {each.channel: each for each in found(change)}
    assert errors["0 y"].name == name and errors["0 y"].explains > 0.8 and errors["0 y"].score > 20.0
    assert all(errors[other].score < 4.0 and errors[other].explains < 0.1 for other in ("0 x", "1 x"))


@pytest.mark.parametrize(("off", "told"), [(0.0042, "1.0042"), (-0.031, "0.969"), (-0.9, "0.1"), (6.0, "7")])
def test_a_size_that_is_nearly_right_is_told_to_the_digits_that_differ(off, told):
    assert NAMES[SIZE_ERROR]("0 y", (0.0, off, 0.0)) == f"the size of 0 y, {told} times what is to be expected,"


def test_the_unknown_that_it_moves_most_is_named_with_how_far():
    late = found(lambda t: SIZE * torch.sin(3.0 * (t - 0.05) + 1.0))[1]
    assert late.most_shifted == "mu"
    moved = 0.05 * 3.0 * SIZE * 0.01 * float(torch.cos(3.0 * STEPS + 1.0).square().sum())
    assert late.shift == pytest.approx(moved, rel=0.1)


def test_a_channel_that_no_wave_reaches_has_no_error_but_its_zero():
    still = torch.zeros(600, dtype=torch.float64)
    changes, by_misfits = (still, still, torch.ones_like(still)), still.expand(1, -1)
    misfits = torch.randn(600, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    errors = channel_errors(CHANNELS, misfits, torch.ones_like(still), changes, by_misfits, ("mu",), UNIT)
    assert [each.name for each in errors] == ["the zero of 0 x", "the zero of 0 y", "the zero of 1 x"]
