"""A pulse of one's own, as one that was recorded, is refused where it is not over at the ends of its interval."""

import math

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.sources import Pulse


class Recorded(Pulse):
    """Values at instants, with straight lines between, as a person makes one of an array."""

    highest_frequency, breaks = 2e5, ()

    def __init__(self, time, values, beyond=(0.0, 0.0)):
        self.time, self.values, self.beyond = np.asarray(time), np.asarray(values), beyond

    def __repr__(self):
        return "Recorded"

    @property
    def interval(self):
        return float(self.time[0]), float(self.time[-1])

    def __call__(self, t):
        left, right = self.beyond
        return torch.from_numpy(np.interp(t.numpy(), self.time, self.values, left=left, right=right))

    def rate(self, t):
        return torch.zeros_like(t)


TIME = np.linspace(0.0, 1e-5, 200)
BURST = np.sin(2.0 * np.pi * 2e5 * TIME) * np.hanning(200)
SOURCES = {
    "side load": lambda pulse: ep.SideLoad((0.01, 0.02), (0.0, -1.0), pulse, 1e-3),
    "point force": lambda pulse: ep.PointForce((0.01, 0.01), (0.0, -1.0), pulse, 1e-3),
    "moment": lambda pulse: ep.MomentSource((0.01, 0.01), ((1.0, 0.0), (0.0, 1.0)), pulse, 1e-3),
    "unknown amplitude": lambda pulse: ep.PointForce((0.01, 0.01), (0.0, -1.0), ep.KnownShape(pulse), 1e-3),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_one_that_begins_and_ends_at_nothing_is_taken(source):
    assert source(Recorded(TIME, BURST)).at


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
@pytest.mark.parametrize(
    ("pulse", "told"),
    [
        (
            Recorded(TIME[:140], BURST[:140]),
            r"\d+ % of its peak at or beyond the end of its interval, 6.98\d*e-06",
        ),
        (Recorded(TIME[40:], BURST[40:]), "of its peak at or beyond the beginning of its interval, 2.01005e-06 s"),
        (Recorded(TIME, BURST + 0.1), "at or beyond the beginning of its interval, 0 s, where a pulse has to be below"),
        (Recorded(TIME, BURST, (0.0, 0.5)), "at or beyond the end of its interval, 1e-05 s"),
        (Recorded(TIME, np.where(TIME > 5e-6, np.nan, BURST)), "has no finite value at each of 401 instants"),
        (Recorded(TIME, 0.0 * BURST), "has no finite value at each of 401 instants of its interval, or is 0"),
        (Recorded(TIME[::-1], BURST), "the interval of Recorded is 1e-05 to 0 s: two finite instants are needed"),
        (Recorded([0.0, math.inf], [0.0, 0.0]), "the interval of Recorded is 0 to inf s: two finite instants"),
    ],
    ids=["end", "beginning", "offset", "step", "not finite", "nothing", "backwards", "endless"],
)
def test_one_that_is_cut_off_or_has_no_values_is_refused_before_any_work(pulse, told, source):
    with pytest.raises(ep.ProblemError, match=told):
        source(pulse)


def test_one_of_no_highest_frequency_is_refused():
    pulse = Recorded(TIME, BURST)
    pulse.highest_frequency = 0.0
    with pytest.raises(ep.ProblemError, match="the highest frequency of Recorded is 0 Hz: it must be above 0"):
        SOURCES["point force"](pulse)
