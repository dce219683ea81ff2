"""By how much a valid ± is widened, and what is told of it and of what it takes as exact."""

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
import torch

from elastic_pinn.physics.data import Noise
from elastic_pinn.training.assessment.channel_errors import ChannelDeviation
from elastic_pinn.training.assessment.common_errors import CommonDeviation, SourceDeviation
from elastic_pinn.training.assessment.evidence import Scatter
from elastic_pinn.training.assessment.misfits import largest_score
from elastic_pinn.training.assessment.stated_errors import StatedDeviation
from elastic_pinn.training.assessment.widening import likely_of_pulses
from tests.training.assessment.good_evidence import GOOD, channel_of, common_of


@pytest.mark.parametrize(
    ("changes", "widening", "reason"),
    [
        ({}, 1.0, "the data are explained: misfit 1 times the noise (stated)"),
        ({"chi_square": 1.04}, 1.0, "the data are explained: misfit 1.02 times"),
        ({"chi_square": 1.44}, 1.2, "the data are explained but for a little: misfit 1.2 times the noise (stated), by"),
        (
            {"chi_square": 1.1, "by_channels": Scatter(1.44, 8.0)},
            1.2,
            "the data are explained but for a little: misfit 1.05 times",
        ),
        (
            {"chi_square": 1.1025, "noise": Noise(1e-9, "estimated before the first arrival")},
            1.05,
            "the data are explained: misfit 1.05 times the noise (estimated before the first arrival), by which ± is",
        ),
        (
            {"chi_square": 1.21, "noise": Noise(1e-9, "estimated outside the band")},
            1.1,
            "the data are explained but for a little: misfit 1.1 times the noise (estimated outside the band), by",
        ),
        ({"by_channels": Scatter(2.4, 8.0)}, 1.0, "the data are explained: misfit 1 times"),
        (
            {"by_channels": Scatter(2.56, 8.0)},
            1.6,
            "the channels disagree on the unknowns a little, by which ± is widen",
        ),
        (
            {"by_instants": Scatter(2.56, 8.0)},
            1.6,
            "the instants disagree on the unknowns a little, by which ± is",
        ),
        ({"chi_square": 0.25}, 1.0, "misfit 0.5 times the noise (stated), which is too large, and with it ±"),
        ({"chi_square": 0.69}, 1.0, "misfit 0.831 times the noise (stated), which is too large, and with it ±"),
    ],
)
def test_an_error_is_widened_by_what_is_more_than_noise_and_never_narrowed(weighed, changes, widening, reason):
    fit = weighed(**changes)
    assert fit.verdict == ("widened" if widening > 1.0 else "holds") and reason in fit.text, fit.text
    assert fit.plus_minus == pytest.approx({name: widening * each for name, each in GOOD.deviations.items()})


OF_TWO = NormalDist().inv_cdf((1.0 + math.sqrt(0.99)) / 2.0)
"""What noise makes of the larger of two scores in one of a hundred good fits: 2.81."""
LIKELY = math.sqrt(1.0 - (OF_TWO / 4.0) ** 2)
"""How large an error of all records is that is estimated as four of its standard deviations, as a part of that."""
OF_SOURCES = NormalDist().inv_cdf((1.0 + math.sqrt(0.5)) / 2.0)
"""What noise makes of the larger of two scores in half of all good fits: 1.05."""


