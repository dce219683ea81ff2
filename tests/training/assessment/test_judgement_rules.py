"""Each rule by which a ± is widened or withheld, by itself: what is just allowed, and what is just too much."""

from dataclasses import replace

import pytest

from elastic_pinn.physics.data import Noise
from elastic_pinn.physics.data.faulty_channels import COPY, NOISELESS, FaultyChannel
from elastic_pinn.training.assessment import judgement
from elastic_pinn.training.assessment.common_errors import CommonDeviation
from elastic_pinn.training.assessment.evidence import Channel, Scatter
from elastic_pinn.training.assessment.neighbours import Likeness
from tests.training.assessment.good_evidence import GOOD, channel_of, common_of
from tests.training.assessment.plates import recorded


def alike_of(correlation, score, of_one, score_of_one):
    """How alike all neighbouring receivers are, and those beside one of the channels."""
    whole = Likeness("all", correlation, score)
    return {"alike": (whole, *GOOD.alike[1:3], Likeness("1 x", of_one, score_of_one), GOOD.alike[4])}


def own_of(**changes):
    """An error of one channel."""
    return {"channel_errors": (replace(GOOD.channel_errors[0], **changes),)}


ALLOWED_AND_NOT = {
    "noise alone": (
        {"signal": 0.2, "effective_parameters": 10.0},
        {"signal": 0.15, "effective_parameters": 10.0},
        "the records are noise alone, 1.07 times what is stated",
    ),
    "little more than noise": ({"signal": 0.31}, {"signal": 0.29}, "the records hold little more than noise"),
    "few degrees of freedom": (
        {"samples": 100, "effective_parameters": 79.0},
        {"samples": 100, "effective_parameters": 81.0},
        "100 samples, 250 amplitudes and 2 unknowns leave 19 degrees of freedom",
    ),
    "a small part of the samples free": (
        {"effective_parameters": 949.0},
        {"effective_parameters": 951.0},
        "1000 samples, 250 amplitudes and 2 unknowns leave 49 degrees of freedom",
    ),
    "unknowns told apart": ({}, {"is_identifiable": False}, "the data do not tell lambda and mu apart"),
    "noise in the amplitudes": ({"noise_part": 0.74}, {"noise_part": 0.76}, "noise in the amplitudes makes 76 %"),
    "the ridge's pull": ({"ridge_pull": 0.49}, {"ridge_pull": 0.51}, "the ridge displaces an unknown by 0.51 of its ±"),
    "the ridge's part": ({"ridge": 0.19}, {"ridge": 0.21}, "the ridge tells 21 % of what is known of the unknowns"),
    "the misfit": ({"chi_square": 1.49}, {"chi_square": 1.51}, "the data are not explained: misfit 1.23 times"),
    "one channel's misfit": (channel_of(2.9), channel_of(3.1), "some data are not explained: misfit there 1.76 times"),
    "one long channel's misfit": (channel_of(1.12, 2000.0), channel_of(1.15, 2000.0), "some data are not explained"),
    "samples held out": ({"held_out": 1.6}, {"held_out": 1.7}, "samples that were held out are missed by 1.3 times"),
    "many samples held out": (
        {"held_out": 1.49, "held_out_samples": 10_000},
        {"held_out": 1.51, "held_out_samples": 10_000},
        "samples that were held out are missed by 1.23 times",
    ),
    "equation and start": (
        {"other_misfit": 1.49},
        {"other_misfit": 1.51},
        "equation and known start are missed by 1.23",
    ),
    "neighbours in time": ({"von_neumann_ratio": 0.81}, {"von_neumann_ratio": 0.79}, "the misfit is no white noise"),
    "few neighbours in time": (
        {"von_neumann_ratio": 0.7, "samples": 150, "effective_parameters": 10.0},
        {"von_neumann_ratio": 0.65, "samples": 150, "effective_parameters": 10.0},
        "the misfit is no white noise",
    ),
    "other waves": ({"shift": 0.69}, {"shift": 0.71}, "others beside them would move mu by 0.71 of its ±"),
    "coarser elements": (
        {"unresolved": 0.0, "shift": 0.69},
        {"unresolved": 0.0, "shift": 0.71},
        "too much to correct beside this noise: coarser elements would move mu by 0.71 of its ±",
    ),
    "channels by coarser elements": (
        {"unresolved": 0.24},
        {"unresolved": 0.26, "chi_square": 2.0},
        "too much to correct beside this noise: coarser elements would change a channel by 0.51 times the noise",
    ),
    "far more than coarser elements change": (
        {"unresolved": 0.24},
        {"unresolved": 1.0, "chi_square": 9.0} | channel_of(11.0),
        "the data are not explained: misfit 3 times the noise",
    ),
    "what is common": (
        common_of(score=9.0, shift=0.69),
        common_of(score=9.0, shift=0.71),
        "the trigger time does not fit: freeing it would move mu by 0.71 of its ±",
    ),
    "the score of what is common": (
        common_of(score=4.0, shift=5.0),
        common_of(score=4.1, shift=5.0),
        "the trigger time does not fit",
    ),
    "neighbouring receivers": (
        alike_of(0.19, 9.0, 0.9, 4.1),
        alike_of(0.21, 9.0, 0.9, 4.1),
        "neighbouring receivers are alike, correlated by 0.21, most at 1 x",
    ),
    "the score of neighbouring receivers": (
        alike_of(0.9, 4.1, 0.9, 4.1),
        alike_of(0.1, 4.1, 0.9, 4.2),
        "neighbouring receivers are alike, correlated by 0.9, most at 1 x",
    ),
    "a channel's own error": (
        own_of(score=9.0, shift=0.69),
        own_of(score=9.0, shift=0.71),
        "the clock of 1 x, 1e-07 s late, does not fit: freeing it would move mu by 0.71 of its ±",
    ),
    "the score of a channel's own error": (
        own_of(score=4.2, shift=5.0),
        own_of(score=4.3, shift=5.0),
        "the clock of 1 x",
    ),
    "channels that disagree": (
        {"by_channels": Scatter(3.9, 8.0)},
        {"by_channels": Scatter(4.2, 8.0)},
        "the channels disagree on the unknowns, 2 times",
    ),
    "instants that disagree": (
        {"by_instants": Scatter(3.9, 8.0)},
        {"by_instants": Scatter(4.2, 8.0)},
        "the instants disagree on the unknowns, 2 times",
    ),
    "steps left": (
        {"remaining_step": 0.09},
        {"remaining_step": 0.11},
        "the search is not at its end: it would move on by 0.11 of ±",
    ),
    "the noise": ({}, {"noise": Noise(float("nan"), "unknown")}, "noise unknown"),
}


