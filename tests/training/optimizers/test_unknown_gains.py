"""Gains of channels are found with the material, by what receivers record in a small plate."""

from dataclasses import replace

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.training.assessment.judgement import assess
from tests.training.optimizers.recorded_plate import (
    CONFIG,
    LOAD,
    TRUE,
    noisy,
    places,
    quicken,
    recorded,
    searched,
    with_noise_stated,
)

GAINS = np.exp(0.4 * np.random.default_rng(5).standard_normal((len(places()), 2)))
ALL_BUT_ONE = [str(row) for row in range(1, len(places()))]
NOISES = 5


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Coarser elements and fewer time steps."""
    quicken(monkeypatch)


@pytest.fixture
def clean(tmp_path):
    """Records by the gains of all receivers but the first, of which one is reversed."""
    true = with_noise_stated(recorded(tmp_path / "clean.h5"))
    return replace(true, displacement=true.displacement * gains()[:, None])


def gains():
    return np.concatenate([np.ones((1, 2)), GAINS[1:] * np.where(np.arange(1, len(GAINS)) == 3, -1.0, 1.0)[:, None]])


@pytest.mark.slow
@pytest.mark.parametrize("source", [{}, {"pulse": "unknown"}], ids=["known source", "unknown wavelet"])
def test_material_and_gains_are_found_within_their_errors(clean, tmp_path, source):
    true = {f"gain of {row} {axis}": gains()[row, i] for row in range(1, len(GAINS)) for i, axis in enumerate("xy")}
    of_material, of_gains = [], []
    for seed in range(NOISES):
        session = searched(noisy(clean, tmp_path / "noisy.h5", seed), LOAD | source, unknown_gains=ALL_BUT_ONE)
        fit = assess(session.trained())
        assert session.converged and fit.verdict in ("holds", "widened"), fit.reason
        assert fit.calibration.keys() == true.keys()
        of_material.append([(fit.values[name] - value) / fit.plus_minus[name] for name, value in TRUE.items()])
        errors = fit.calibration_plus_minus
        of_gains.append([(fit.calibration[name] - value) / errors[name] for name, value in true.items()])
    assert np.abs(of_material).max() < 3.5 and np.abs(of_gains).max() < 4.5
    assert 0.75 < np.sqrt(np.mean(np.square(of_gains))) < 1.3
    assert fit.effective_parameters == pytest.approx(2 + fit.amplitudes) and fit.amplitudes >= len(true)
    assert all(abs(fit.correlations[f"mu and {name}"]) < 1.0 for name in true)


@pytest.mark.slow
def test_figures_show_records_corrected_by_the_gains_found(clean, tmp_path):
    noiseless = noisy(replace(clean, noise=1e-6 * clean.noise), tmp_path / "data.h5")
    known = {"lame_lambda": TRUE["lambda"], "lame_mu": TRUE["mu"]}
    run = ep.train(ep.Config(**CONFIG | known | {"steps": 1, "unknown_gains": ["all"]}, data=noiseless), tmp_path / "r")
    checkpoint = run.latest()
    found = checkpoint.shot().receivers
    np.testing.assert_allclose(found.records[0].gain, gains(), rtol=0.05)
    picture = ep.figures.wiggles(run, [places()[5]])
    assert picture.axes
    assert checkpoint.problem().receivers.records[0].gain == 1.0
    resumed = ep.train(ep.Config(**CONFIG | known | {"steps": 2}, data=noiseless), run.path, resume="auto").latest()
    assert resumed.shot().receivers.records[0].gain == 1.0, "none is unknown any more"


@pytest.mark.slow
def test_gains_below_a_frequency_and_of_held_out_samples(clean, tmp_path):
    changes = {"unknown_gains": ["3", "5 y"], "frequency_continuation": [80e3], "validation_fraction": 0.1, "steps": 2}
    fit = assess(searched(noisy(clean, tmp_path / "noisy.h5"), LOAD, **changes).trained())
    assert list(fit.calibration) == ["gain of 3 x", "gain of 3 y", "gain of 5 y"] and fit.held_out is not None


def test_gains_that_cannot_be_found_are_refused(clean, tmp_path):
    data = noisy(clean, tmp_path / "noisy.h5")
    for changes, why in (
        ({"unknown_gains": ["all"], "sources": [LOAD | {"pulse": "unknown"}]}, "amplitude is unknown, too: times any"),
        (
            {"unknown_gains": ["0", *ALL_BUT_ONE], "sources": [LOAD | {"unknowns": ["amplitude"]}]},
            "Leave out a channel",
        ),
        ({"unknown_gains": ["all"], "unknowns": ["lambda", "mu", "rho"]}, "lambda, mu, rho are unknown: times any"),
        (
            {"unknown_gains": ["99"]},
            "nothing was recorded by '99'; legal are 'all', receivers by their rows from 0, from '0' to '",
        ),
        ({"unknown_gains": ["3"], "stages": ["variable_projection"]}, "found by stages = .'full_waveform'. alone"),
    ):
        with pytest.raises(ep.ConfigError, match=why):
            searched(data, LOAD, **changes)


def test_receivers_at_one_place_have_no_gains_of_their_own(clean, tmp_path):
    xy = places()
    xy[4] = xy[5]
    data = noisy(replace(clean, xy=xy), tmp_path / "noisy.h5")
    with pytest.raises(ep.ConfigError, match="several receivers are at one place, and count as the first of them"):
        searched(data, LOAD, unknown_gains=["5"])