@pytest.mark.parametrize(
    ("changes", "widening"),
    [
        ({"score": 4.0, "shift": 0.75}, math.hypot(1.0, 0.75 * LIKELY)),
        ({"score": 2.8, "shift": 7.5}, 1.0),  # as much as noise makes it
        ({"score": OF_TWO / 0.8, "shift": 2.0}, math.hypot(1.0, 2.0 * 0.6)),
        ({"score": 9.0, "shift": 0.54}, math.hypot(1.0, 0.54 * math.sqrt(1.0 - (OF_TWO / 9.0) ** 2))),
        ({"score": 9.0, "shift": 0.49}, 1.0),
        ({"score": 4.0, "shift": 0.1, "of_calibration": {"amplitude": 0.75}}, 1.0),
        ({"score": 4.0, "shift": 0.75, "is_free": True}, 1.0),
        ({"score": 0.0, "shift": 0.0}, 1.0),
    ],
)
def test_what_all_records_may_have_in_common_widens_an_error(weighed, changes, widening):
    of_calibration = changes.get("of_calibration", {})
    fit = weighed(**common_of(**changes), calibration_deviations=dict.fromkeys(of_calibration, 1.0))
    assert fit.plus_minus == pytest.approx({name: widening * each for name, each in GOOD.deviations.items()}, rel=1e-9)
    assert [*fit.calibration_plus_minus.values()] == pytest.approx(
        [math.hypot(1.0, 0.75 * LIKELY)] * len(of_calibration)
    )
    assert fit.verdict == ("widened" if widening > 1.0 or of_calibration else "holds")
    moved = "amplitude by 0.75" if of_calibration else f"mu by {changes['shift']:.2g}"
    told = f"\n- the trigger time may be off: freeing it would move {moved} of its ± by noise, for which ± is widened"
    assert (told in fit.text) == (fit.verdict == "widened")


def test_scores_are_judged_beside_the_size_of_all_misfits_and_widen_beside_them(weighed):
    as_noise = common_of(score=3.3, shift=0.75)
    assert weighed(chi_square=1.44, **as_noise).notes == [], "misfits so large give such scores"
    fit = weighed(chi_square=1.44, **common_of(score=4.8, shift=0.9))
    assert fit.plus_minus["mu"] == pytest.approx(math.hypot(1.2, 0.9 * LIKELY) * GOOD.deviations["mu"])


def test_each_number_of_a_source_is_widened_by_its_own_part(weighed):
    fit = weighed(
        calibration={"amplitude": 1.0, "origin_time": 0.0},
        calibration_deviations={"amplitude": 0.1, "origin_time": 1e-7},
        **common_of(score=4.0, shift=0.0, of_calibration={"amplitude": 2.4, "origin_time": 0.0}),
    )
    assert fit.verdict == "widened" and fit.plus_minus == GOOD.deviations, "of what was found one ± is wider"
    expected = {"amplitude": 0.1 * math.hypot(1.0, 2.4 * LIKELY), "origin_time": 1e-7}
    assert fit.calibration_plus_minus == pytest.approx(expected)
    wrong = common_of(score=5.0, shift=0.1, of_calibration={"amplitude": 2.4})
    assert weighed(**wrong).reason == "the trigger time does not fit: freeing it would move amplitude by 2.4 of its ±"


def test_each_found_number_is_widened_by_the_doubt_that_moves_it_most(weighed):
    width = SourceDeviation("the width", 3.0, 0.65, "mu", best="8 % smaller", step="10 % larger", moved={"mu": 0.1})
    pulse = SourceDeviation(
        "the pulse",
        3.0,
        0.05,
        "mu",
        best="1 % longer",
        step="2 % shorter",
        moved={"mu": 0.1},
        of_calibration={"amplitude": 0.69},
    )
    fit, likely = (
        weighed(common_errors=(width, pulse), calibration_deviations={"amplitude": 1.0}),
        math.sqrt(1.0 - (OF_SOURCES / 3.0) ** 2),
    )
    assert fit.plus_minus["mu"] == pytest.approx(math.hypot(1.0, 0.65 * likely) * GOOD.deviations["mu"])
    assert fit.calibration_plus_minus["amplitude"] == pytest.approx(math.hypot(1.0, 0.69 * likely))
    assert "the width may be off: were it 8 % smaller, mu would move by 0.65 of its ±" in fit.text
    assert "the pulse may be off: were it 1 % longer, amplitude would move by 0.69 of its ±" in fit.text


