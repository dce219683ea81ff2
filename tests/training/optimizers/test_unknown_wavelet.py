"""The wavelet of a source that is unknown is found with the material, by what receivers record in a small plate."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.assessment.linearised_waveforms import LinearisedWaveforms
from elastic_pinn.training.session import Session
from elastic_pinn.training.waveforms import Waveforms
from tests.training.optimizers.recorded_plate import (
    CONFIG,
    LOAD,
    NOISE,
    RICKER,
    TRUE,
    bound_beside_wavelet,
    noisy,
    quicken,
    recorded,
    searched,
    with_noise_stated,
)

NOISES = 400
UNKNOWN = LOAD | {"pulse": "unknown"}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Coarser elements and fewer time steps."""
    quicken(monkeypatch)


@pytest.fixture
def clean(tmp_path):
    """What elements record of a load with a Ricker pulse."""
    return with_noise_stated(recorded(tmp_path / "clean.h5"))


@pytest.mark.slow
def test_material_and_wavelet_are_found_with_errors_that_count_the_source_as_unknown(clean, tmp_path):
    session = searched(noisy(clean, tmp_path / "noisy.h5"), UNKNOWN)
    fit = assess(session.trained())
    assert session.converged and fit.verdict in ("holds", "widened"), fit.reason
    for name, true in TRUE.items():
        assert abs(fit.values[name] - true) < 3.0 * fit.plus_minus[name] < 0.3 * true
    assert fit.effective_parameters == pytest.approx(2 + fit.amplitudes) and fit.amplitudes > 10
    bound = bound_beside_wavelet(session, clean.noise)
    for name, least in zip(TRUE, bound, strict=True):
        assert 0.95 * least < fit.plus_minus[name] < 1.5 * least, "what coarser elements change is part of it"
    time, strength, error = (np.array(fit.wavelet[name]) for name in ("time", "strength", "plus_minus"))
    true = RICKER(torch.from_numpy(time)).numpy()
    assert time[-1] > 16e-6 and np.abs(true).max() > 0.95
    assert ((strength - true) / error)[error < 0.2].std() < 1.5