@pytest.mark.parametrize("rule", ALLOWED_AND_NOT)
def test_a_rule_withholds_from_where_it_says(weighed, rule):
    allowed, too_much, reason = ALLOWED_AND_NOT[rule]
    assert weighed(**allowed).verdict in ("holds", "widened")
    fit = weighed(**too_much)
    assert fit.verdict == "withheld" and fit.plus_minus == {} and reason in fit.reason, fit.reason
    assert fit.remedies and fit.text.endswith("\n- ".join(["\nwhat usually helps:", *fit.remedies]))
    assert fit.needs_waves == ("hidden_layers = [" in str(fit.remedies)), str(fit.remedies)


def test_noise_far_above_the_misfit_is_told_with_what_it_hides(weighed):
    fit = weighed(noise_part=1.71, chi_square=0.04)
    assert "makes 171 %" in fit.reason
    assert fit.notes == ["misfit 0.2 times the noise (stated), which may be too large"]
    assert fit.remedies[:2] == ["the noise as it is, 0.2 times as large by the misfit", "fewer waves (hidden_layers)"]
    assert "too large" not in weighed(noise_part=1.71, chi_square=0.9).text, "0.95 times is no sign of it"
    few = {"samples": 30, "effective_parameters": 29.0}
    assert "too large" not in weighed(**few, chi_square=0.04).text, "so few degrees of freedom tell nothing"


def test_a_search_that_has_not_converged_has_no_error(weighed):
    for converged, verdict in ((None, "holds"), (True, "holds"), (False, "withheld")):
        weighed.trained = replace(weighed.trained, converged=converged)
        assert weighed().verdict == verdict
    assert weighed().reason == "the search has not converged"


def test_a_search_that_has_converged_is_not_sent_on(weighed):
    weighed.trained = replace(weighed.trained, converged=True)
    fit = weighed(remaining_step=0.11)
    assert fit.verdict == "withheld" and fit.reason.startswith("the search ended 0.11 of ± from the least misfit")
    assert "more steps" not in fit.text and "weight_boundary" in str(fit.remedies)
    assert weighed(remaining_step=0.09).verdict == "holds"