def test_the_numbers_given_of_sources_that_move_most_are_told_in_units_of_the_error(weighed):
    errors = [
        SourceDeviation(
            f"place {i}",
            0.0,
            0.0,
            "mu",
            best="as far",
            step=f"{i} m further",
            moved={"lambda": -0.1 * i, "mu": 0.2 * i},
        )
        for i in range(8)
    ]
    fit = weighed(common_errors=tuple(errors))
    assert [(each.number, each.step) for each in fit.moves] == [
        (f"place {i}", f"{i} m further") for i in (7, 6, 5, 4, 3)
    ], "2 moves mu by 0.4 of ± too, but is the sixth"
    for move, i in zip(fit.moves, (7, 6, 5, 4, 3), strict=True):
        assert move.moved == pytest.approx({"lambda": -0.1 * i * 2e9, "mu": 0.2 * i * 1e9})
    lame_lambda, mu = (100.0 / fit.values[name] for name in ("lambda", "mu"))
    told = fit.text.partition("\nwere a given number another, the values would move by (in brackets: by so many ±):\n")[
        2
    ].splitlines()
    assert told[4] == (
        f"- place 3, 3 m further: lambda by {-0.6e9 * lame_lambda:+.2g} % (0.3 ±), mu by {0.6e9 * mu:+.2g} % (0.6 ±)"
    )
    assert len(told) == 5 and fit.condition.endswith(told[4].removeprefix("- "))
    widened = weighed(common_errors=tuple(errors), chi_square=1.44).text
    assert widened.splitlines()[-1].endswith("(0.25 ±), mu by +2.7 % (0.5 ±)")
    assert weighed(common_errors=tuple(errors[:2])).moves == []


def test_of_what_is_stated_of_sources_that_is_told_which_the_records_tell_better(weighed):
    better = StatedDeviation("the width of the source", -0.8, 0.2, "8 % smaller", torch.zeros(3))
    worse = replace(better, name="the direction", amount=0.1, plus_minus=0.9)
    told = "the records tell the width of the source better than is stated, about 8 % smaller (0.8 of its stated ±): "
    assert [each.startswith(told) for each in weighed(stated=(worse, better)).notes] == [True]
    assert "give that value, keep the stated ±, and search again" in weighed(stated=(better,)).notes[0]
    settled = (replace(better, amount=0.39), replace(better, amount=0.04, plus_minus=0.01))  # by noise, or hardly
    assert not weighed(stated=(worse, *settled)).notes
    width = SourceDeviation("the width", 0.0, 0.0, "mu", best="", step="10 % larger", moved={"mu": 0.9}, is_stated=True)
    assert not weighed(common_errors=(width,)).moves, "± counts it"
    assert len(weighed(common_errors=(replace(width, is_stated=False),)).moves) == 1


@pytest.mark.parametrize("chi_square", [0.25, 1.0, 1.44, 9.0])
def test_a_misfit_is_told_beside_what_is_stated_of_sources_and_beside_the_noise_alone(weighed, chi_square):
    stated = (StatedDeviation("the width of the source", 0.0, 0.9, "as it is", torch.zeros(3)),)
    text = weighed(stated=stated, rms_residual=2.161, chi_square=chi_square).text
    size = f"misfit {math.sqrt(chi_square):.3g} times the noise"
    of_both = " and what is stated of sources together (2.16 times the noise alone)"
    assert f"{size}{of_both}" in text or f"{size} (stated){of_both}" in text, text
    assert "alone" not in weighed(rms_residual=2.161, chi_square=chi_square).text, "there is one noise"