@pytest.mark.slow
@torch.no_grad()
def test_errors_of_the_wavelet_are_its_spread_over_noises(clean, tmp_path):
    # The wavelets of few noises scatter otherwise by chance: the amplitudes of neighbours in time are correlated.
    true = {"lame_lambda": TRUE["lambda"], "lame_mu": TRUE["mu"]}
    clean.save(tmp_path / "clean.h5")
    config = ep.Config(**CONFIG | true | {"sources": [UNKNOWN]}, data=str(tmp_path / "clean.h5"))
    session = Session(config, ep.problem_from(config))
    linear = LinearisedWaveforms(session.trained())
    nothing = linear.source.coefficients[:, None][:, :0]
    stated = linear.wavelets(NOISE, nothing, nothing)[0]
    # Errors beside the noise add up in squares, and of doubts the one that moves an instant most counts.
    both = torch.eye(len(nothing), 2, dtype=torch.float64)
    one, other = (np.array(linear.wavelets(0.0, each, nothing)[0]["plus_minus"]) for each in (both[:, :1], both[:, 1:]))
    np.testing.assert_allclose(linear.wavelets(0.0, both, nothing)[0]["plus_minus"], np.hypot(one, other))
    np.testing.assert_allclose(linear.wavelets(0.0, nothing, both)[0]["plus_minus"], np.maximum(one, other))
    waveforms = Waveforms(session.problem, config, session.model, session.sampler.batches)
    columns, delays = waveforms.columns(waveforms.corrected()), waveforms.delays[0]
    effects = waveforms.effects(waveforms.fit_of(columns).coefficients)
    sizes = effects.norm(dim=0) / columns.norm(dim=0).max()
    both = torch.cat([columns, effects / sizes], dim=1)  # all that fits the noise, in one least squares
    noises = NOISE * torch.randn(len(both), NOISES, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = np.linalg.lstsq(both.numpy(), noises.numpy(), rcond=1e-4)[0][: len(delays)]  # (K, noises)
    since = torch.tensor(stated["time"])[:, None] - delays
    spread = (ep.UnknownWavelet(LOAD["frequency"])(since).numpy() @ found).std(axis=1)
    seen = stated["time"][-1] > 20e-6 and len(spread) > 70
    assert seen and np.abs(spread / stated["plus_minus"] - 1.0).max() < 0.15  # three standard deviations of the spread


@pytest.mark.slow
def test_a_run_predicts_the_sum_of_the_waves_of_all_pulses(clean, tmp_path):
    fields = CONFIG | {"sources": [UNKNOWN], "steps": 1, "ridge": 1e-3}  # with which the network takes part
    run = ep.train(ep.Config(**fields, data=noisy(clean, tmp_path / "noisy.h5")), tmp_path / "run")
    model, (delays, coefficients), late = run.latest().model(of_one_pulse=True), run.latest().wavelet, 24e-6
    pulses = [model.predict(0.004, 0.01, late - delay) for delay in delays if delay <= late + 6e-6]
    expected = sum(c * u for c, u in zip(coefficients, pulses, strict=False))
    assert np.abs(expected).max() > 0.0
    np.testing.assert_allclose(run.predict(0.004, 0.01, late), expected)
    first = coefficients[0] * model.predict(0.004, 0.01, -6e-6 + 0.5 * delays[1])
    np.testing.assert_allclose(run.predict(0.004, 0.01, -6e-6 + 0.5 * delays[1]), first)
    np.testing.assert_allclose(run.latest().model().predict(0.004, 0.01, late), expected)  # as maps and films are
    with pytest.raises(ValueError, match="wavelet of the source was unknown"):
        ep.figures.energy(run)
    (axes,) = ep.figures.wavelet(run, RICKER).axes
    found, stated = axes.lines
    np.testing.assert_allclose(found.get_ydata(), run.fit.wavelet["strength"])
    assert stated.get_ydata().max() > 0.9 and axes.get_xlabel() == "t (µs)"
    with pytest.raises(ValueError, match="no wavelet was unknown"):
        ep.figures.wavelet(run.latest())


@pytest.mark.slow
def test_a_wavelet_is_as_fine_as_the_records_need_where_no_frequency_is_given(clean, tmp_path):
    free = {name: value for name, value in UNKNOWN.items() if name != "frequency"}
    session = searched(noisy(clean, tmp_path / "noisy.h5"), free)
    fit = assess(session.trained())
    assert session.problem.sources[0].pulse.frequency == pytest.approx(RICKER.frequency, rel=0.2)
    assert fit.verdict in ("holds", "widened"), fit.reason
    assert all(abs(fit.values[name] - true) < 3.0 * fit.plus_minus[name] for name, true in TRUE.items())
    with pytest.raises(ep.ConfigError, match=r"sources.0..frequency is missing: without data"):
        ep.problem_from(ep.Config(**CONFIG | {"sources": [free], "unknowns": []}))
    nothing = replace(clean, displacement=1e-9 * clean.displacement)
    with pytest.raises(ep.ConfigError, match=r"frequency is missing, and does not follow from data: .* but noise"):
        searched(noisy(nothing, tmp_path / "nothing.h5"), free)


def test_what_cannot_find_a_wavelet_is_refused(clean, tmp_path):
    data = noisy(clean, tmp_path / "noisy.h5")
    with pytest.raises(ep.ConfigError, match=r"wavelet is unknown, which .'full_waveform'. alone finds"):
        searched(data, UNKNOWN, stages=["variable_projection"])
    with pytest.raises(ep.ConfigError, match="lambda, mu and rho cannot all be found"):
        searched(data, UNKNOWN, unknowns=["lambda", "mu", "rho"])
    with pytest.raises(ep.ConfigError, match=r"only thing that acts.* here are 2 sources"):
        searched(data, UNKNOWN, sources=[UNKNOWN, LOAD | {"at": [0.012, 0.01]}])


def test_a_sum_of_its_gaussians_is_a_ricker_pulse_to_a_thousandth():
    unknown, ricker = ep.UnknownWavelet(1.0, 0.0), ep.Ricker(1.0, 1.5)
    t = torch.linspace(0.0, 3.0, 400, dtype=torch.float64)
    gaussians = torch.stack([unknown(t - k * unknown.width) for k in range(-3, 24)], dim=1)
    found = gaussians @ torch.linalg.lstsq(gaussians, ricker(t)[:, None]).solution[:, 0]
    assert (found - ricker(t)).abs().max() < 2e-3
