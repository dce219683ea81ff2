"""What is stated that sources may be off is counted by ±, and is no misfit that nothing explains."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.physics.given_sources import ChangedSource, Step
from elastic_pinn.training.assessment.covariance import by_parameters, covariance_of
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.assessment.linearised_fit import LinearisedFit
from elastic_pinn.training.assessment.linearised_waveforms import LinearisedWaveforms
from elastic_pinn.training.assessment.stated_errors import StatedErrors
from tests.training.optimizers.recorded_plate import (
    CONFIG,
    LOAD,
    TRUE,
    noisy,
    quicken,
    recorded,
    searched,
    with_noise_stated,
)

BOTH = {"unknowns": ["amplitude", "origin_time"]}
NOISE = 0.3
LITTLE_KNOWN = 5e-4  # m
GENERATOR = torch.Generator().manual_seed(0)


def normal(*shape):
    return torch.randn(*shape, generator=GENERATOR, dtype=torch.float64)


class Line(LinearisedFit):
    """Misfits r + S p of 40 data and 5 held-out samples, and changes by given numbers of sources, all at random."""

    recorded = samples = None
    weight, amplitudes, precision = 1.0, 0, 1e-12
    data = slice(0, 40)

    def __init__(self, changed):
        self.effects, self.errors = normal(45, 2), normal(45, len(changed))
        self.projected_effects, self.changed = self.effects[:40], changed
        self.misfits = normal(45)
        self.residuals = self.misfits[:40] - self.projected_effects @ (self.gain @ self.misfits[:40])

    @property
    def projected_residual(self):
        return self.residuals

    def beyond_layer(self, effects):
        return effects

    def left_by_fit(self, changes):
        return changes - self.effects @ (self.gain @ changes[:40])

    def changes_by_sources(self):
        return [(each, lambda i=i: self.errors[:, i : i + 1]) for i, each in enumerate(self.changed)]

    influence_rows = held_out = field = rate = shift = worst_other_mean_square = None
    systematic = torch.zeros(2, dtype=torch.float64)


def changed(at, what, plus_minus, is_less=False):
    step = Step(what, 2.0, *("{} m further", "{} m less far")[:: -1 if is_less else 1])
    return ChangedSource(f"the source at {at}", at, step, {}, plus_minus)


def test_found_numbers_and_misfits_have_the_covariance_of_noise_and_stated_errors():
    line = Line([changed((0.0, 1.0), "width", 0.7), changed((0.0, 1.0), "place", 2.0), changed((1.0, 1.0), "width", 0)])
    stated, count = StatedErrors(line, NOISE), 40
    errors = line.errors[:, :2] * torch.tensor([0.7, 2.0], dtype=torch.float64)  # the third is exact
    whole = NOISE**2 * torch.eye(count, dtype=torch.float64) + errors[:count] @ errors[:count].T
    torch.testing.assert_close(covariance_of(line, NOISE, stated), line.gain @ whole @ line.gain.T)
    # Within what the unknowns do not compensate, the misfits are weighed by the inverse of their covariance.
    basis = torch.linalg.svd(line.projected_effects)[0][:, 2:]  # (D, D - U)
    inverse = basis @ torch.linalg.inv(basis.T @ whole @ basis) @ basis.T
    left = stated.beyond(line.residuals)
    torch.testing.assert_close(left, NOISE**2 * inverse @ line.residuals)
    # What is left of a misfit has the variance of its part of a degree of freedom, as rows of the influence matrix say.
    of_effects = line.projected_effects @ line.gain
    free = 1.0 - of_effects.diagonal() - stated.rows.square().sum(1)
    torch.testing.assert_close(free, (NOISE**2 * inverse).diagonal())
    # The best amounts are those of a fit of all with what is stated as further data, and so are held-out samples.
    both = torch.cat([line.effects, errors], dim=1)
    prior = torch.cat([torch.zeros(2, 2), torch.eye(2)], dim=1).double()
    system, right = torch.cat([both[:count] / NOISE, prior]), torch.cat([-line.residuals / NOISE, torch.zeros(2)])
    best, posterior = torch.linalg.lstsq(system, right[:, None])[0][:, 0], torch.linalg.inv(system.T @ system)
    assert [each.amount for each in stated.every] == pytest.approx(best[2:].tolist())
    assert [each.plus_minus for each in stated.every] == pytest.approx(posterior.diagonal()[2:].sqrt().tolist())
    held_out = stated.beyond_held_out(line.misfits[count:], line.residuals)
    torch.testing.assert_close(held_out, line.misfits[count:] + both[count:] @ best)
    by_all = (both[count:] @ posterior * both[count:]).sum(1) / NOISE**2
    own = (line.effects[count:] @ torch.linalg.inv(line.information) * line.effects[count:]).sum(1)
    torch.testing.assert_close(own + stated.rows_held_out.square().sum(1), by_all)


def test_sources_at_one_place_are_one_transducer_and_err_alike():
    line = Line([changed((0.0, 1.0), "place", 1.0), changed((0.0, 1.0), "place", 3.0, is_less=True)])
    [stated] = StatedErrors(line, NOISE).every
    together = StatedErrors(line, NOISE).by_unknowns @ StatedErrors(line, NOISE).by_unknowns.T
    by_both = line.gain @ (line.errors[:40] @ torch.tensor([1.0, -3.0], dtype=torch.float64))
    torch.testing.assert_close(together, torch.outer(by_both, by_both))
    assert stated.name == "the place of the sources at (0, 1) m"
    apart = Line([changed((0.0, 1.0), "place", 1.0), changed((0.1, 1.0), "place", 3.0)])
    assert [each.name for each in StatedErrors(apart, NOISE).every] == [
        "the place of the source at (0.0, 1.0)",
        "the place of the source at (0.1, 1.0)",
    ]


def test_nothing_is_counted_where_nothing_is_stated_and_nothing_judged_where_the_noise_is_unknown():
    exact = StatedErrors(Line([changed((0.0, 1.0), "place", 0.0)]), NOISE)
    assert not exact.every and exact.by_unknowns.shape == (2, 0) and exact.rows.shape == (40, 0)
    line = Line([changed((0.0, 1.0), "place", 1.0)])
    unknown = StatedErrors(line, float("nan"))
    assert unknown.every[0].amount == 0.0 and unknown.every[0].plus_minus == 1.0 and not unknown.rows.any()


@pytest.fixture
def quick(monkeypatch):
    """Coarser elements and fewer time steps."""
    quicken(monkeypatch)


def moved(off):
    return LOAD | {"at": [LOAD["at"][0] + off, LOAD["at"][1]]}


def wider(off):
    return LOAD | {"width": LOAD["width"] + off}


def turned(degrees):
    (x, y), angle = LOAD["force"], np.radians(degrees)
    turn = [x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)]
    return LOAD | {"force": turn}


OFF = {"at_plus_minus": (moved, 1e-4), "width_plus_minus": (wider, 1e-4), "direction_plus_minus": (turned, 1.0)}


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("field", "of_source"),
    [
        ("at_plus_minus", {}),
        ("at_plus_minus", BOTH),
        ("at_plus_minus", {"pulse": "unknown"}),
        ("width_plus_minus", BOTH),
        ("direction_plus_minus", {}),
    ],
    ids=["place-known", "place-sought", "place-wavelet", "width-sought", "direction-known"],
)
def test_what_was_found_is_off_by_what_a_stated_error_is_counted_for(tmp_path, field, of_source):
    of, size = OFF[field]
    of_source = LOAD | {"delay": 10e-6} | of_source | {field: size}
    of_source = {name: each for name, each in of_source.items() if of_source["pulse"] != "unknown" or name != "delay"}
    noise, found = None, []
    for off in (0.0, size):
        clean = recorded(tmp_path / "clean.h5", of(off))
        noise = noise or 1e-3 * float(np.abs(clean).max())
        receivers = replace(with_noise_stated(clean), noise=noise)
        receivers.save(tmp_path / "exact.h5")
        found.append(searched(str(tmp_path / "exact.h5"), of_source, steps=12).trained())
    with torch.no_grad():
        fits = [LinearisedWaveforms(each) for each in found]
        stated = StatedErrors(fits[0], noise / fits[0].recorded.quantity.scale(found[0].problem.scales))
        constants = by_parameters(found[0].model.material)[:2] @ stated.by_unknowns[:, 0]  # of lambda and mu
        numbers = fits[0].calibration.by_unknowns @ stated.by_unknowns[:, 0] + stated.by_calibration[:, 0]
        values = [[each.model.material.si()[name] for name in TRUE] for each in found]
        off = np.subtract(values[1], values[0])
        # Where the truth is off to one side, what is found is off to the other than by the given number.
        assert np.abs(off + constants.numpy()).max() < 0.1 * np.abs(off).max()
        if of_source.get("unknowns"):
            of_numbers = np.subtract(*([*each.calibration.values.values()] for each in fits[::-1]))
            np.testing.assert_allclose(of_numbers, -numbers.numpy(), rtol=0.15, atol=0.02 * np.abs(of_numbers).min())
        if of_source["pulse"] == "unknown":
            wavelets = [np.array(assess(each).wavelet["strength"]) for each in found]
            count = min(map(len, wavelets))
            of_wavelet = wavelets[1][:count] - wavelets[0][:count]
            [without, with_it] = (
                np.array(fits[0].wavelets(1e-9, each, each[:, :0])[0]["plus_minus"])[:count]
                for each in (stated.every[0].of_pulses[:, None] * 0.0, stated.every[0].of_pulses[:, None])
            )
            assert np.abs(with_it - np.abs(of_wavelet)).max() < 0.2 * np.abs(of_wavelet).max() > without.max()


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_the_truth_is_within_errors_that_count_how_well_a_place_is_known(tmp_path):
    known, draws = 2e-4, np.random.default_rng(3).standard_normal(8)
    clean = with_noise_stated(recorded(tmp_path / "clean.h5"))
    counted, taken_as_exact = [], []
    for seed, off in enumerate(known * draws):
        there = replace(clean, displacement=recorded(tmp_path / "there.h5", moved(off)))
        data = noisy(there, tmp_path / "noisy.h5", seed)
        fit = assess(searched(data, LOAD | {"at_plus_minus": known}).trained())
        assert fit.verdict in ("holds", "widened"), fit.reason
        assert fit.chi_square < 1.15 and "± counts how far place may be off" in fit.condition
        exact = assess(searched(data, LOAD).trained())
        counted.append([(fit.values[name] - TRUE[name]) / fit.plus_minus[name] for name in TRUE])
        taken_as_exact.append(exact.verdict == "withheld" or exact.plus_minus["mu"] > 0.5 * fit.plus_minus["mu"])
        np.testing.assert_allclose([*fit.values.values()], [*exact.values.values()])
        derived = fit.derived["c_s"]
        assert derived.plus_minus == pytest.approx(
            derived.value * fit.plus_minus["mu"] / fit.values["mu"] / 2.0, rel=0.01
        )
    scores = np.array(counted)
    assert np.abs(scores).max() < 3.5 and 0.5 < np.sqrt(np.mean(scores**2)) < 1.6
    # One error of all of them: the scores of both constants are nearly that of the draw.
    assert np.corrcoef(scores[:, 1], draws)[0, 1] > 0.95


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_an_error_within_what_is_stated_is_told_and_one_far_beyond_is_a_fault(tmp_path):
    clean = with_noise_stated(recorded(tmp_path / "clean.h5", moved(6e-4)))
    data, place = noisy(clean, tmp_path / "noisy.h5"), "the place along x of the source at (0.006, 0.01) m"
    beyond, within = (
        assess(searched(data, LOAD | {"at_plus_minus": known}, validation_fraction=0.2).trained())
        for known in (LITTLE_KNOWN / 10, LITTLE_KNOWN)
    )
    assert within.held_out is not None and within.held_out < 1.3, "held-out samples are judged with it, too"
    assert beyond.verdict == "withheld" and f"{place} does not fit: were it 0.0005" in beyond.reason
    assert within.verdict == "holds" and abs(further_by(within, place) - 6e-4) < 0.1 * LITTLE_KNOWN, within.text


def further_by(fit, place):
    """How much further a note says that a place is, m; 0 where none does."""
    told = rf"tell {re.escape(place)} better than is stated, about (\S+) m (further|less far) .*keep the stated ±"
    found = re.search(told, " ".join([*fit.notes, *fit.remedies]))
    return float(found[1]) * (1.0 if found[2] == "further" else -1.0) if found else 0.0


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_number_that_is_given_as_the_records_tell_it_ends_at_the_truth(tmp_path):
    true, known = 1.5e-3, {"at_plus_minus": 1.5e-3}
    data = noisy(with_noise_stated(recorded(tmp_path / "clean.h5", moved(true))), tmp_path / "noisy.h5")
    given, moves = 0.0, []
    for _ in range(3):
        fit = assess(searched(data, moved(given) | known, steps=12).trained())
        moves.append(further_by(fit, "the place along x of the source at ({:g}, {:g}) m".format(*moved(given)["at"])))
        given += moves[-1]
    assert abs(moves[0] - true) < 0.3 * true and moves[-1] == 0.0, moves
    assert abs(given - true) < 0.05 * true and fit.verdict in ("holds", "widened"), fit.text
    for name, value in TRUE.items():
        assert abs(fit.values[name] - value) < 0.3 * fit.plus_minus[name]


@pytest.mark.usefixtures("quick")
def test_what_no_error_counts_is_refused(tmp_path):
    recorded(tmp_path / "clean.h5")
    data, source = str(tmp_path / "clean.h5"), LOAD | {"at_plus_minus": 1e-4, "width_plus_minus": 1e-4}
    with pytest.raises(ep.ConfigError, match=r"sources\[0\]\.at_plus_minus = 0\.0001: ± of what is found counts it"):
        ep.Config(**CONFIG | {"sources": [source], "unknowns": []}, data=data)
    with pytest.raises(ep.ConfigError, match=r"there is at_plus_minus and width_plus_minus of SideLoad\(.*alone finds"):
        searched(data, source, stages=["variable_projection"])


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("of_source", "of_fit"),
    [(BOTH | {"delay": 10e-6}, {"unknown_gains": ["0 y", "2 y"]}), ({"pulse": "unknown", "delay": 0.0}, {})],
    ids=["amplitude-time-gains", "wavelet"],
)
def test_every_number_of_a_fit_has_the_error_by_noise_and_by_what_is_stated(tmp_path, of_source, of_fit):
    known = 5e-5
    data = noisy(with_noise_stated(recorded(tmp_path / "clean.h5")), tmp_path / "noisy.h5")

    def fit(place, **stated):
        source = place | of_source | stated
        return assess(searched(data, source, **of_fit).trained())

    exact, counted, there = fit(LOAD), fit(LOAD, at_plus_minus=known), fit(moved(known))
    assert exact.verdict == counted.verdict == "holds", (exact.text, counted.text)  # no ± is widened
    # A given place that is one standard deviation further moves what is found of the same records: by this, each.
    values, moved_to = ({**each.values, **each.calibration} for each in (counted, there))
    off = {name: moved_to[name] - each for name, each in values.items()}
    by_noise, errors = ({**each.plus_minus, **each.calibration_plus_minus} for each in (exact, counted))
    for name, error in errors.items():
        assert error == pytest.approx(np.hypot(by_noise[name], off[name]), rel=0.15), name
    for pair, correlation in counted.correlations.items():
        one, other = pair.split(" and ")
        whole = exact.correlations[pair] * by_noise[one] * by_noise[other] + off[one] * off[other]
        assert correlation == pytest.approx(whole / errors[one] / errors[other], abs=0.1), pair
    assert max(errors[name] / by_noise[name] for name in errors) > 1.2 and (not of_fit or len(errors) == 6)
    if of_source.get("pulse") == "unknown":
        change = np.subtract(there.wavelet["strength"], counted.wavelet["strength"])
        added = np.square(counted.wavelet["plus_minus"]) - np.square(exact.wavelet["plus_minus"])
        assert np.abs(np.sqrt(added) - np.abs(change)).max() < 0.2 * np.abs(change).max()


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("field", ["at_plus_minus", "density_plus_minus"])
def test_a_run_that_has_ended_is_judged_anew_for_other_errors_that_are_stated(tmp_path, field):
    data = noisy(with_noise_stated(recorded(tmp_path / "clean.h5")), tmp_path / "noisy.h5")
    sought = LOAD | BOTH | {"delay": 10e-6}  # beside whose amplitude density is counted
    of_source, of_all = ({field: 1e-4}, {}) if field.startswith("at") else ({}, {field: 200.0})

    def train(run, source=sought, resume="auto", **stated):
        config = ep.Config(**CONFIG | {"sources": [source], **stated}, data=data)
        return ep.train(config, tmp_path / run, resume=resume)

    exact, before = train("run").fit, ep.Run(tmp_path / "run").latest().path
    again, told = train("run", sought | of_source, **of_all), train("at once", sought | of_source, **of_all).fit
    change = f"sources[0].{field}: None -> 0.0001" if of_source else f"{field}: 0.0 -> 200.0"
    assert len(again.history()) == exact.step and again.events()[-1] == (exact.step, change)
    assert again.fit.values == exact.values and again.fit.plus_minus == pytest.approx(told.plus_minus, rel=1e-6)
    assert again.fit.plus_minus["mu"] > 1.1 * exact.plus_minus["mu"] and again.fit.given == told.given
    written = (again.path / "summary.json").stat().st_mtime_ns
    assert train("run", sought | of_source, **of_all).path == again.path
    assert (again.path / "summary.json").stat().st_mtime_ns == written, "nothing is stated anew"
    with pytest.raises(ep.ConfigError, match="cannot resume with another network, problem"):
        train("run", sought | of_source | {"width": 1.1 * LOAD["width"]}, **of_all)
    # From where it ended before, with what was stated then, but for 0 where nothing was.
    zero = dict.fromkeys(of_source, 0.0)
    assert train("run", sought | zero, resume=before).fit.plus_minus == pytest.approx(exact.plus_minus, rel=1e-6)
    copied = train("new", sought | of_source, resume=str(tmp_path / "run"), **of_all)
    assert copied.fit.plus_minus == pytest.approx(told.plus_minus, rel=1e-6)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_so_is_a_run_of_a_problem_in_which_they_are_stated_in_python(tmp_path):
    data = noisy(with_noise_stated(recorded(tmp_path / "clean.h5")), tmp_path / "noisy.h5")
    config = ep.Config(**CONFIG | {"sources": [LOAD]}, data=data)
    own = {name: value for name, value in config.model_dump().items() if name in NetworkConfig.model_fields}
    own |= {"stages": ["full_waveform"], "steps": 8, "validation_fraction": 0.0, "log_level": "error"}

    def train(**stated):
        problem = ep.problem_from(config)
        [side] = [each for each in problem.boundary if isinstance(each.value, ep.SideLoad)]
        load = replace(side.value, plus_minus=ep.PlusMinus(**stated))
        boundary = [replace(each, value=load) if each is side else each for each in problem.boundary]
        return ep.train(
            ep.Config(problem="own", **own), tmp_path / "run", replace(problem, boundary=boundary), resume="auto"
        )

    exact, counted = train().fit, train(at=1e-4)
    assert counted.fit.values == exact.values and counted.fit.plus_minus["mu"] > 1.1 * exact.plus_minus["mu"]
    assert train().fit.plus_minus == pytest.approx(exact.plus_minus, rel=1e-6)