def test_an_unknown_at_the_edge_of_its_range_has_no_error(weighed, monkeypatch):
    monkeypatch.setattr(type(weighed.trained.model.material), "at_edge", lambda self: {"mu": "1 to 100 GPa"})
    fit = weighed()
    assert fit.verdict == "withheld" and fit.reason == "mu is at the edge of its range, 1 to 100 GPa"
    assert "plane = " not in str(fit.remedies)
    problem = weighed.trained.problem
    thin = replace(problem, material=replace(problem.reference, plane="stress"))
    weighed.trained = replace(weighed.trained, problem=thin)
    assert "plane = 'strain', unless it is a thin plate" in str(weighed().remedies)


@pytest.mark.parametrize("changes", [{}, {"chi_square": 9.0}, {"is_identifiable": False}])
def test_of_a_thin_plate_it_is_told_which_speed_c_p_is(weighed, changes, monkeypatch):
    told = "c_p is the speed of P waves along the thin plate (plane stress), lower than in a thick body"
    assert told not in weighed(**changes).text
    problem = weighed.trained.problem
    thin = replace(problem, material=replace(problem.reference, plane="stress"))
    weighed.trained = replace(weighed.trained, problem=thin)
    assert told in weighed(**changes).notes
    monkeypatch.setattr(judgement, "too_large", lambda trained: "too large")
    assert weighed(**changes).notes == [told]


def test_a_channel_of_one_value_has_no_error_where_the_others_have_noise(weighed):
    receivers = recorded()
    still = receivers.displacement.copy()
    still[7, :, 1] = 0.25
    problem = replace(weighed.trained.problem, receivers=replace(receivers, displacement=still))
    weighed.trained = replace(weighed.trained, problem=problem)
    fit = weighed()
    assert fit.verdict == "withheld" and fit.reason.startswith("channels 7 y record one value only")


def test_the_worst_channels_are_named_the_worst_first(weighed):
    channels = [Channel(f"{i} x", chi_square, 18.0) for i, chi_square in enumerate((1.0, 2.0, float("nan"), 3.0, 1.5))]
    assert list(weighed(channels=tuple(channels)).worst_channels) == ["3 x", "1 x", "4 x"]
    assert weighed(channels=(channels[2],)).worst_channels == {}, "its noise is unknown"


def test_what_was_trained_on_a_gpu_is_weighed_on_the_cpu(weighed, monkeypatch):
    twin = replace(weighed.trained, step=7)
    monkeypatch.setattr(type(twin), "on_cpu", lambda self: twin)
    assert weighed().step == 7


def test_of_what_is_common_the_surest_is_named(weighed):
    common = (CommonDeviation("the size", 8.0, 3.0, "lambda"), CommonDeviation("the trigger time", 9.0, 1.0, "mu"))
    assert weighed(common_errors=common).reason.startswith("the trigger time does not fit")


def test_noise_that_is_alike_in_time_may_come_from_a_recorder_that_smooths(weighed):
    assert "recorders do that average several samples" in str(weighed(von_neumann_ratio=0.5).remedies)
    assert "smoothed" not in str(weighed(chi_square=9.0).remedies), "white noise"


def test_where_only_records_are_known_it_is_the_ridge_that_tells_their_size(weighed):
    free = CommonDeviation("the size of the records", 8.0, 3.0, "lambda", is_free=True)
    fit = weighed(common_errors=(free,))
    assert fit.verdict == "withheld" and fit.reason.startswith("the ridge holds back amplitudes")
    assert "a smaller ridge" in str(fit.remedies) and "units" not in str(fit.remedies)


def test_no_waves_and_no_weights_are_advised_for_waveforms_which_fit_neither(weighed):
    weighed.trained = replace(weighed.trained, converged=True)
    told = {
        "little more than noise": {"signal": 0.29},
        "could meet any data": {"samples": 100, "effective_parameters": 81.0},
        "from the least misfit": {"remaining_step": 0.11},
    }
    for reason, changes in told.items():
        fit = weighed(unresolved=0.0, **changes)
        assert fit.verdict == "withheld" and reason in fit.reason
        assert (
            "waves" not in str(fit.remedies) and "weight" not in str(fit.remedies) and "start" not in str(fit.remedies)
        )
        assert "sides and start" not in fit.reason


def test_what_of_a_standard_deviation_is_the_error_of_elements_is_told_where_it_matters(weighed):
    told = "± counts the error of the elements, which may be 0.31 of it for mu"
    assert weighed(unresolved=0.0, shift=0.31).notes == [told]
    for changes in ({"unresolved": 0.0, "shift": 0.29}, {"shift": 0.31}):
        fit = weighed(**changes)
        assert fit.verdict == "holds" and "elements" not in fit.text


