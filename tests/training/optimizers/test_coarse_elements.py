"""Full-waveform inversion on elements that are too coarse by intent: ± covers their error, or there is none."""

import pytest

import elastic_pinn as ep
from elastic_pinn.error_estimate import in_found_material
from elastic_pinn.training.assessment.judgement import assess
from tests.training.optimizers.recorded_plate import (
    LOAD,
    NOISE,
    TIMES,
    TRUE,
    noisy,
    places,
    quicken,
    recorded,
    searched,
)


@pytest.fixture
def fine(monkeypatch, tmp_path):
    """What elements twice as fine as those of the search record."""
    quicken(monkeypatch)
    with monkeypatch.context() as finer:
        finer.setattr(in_found_material, "FINER", 2.0 * in_found_material.FINER)
        return recorded(tmp_path / "fine.h5")


def fit_of(displacement, path, part):
    """The fit to records with a part of the usual noise."""
    noise = part * NOISE * float(abs(displacement).max())
    clean = ep.Receivers(places(), TIMES, displacement, noise=noise)
    return assess(searched(noisy(clean, path), LOAD).trained())


@pytest.mark.slow
def test_standard_deviations_cover_what_coarse_elements_do_beside_the_noise_and_tell_it(fine, tmp_path):
    fit = fit_of(fine, tmp_path / "noisy.h5", 0.25)
    assert fit.verdict == "holds" and "± counts the error of the elements" in fit.text
    for name, true in TRUE.items():
        assert abs(fit.values[name] - true) < 3.0 * fit.plus_minus[name] < 0.1 * true


def test_there_is_none_beside_so_little_noise_that_it_would_be_theirs(fine, tmp_path):
    fit = fit_of(fine, tmp_path / "noisy.h5", 0.05)
    assert fit.verdict == "withheld" and "coarser elements would move mu by 0.9" in fit.reason
