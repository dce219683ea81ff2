"""A pulse of unknown amplitude or origin time: its delays span its range, and what is no such pulse is refused."""

import pytest
import torch

import elastic_pinn as ep

RICKER = ep.Ricker(2.0, 3.0)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"pulse": 3.0}, "a known pulse as ep.Ricker, ep.Gaussian or ep.ToneBurst is needed"),
        ({"pulse": ep.UnknownWavelet(2.0)}, "a known pulse as"),
        ({"unknowns": ["delay"]}, "unknowns = .'delay'.: legal are 'amplitude' and 'origin_time', or both"),
        ({"unknowns": []}, "legal are 'amplitude'"),
        ({"unknowns": "origin_time"}, "origin_within = 0 s: it has to be above 0 s, since origin_time is unknown"),
        ({"origin_within": 0.1}, "origin_within = 0.1 s: it has to be left out, unless origin_time is unknown"),
        ({"unknowns": ["origin_time"], "origin_within": float("nan")}, "origin_within"),
    ],
)
def test_what_is_no_pulse_of_unknown_amplitude_or_time_is_refused(given, why):
    with pytest.raises(ep.ProblemError, match=why):
        ep.KnownShape(**{"pulse": RICKER} | given)


def test_the_first_of_its_delayed_pulses_acts_before_its_range_and_the_last_after_it():
    sought, t = ep.KnownShape(RICKER, ["origin_time"], 0.25), torch.linspace(0.0, 6.0, 50, dtype=torch.float64)
    delays = sought.delays(6.0)
    assert delays[0] == 0.0 and sought.lead > 0.25 and delays[-1] - sought.lead > 0.25
    torch.testing.assert_close(sought(t), RICKER(t + sought.lead))
    torch.testing.assert_close(sought.rate(t), RICKER.rate(t + sought.lead))
    assert sought.interval == pytest.approx([each - sought.lead for each in RICKER.interval])
    assert not sought.is_size_unknown and repr(sought).endswith("of unknown origin time (within 0.25 s)")


def test_a_pulse_of_unknown_amplitude_alone_acts_once():
    sought = ep.KnownShape(RICKER)
    assert sought.delays(6.0) == (0.0,) and sought.interval == RICKER.interval and sought.is_size_unknown


def test_what_is_unknown_of_it_tells_a_problem_from_others(receivers):
    def problem(pulse):
        return ep.Problem(
            ep.Domain((0, 1), (0, 1), (0, 6)),
            ep.Material(2.0, 1.0, 1.0, unknowns=("mu",)),
            boundary=[ep.Traction()],
            initial=ep.Initial(),
            force=ep.PointForce((0.5, 0.5), (0.0, 1.0), pulse, 0.2),
            receivers=receivers(),
        )

    size, time = ep.KnownShape(RICKER), ep.KnownShape(RICKER, ["origin_time"], 0.25)
    every = [problem(each) for each in (RICKER, size, time, ep.KnownShape(RICKER, size.unknowns + time.unknowns, 0.25))]
    like = [[one.is_like(other.identity) for other in every] for one in every]
    assert like == [[i == j for j in range(4)] for i in range(4)]