def test_a_wavelet_is_as_uncertain_as_the_doubts_that_move_it():
    pulses = torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)
    width = SourceDeviation("the width", 3.0, 0.65, "mu", best="", step="", moved={"mu": 0.1}, of_pulses=pulses)
    late = CommonDeviation("the trigger time", OF_TWO / 0.8, 0.1, "mu", of_pulses=2.0 * pulses)
    free = replace(late, is_free=True)
    found = likely_of_pulses(replace(GOOD, common_errors=(width, late, free)))
    sizes = math.sqrt(1.0 - (OF_SOURCES / 3.0) ** 2), 2.0 * 0.6
    for each, size in zip(found, sizes, strict=True):
        torch.testing.assert_close(each, size * pulses)


def test_what_does_not_fit_of_a_source_is_mended_there(weighed):
    width = SourceDeviation(
        "the width of the source", 9.0, 2.0, "mu", best="18 % smaller", step="10 % larger", moved={"mu": 0.1}
    )
    for changes in ({}, {"chi_square": 1.6, "samples": 180}, channel_of(6.0)):
        fit = weighed(common_errors=(width,), **changes)
        assert fit.verdict == "withheld" and "the width of the source" in fit.reason, fit.reason
        assert (
            "18 % smaller" in fit.reason and "the right width" in str(fit.remedies) and "units" not in str(fit.remedies)
        )


def test_an_error_of_a_channel_is_named_before_one_that_all_may_have(weighed):
    width = SourceDeviation(
        "the width of the source", 5.0, 0.1, "mu", best="18 % smaller", step="10 % larger", moved={"mu": 0.1}
    )
    late = ChannelDeviation("1 x", "the clock of 1 x, 1e-07 s late,", 12.0, 0.95, 0.1, "mu")
    fit = weighed(common_errors=(width,), channel_errors=(late,), **channel_of(9.0))
    told = "worst channels 1 x, as by the clock of 1 x, 1e-07 s late, or as by the width of the source (18 % smaller"
    assert (
        f"{told} fits best)" in fit.reason and "units" in str(fit.remedies) and "the right width" in str(fit.remedies)
    )
    fit = weighed(common_errors=(), channel_errors=(late,), **channel_of(9.0))
    assert fit.reason.endswith("1e-07 s late") and "the right width" not in str(fit.remedies)
    fit = weighed(common_errors=(width,), channel_errors=(), **channel_of(9.0))
    assert fit.reason.endswith("worst channels 1 x"), "which explains less than half of it"


def test_a_little_less_than_the_noise_is_told_only_where_it_is_surely_less(weighed):
    for changes in ({"chi_square": 0.93}, {"chi_square": 0.85, "samples": 180}):
        assert "too large" not in weighed(**changes).reason, changes
    estimated = weighed(chi_square=0.8, noise=Noise(1e-9, "estimated outside the band"))
    assert "too large" not in estimated.reason, "an estimate is itself off by some percent"


def test_a_source_that_acts_the_other_way_is_told(weighed):
    told = "amplitude is negative: the source acts against the direction that is given"
    found = {"calibration_deviations": {"amplitude": 0.1}}
    assert told in weighed(calibration={"amplitude": -2.0}, **found).notes
    assert told not in weighed(calibration={"amplitude": 2.0}, **found).notes


def test_of_many_errors_noise_makes_one_seem_large(weighed):
    """Of so many scores the largest is in half of all good fits larger than what is taken for noise."""
    largest = np.abs(np.random.default_rng(0).standard_normal((20_000, 9))).max(axis=1)
    assert largest_score(9, 0.5) == pytest.approx(np.median(largest), abs=0.02) and largest_score(1, 0.5) == 1.0
    assert largest_score(9, 0.01) == pytest.approx(np.quantile(largest, 0.99), abs=0.1)
    width = SourceDeviation("the width", 1.7, 2.0, "mu", best="8 % smaller", step="10 % larger", moved={"mu": 0.1})
    others = tuple(replace(width, name=f"place {i}", score=0.1) for i in range(8))
    assert weighed(common_errors=(width,)).verdict == "widened"
    assert weighed(common_errors=(width, *others)).verdict == "holds"