TRIGGER = {"common_errors": (replace(GOOD.common_errors[0], score=80.0),)}
LATE = {"channel_errors": (replace(GOOD.channel_errors[0], score=9.0, explains=0.5),)}
ALIKE = {"alike": (Likeness("all", 0.5, 9.0), *GOOD.alike[1:])}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"chi_square": 9.0}, "white, of one size in all channels, as by a noise (stated) that is too small"),
        ({"chi_square": 9.0} | TRIGGER, "misfit 3 times the noise, as by the trigger time"),
        ({"chi_square": 16.0} | TRIGGER, "white, of one size in all channels"),  # of which it explains less than a half
        ({"chi_square": 9.0, "von_neumann_ratio": 0.5}, "misfit 3 times the noise; worst channels 0 x, 0 y, 1 x"),
        (
            {"chi_square": 9.0} | ALIKE,
            "worst channels 0 x, 0 y, 1 x; neighbouring receivers are alike, correlated by 0.5, most at 0 x, 0 y, 1 x, "
            "as by a wave that nothing accounts for",
        ),
        ({"chi_square": 9.0} | channel_of(90.0) | LATE, "channels 1 x, 0 x, 0 y, as by the clock of 1 x, 1e-07 s late"),
        (
            channel_of(9.0) | LATE,
            "some data are not explained: misfit there 3 times the noise; worst channels 1 x, as by",
        ),
        ({"von_neumann_ratio": 0.5} | TRIGGER, "neighbours in time are alike, as by the trigger time"),
        (ALIKE | TRIGGER, "most at 0 x, 0 y, 1 x, as by the trigger time"),
    ],
)
def test_what_explains_most_of_a_misfit_is_named(weighed, changes, reason):
    fit = weighed(**changes)
    assert fit.verdict == "withheld" and reason in fit.reason, fit.reason


def test_an_error_that_explains_less_than_half_of_a_channel_s_misfit_is_not_named(weighed):
    less = {"channel_errors": (replace(GOOD.channel_errors[0], score=9.0, explains=0.4),)}
    assert weighed(**channel_of(9.0), **less).reason.endswith("worst channels 1 x")


@pytest.mark.parametrize(("chi_square", "is_told"), [(0.21, True), (0.22, False)])
def test_a_channel_whose_noise_is_stated_too_large_is_told_beside_a_true_error(weighed, chi_square, is_told):
    fit = weighed(**channel_of(chi_square, 24.0))
    assert fit.verdict == "holds" and fit.plus_minus == GOOD.deviations
    assert ("too large" in fit.text) == is_told
    assert fit.notes == ["noise is stated too large, 2.2 times or more, of 1 x"] * is_told


def test_unknown_noise_is_neither_white_nor_accused(weighed):
    nothing = dict.fromkeys(("chi_square", "von_neumann_ratio", "signal", "other_misfit", "held_out"), float("nan"))
    assert weighed(**nothing, noise=Noise(float("nan"), "unknown")).reason.startswith("noise unknown")


def test_channels_whose_records_cannot_be_so_are_told_before_a_reason_and_after_a_plus_minus(weighed):
    clipped = FaultyChannel("1 x", "clipped", ", 9 samples stop at a bound of up to 1 m", "record with less gain")
    fit = weighed(faulty=[clipped])
    assert fit.verdict == "holds" and fit.notes == [f"channel {clipped}"]
    fit = weighed(faulty=[clipped], chi_square=9.0)
    assert fit.reason.startswith(
        f"channel {clipped}: record with less gain; the data are not explained: misfit 3 times"
    )


def test_copies_of_a_channel_leave_no_plus_minus(weighed):
    copied = FaultyChannel("1 x", COPY, " of 0 x, to the last sample", "leave one of the two out")
    fit = weighed(faulty=[copied])
    assert fit.verdict == "withheld" and fit.plus_minus == {}
    assert fit.reason == f"channel {copied}: leave one of the two out; ± takes the noise of each channel for its own"


def test_channels_without_the_noise_that_is_stated_have_a_plus_minus_where_the_misfit_lacks_it_too(weighed):
    same = FaultyChannel("1 x", NOISELESS, ", the same as 0 x to the last sample", "add the noise")
    fit = weighed(faulty=[same], chi_square=0.09)
    assert fit.verdict == "holds" and fit.plus_minus == GOOD.deviations
    assert fit.reason.endswith("which is too large, and with it ±") and fit.notes == [f"channel {same}"]
    assert weighed(faulty=[same], chi_square=0.11).verdict == "withheld", "copies of channels with noise"
