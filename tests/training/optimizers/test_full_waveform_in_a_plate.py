"""Full-waveform inversion of a plate that finite elements of another kind recorded, by elements and no network."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.media.material import ALUMINIUM
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.session import Session

pytestmark = pytest.mark.slow

RECORDED = Path(__file__).parents[3] / "data" / "plate_receivers.h5"
LOAD = {"kind": "side_load", "at": [0.012, 0.02], "force": [0.0, -1000.0], "pulse": "ricker", "frequency": 2e5,
        "width": 1.5e-3}  # fmt: skip
PLATE = {
    "problem": "plate", "plate_size": [0.04, 0.02], "holes": [[0.026, 0.009, 0.003]], "sources": [LOAD],
    "duration": 12e-6, "lame_lambda": 0.8 * ALUMINIUM.lame_lambda, "lame_mu": 1.2 * ALUMINIUM.lame_mu,
    "density": ALUMINIUM.density, "unknowns": ["lambda", "mu"], "network": "hole_waves", "hidden_layers": [10, 10],
    "activation": "sin", "input_frequency": 12.0, "precision": "float64", "stages": ["full_waveform"], "steps": 6,
    "ridge": 1e4, "interior_points": 10, "boundary_points": 40, "initial_points": 30, "validation_points": 20,
    "log_level": "error",
}  # fmt: skip
WRONG = {
    "a hole that is 5 % wider": {"holes": [[0.026, 0.009, 0.00315]]},
    "a force that is 3 % less": {"sources": [LOAD | {"force": [0.0, -970.0]}]},
    "a hole that is left out": {"holes": []},
    "a side that is fixed": {"sides": ["free", "free", "fixed", "free"]},
}


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    """The recording, by other elements, with 1 % of noise, as a file."""
    path, records = tmp_path_factory.mktemp("records") / "noisy.h5", ep.Receivers.load(RECORDED)
    noise = 0.01 * float(np.abs(records.displacement).max())
    displacement = records.displacement + noise * np.random.default_rng(0).standard_normal(records.displacement.shape)
    replace(records, displacement=displacement, noise=noise).save(path)
    return path


def found(noisy, **changes):
    """What a search ends with."""
    config = ep.Config(**PLATE | changes, data=str(noisy))
    session = Session(config, ep.problem_from(config))
    while not session.is_over:
        session.advance()
    return assess(session.trained())


def test_lambda_and_mu_of_the_plate_are_found_with_errors_that_cover_the_truth(noisy):
    fit = found(noisy)
    assert fit.verdict in ("holds", "widened"), fit.reason
    for name, true, bound in (("lambda", ALUMINIUM.lame_lambda, 2e-3), ("mu", ALUMINIUM.lame_mu, 6e-4)):
        assert abs(fit.values[name] - true) < 3.0 * fit.plus_minus[name] < 3.0 * bound * true


@pytest.mark.parametrize("what", WRONG)
def test_no_error_is_given_where_the_plate_is_stated_wrongly(noisy, what):
    fit = found(noisy, **WRONG[what])
    assert fit.verdict == "withheld" and fit.plus_minus == {}
