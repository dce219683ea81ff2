"""Full-waveform inversion for the materials of a plate's parts, from records on its sides."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.error_estimate import CORRECTED, resolution
from elastic_pinn.physics.media.material import ALUMINIUM
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.session import Session
from elastic_pinn.training.waveforms import Waveforms
from tests.plates import PLATE

pytestmark = pytest.mark.slow

AROUND = {"lame_lambda": ALUMINIUM.lame_lambda, "lame_mu": ALUMINIUM.lame_mu, "density": ALUMINIUM.density}
LAYER = {"lame_lambda": 2.0e10, "lame_mu": 1.2e10, "density": 2000.0}
PLACE = {"x": [0.0, 0.02], "y": [0.007, 0.01]}
TRUE = {"lambda_1": 5.76e10, "mu_1": 2.6e10, "lambda_2": 2.0e10, "mu_2": 1.2e10}
STARTS = {
    "near": ({"lame_lambda": 1.1, "lame_mu": 0.9}, {"lame_lambda": 0.9, "lame_mu": 1.1}),
    "far": ({"lame_lambda": 0.4, "lame_mu": 0.4}, {"lame_lambda": 2.5, "lame_mu": 2.5}),
}  # factors
CONFIG = PLATE | AROUND | {
    "holes": [], "sides": ["absorbing", "absorbing", "absorbing", "free"], "duration": 20e-6,
    "network": "mlp", "hidden_layers": [1], "precision": "float64", "stages": ["full_waveform"], "steps": 8,
    "ridge": 1e4, "interior_points": 10, "boundary_points": 40, "initial_points": 30, "interface_points": 10,
    "validation_points": 20, "validation_fraction": 0.0, "log_level": "error", "checkpoint_every": 0,
}  # fmt: skip
CONFIG.pop("material")
NOISE = 0.04  # of the peak
NOISES = 6


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Coarser elements."""
    monkeypatch.setattr(resolution, "A_WAVE", 2.0)
    monkeypatch.setattr(resolution, "PIECES", 6)


def of_start(name):
    around, inside = STARTS[name]
    found = {field: factor * AROUND[field] for field, factor in around.items()}
    layer = LAYER | {field: factor * LAYER[field] for field, factor in inside.items()}
    return found | {"inclusions": [PLACE | layer | {"unknowns": ["lambda", "mu"]}], "unknowns": ["lambda", "mu"]}


@pytest.fixture
@torch.no_grad()
def clean(tmp_path):
    """What elements record on the free side, (R, T, 2)."""
    xy = np.stack([np.linspace(0.002, 0.018, 9), np.full(9, 0.01)], axis=1)
    times, path = np.linspace(0.0, CONFIG["duration"], 61), tmp_path / "clean.h5"
    shape = (len(xy), len(times), 2)
    ep.Receivers(xy, times, np.random.default_rng(0).standard_normal(shape), noise=1.0).save(path)
    layer = PLACE | LAYER | {"unknowns": ["mu"]}
    config = ep.Config(**CONFIG | {"inclusions": [layer]}, data=str(path))
    problem = ep.problem_from(config)
    session = Session(config, problem)
    waveforms = Waveforms(problem, config, session.model, session.sampler.batches)
    found = problem.recorded.quantity.scale(problem.scales) * waveforms.by_elements(CORRECTED)[:, 0].numpy()
    points = problem.scales.in_si(waveforms.samples.points).numpy()  # back into the order of the records
    rows = [int(np.abs(xy - at).sum(1).argmin()) for at in points[:, :2]]
    frames = np.rint(points[:, 2] / times[1]).astype(int)
    displacement = np.zeros(shape)
    displacement[rows, frames] = found.reshape(-1, 2)
    return ep.Receivers(xy, times, displacement, noise=NOISE * float(np.abs(displacement).max()))


def searched(clean, path, start, seed=0, **changes):
    noise = clean.noise * np.random.default_rng(seed).standard_normal(clean.displacement.shape)
    replace(clean, displacement=clean.displacement + noise).save(path)
    config = ep.Config(**CONFIG | of_start(start) | changes, data=str(path))
    session = Session(config, ep.problem_from(config))
    while not session.is_over:
        session.advance()
    return assess(session.trained())


def test_the_errors_of_two_materials_are_what_noises_make_of_them(clean, tmp_path):
    fits = [searched(clean, tmp_path / "noisy.h5", "near", seed) for seed in range(NOISES)]
    assert all(fit.verdict in ("holds", "widened") for fit in fits), [fit.reason for fit in fits]
    off = np.array([[(fit.values[name] - true) / fit.plus_minus[name] for name, true in TRUE.items()] for fit in fits])
    assert np.abs(off).max() < 3.5
    # Of 24 numbers, of which those of one noise are correlated.
    assert 0.5 < np.sqrt((off**2).mean()) < 1.6
    assert all(fit.plus_minus[name] < 0.2 * true for fit in fits for name, true in TRUE.items())


def test_a_search_may_begin_below_a_frequency(clean, tmp_path):
    fit = searched(clean, tmp_path / "noisy.h5", "far", frequency_continuation=[40e3, 70e3])
    assert fit.verdict in ("holds", "widened"), fit.reason
    for name, true in TRUE.items():
        assert abs(fit.values[name] - true) < 3.5 * fit.plus_minus[name]


@torch.no_grad()
def test_below_a_frequency_elements_are_as_coarse_as_it_allows(clean, tmp_path):
    clean.save(tmp_path / "clean.h5")
    config = ep.Config(**CONFIG | of_start("near"), data=str(tmp_path / "clean.h5"))
    problem = ep.problem_from(config)
    session = Session(config, problem)
    waveforms = Waveforms(problem, config, session.model, session.sampler.batches)
    below, one = waveforms.below(60e3), torch.ones(1, dtype=torch.float64)
    columns = below.by_elements()
    whole = waveforms.low_pass(60e3)(waveforms.by_elements(CORRECTED))
    assert (columns - whole).norm() < 0.05 * whole.norm()
    effects, of_whole = below.effects(one), waveforms.low_pass(60e3)(waveforms.effects(one))
    assert ((effects - of_whole).norm(dim=0) < 0.1 * of_whole.norm(dim=0)).all()
    counts = [each._elements.count for each in waveforms.shots[0]._by_model._by_resolution.values()]
    assert counts[0] < 0.7 * counts[1]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"frequency_continuation": [7e4, 4e4]}, "each has to be above the one before"),
        ({"frequency_continuation": [4e4], "stages": ["last_layer"]}, "of full_waveform alone, which stages lacks"),
    ],
)
def test_frequencies_that_do_not_rise_or_that_nothing_uses_are_refused(fields, fault):
    with pytest.raises(ep.ConfigError, match=fault):
        ep.Config(**CONFIG | fields)
