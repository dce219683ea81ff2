"""The wavefield's standard deviation is what it scatters by where receivers see it, and exceeds it where none does."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.training.optimizers import registry
from elastic_pinn.training.session import Session

RUNS = 50
NOISE = 1e-3
WAVES = {
    "network": "plane_waves",
    "hidden_layers": [40],
    "activation": "sin",
    "precision": "float64",
    "input_frequency": 6.0,
    "stages": ["last_layer"],
    "steps": 1,
    "ridge": 1e-6,
    "validation_fraction": 0.0,
}
TIMES = np.linspace(0.0, 1.0, 11)
XY = 0.3 * np.random.default_rng(0).random((20, 2))  # in a corner of the window
SEEN = (0.15, 0.2, 0.5)  # x, y, t amid the receivers
UNSEEN = (0.9, 0.8, 0.5)  # where none is
SOLID = {"lambda": 2.0, "mu": 1.0, "rho": 1.0}


@pytest.fixture
def problem(waves):
    """A function that gives the problem of records in a corner, with some of its parts changed."""

    def make(displacement, noise=NOISE, **changes):
        receivers = ep.Receivers(XY, TIMES, displacement, noise, SOLID, frozenset())
        parts = {"boundary": (), "initial": None, "exact": None, "displacement_scale": 1.0}
        return waves(**parts | {"receivers": receivers} | changes)

    return make


def fitted(config, problem):
    """The model that explains the records best."""
    session = Session(config, problem)
    session.advance()
    return session.model


@pytest.fixture
def records(tiny, problem):
    """The model of a wavefield of the waves' own kind, and what it brings to the receivers without noise."""
    true = fitted(tiny(**WAVES), problem(np.random.default_rng(1).standard_normal((20, 11, 2))))
    return true, true.predict(*XY.T[:, :, None], TIMES)


def test_the_standard_deviation_is_what_the_wavefield_scatters_by_where_receivers_see_it(
    tiny, problem, records, tmp_path
):
    _, clean = records
    noises = NOISE * np.random.default_rng(2).standard_normal((RUNS, *clean.shape))
    run = ep.train(tiny(**WAVES), tmp_path, problem(clean + noises[0]))
    predicted = ep.WavefieldUncertainty(run.latest(), problem(clean + noises[0])).std(*SEEN)
    scatter = np.std([fitted(run.config, problem(clean + noise)).predict(*SEEN) for noise in noises], axis=0, ddof=1)
    assert predicted == pytest.approx(scatter, rel=4 / math.sqrt(2 * RUNS))
    assert (predicted < NOISE).all(), "220 samples tell more than one"


MANY = WAVES | {"hidden_layers": [300], "input_frequency": 8.0}


def s_wave(x, y, t):
    """A plane S wave of speed sqrt(mu / rho) = 1 and amplitude 1, (N, 2)."""
    phase = 8.0 * (0.6 * x + 0.8 * y - t)
    return torch.stack([-0.8 * torch.sin(phase), 0.6 * torch.sin(phase)], dim=1)


@pytest.fixture
def of_s_wave(problem):
    """A function that gives the problem of what the receivers record of an S wave, with some of its parts changed."""
    points = [torch.from_numpy(np.broadcast_to(a, (20, 11)).reshape(-1)) for a in (*XY.T[:, :, None], TIMES)]
    noise = NOISE * np.random.default_rng(3).standard_normal((20, 11, 2))
    return lambda **changes: problem(s_wave(*points).numpy().reshape(20, 11, 2) + noise, **changes)


def test_where_no_receiver_sees_it_the_standard_deviation_exceeds_the_field_and_tells_its_error(
    tiny, of_s_wave, tmp_path
):
    run = ep.train(tiny(**MANY), tmp_path, of_s_wave())
    std = ep.WavefieldUncertainty(run.latest(), of_s_wave()).std(*UNSEEN)
    true = s_wave(*(torch.tensor([value]) for value in UNSEEN)).numpy()[0]
    error = run.predict(*UNSEEN) - true
    assert (std > 1.0).all(), "a wave of amplitude 1 is all that there is"
    assert np.abs(error).max() > 1.0, "and the field drawn there is none of it"
    assert (np.abs(error) < 4 * std).all()


def test_a_known_start_counts_and_what_is_unknown_of_the_material_adds(tiny, of_s_wave, tmp_path):
    def std(name, at, **changes):
        asked = of_s_wave(**changes)
        run = ep.train(tiny(**MANY | {"initial_points": 100}), tmp_path / name, asked)
        return ep.WavefieldUncertainty(run.latest(), asked).std(*at)

    early = (*UNSEEN[:2], 0.05)
    assert (std("without", early) > 1.0).all()
    assert (std("start", early, initial=ep.Initial.of(s_wave)) < 0.02).all()
    unknown = ep.Material(2.0, 1.0, 1.0, unknowns=("lambda", "mu"))
    known, found = std("known", SEEN), std("found", SEEN, material=unknown)
    assert (found > 1.001 * known).all()


def test_many_places_and_instants_broadcast_and_are_those_of_each_alone(tiny, of_s_wave, tmp_path):
    run = ep.train(tiny(**WAVES), tmp_path, of_s_wave())
    uncertainty = ep.WavefieldUncertainty(run.latest(), of_s_wave())
    x, t = np.linspace(0.1, 0.9, 30)[:, None], np.linspace(0.0, 1.0, 50)
    found = uncertainty.std(x, 0.4, t)
    assert found.shape == (30, 50, 2)
    for i, j in ((0, 0), (29, 49), (12, 7)):
        np.testing.assert_allclose(found[i, j], uncertainty.std(x[i, 0], 0.4, t[j]), rtol=1e-9)
    assert uncertainty.std(np.zeros(0), 0.0, 0.0).shape == (0, 2)


def test_misfits_beyond_the_noise_widen_it_and_are_told(tiny, records, problem, tmp_path):
    _, clean = records
    drawn = np.random.default_rng(4).standard_normal(clean.shape)

    def of_noise(size):
        asked = problem(clean + size * drawn)
        return ep.WavefieldUncertainty(ep.train(tiny(**WAVES), tmp_path / str(size), asked).latest(), asked)

    usual, off = of_noise(NOISE), of_noise(100 * NOISE)
    assert not usual.fault and usual.misfit == pytest.approx(1.0, rel=0.1)
    assert off.misfit == pytest.approx(100.0, rel=0.1)
    assert off.fault == f"the data are not explained, misfit {off.misfit:.3g} times the noise"
    assert off.std(*SEEN) == pytest.approx(off.misfit * usual.std(*SEEN), rel=0.01)


def test_a_known_start_that_the_waves_miss_counts_as_not_explained(tiny, records, problem, tmp_path):
    _, clean = records

    def elsewhere(x, y, t):
        return 0.5 + s_wave(x, y, t)

    asked = problem(clean, initial=ep.Initial.of(elsewhere))
    config = tiny(**WAVES | {"weight_initial": 1e-6, "initial_points": 50})
    uncertainty = ep.WavefieldUncertainty(ep.train(config, tmp_path, asked).latest(), asked)
    assert uncertainty.fault.startswith("equation or known start are missed by ")


def test_a_fit_that_could_meet_any_data_is_told(tiny, of_s_wave, tmp_path):
    config = tiny(**MANY | {"hidden_layers": [600], "input_frequency": 30.0})
    uncertainty = ep.WavefieldUncertainty(ep.train(config, tmp_path, of_s_wave()).latest(), of_s_wave())
    assert uncertainty.samples == 440 and uncertainty.degrees < 22
    assert uncertainty.fault.startswith("the fit could meet any data: 440 samples leave ")


def refused(tiny, problem, folder, **changes):
    run = ep.train(tiny(**WAVES | changes), folder, problem)
    with pytest.raises(ep.UncertaintyError) as caught:
        ep.WavefieldUncertainty(run.latest(), problem)
    return str(caught.value)


def test_what_has_no_standard_deviation_is_refused_with_the_reason(tiny, of_s_wave, waves, tmp_path, monkeypatch):
    assert "no receivers" in refused(tiny, waves(), tmp_path / "forward")
    silent = of_s_wave()
    silent = replace(silent, receivers=replace(silent.receivers, noise=0.0))
    assert "noise is neither stated nor" in refused(tiny, silent, tmp_path / "silent")
    start = ep.Initial.of(s_wave)
    assert "weight_data is 0" in refused(tiny, of_s_wave(initial=start), tmp_path / "unweighted", weight_data=0.0)
    run = ep.train(tiny(**WAVES | {"stages": ["adam"]}), tmp_path / "large", of_s_wave())
    monkeypatch.setattr(registry, "MOST_FACTORED", 1000)
    with pytest.raises(ep.UncertaintyError, match="480 misfits and 40 amplitudes is too large to factor"):
        ep.WavefieldUncertainty(run.latest(), of_s_wave())


@pytest.mark.slow
def test_unknowns_that_the_data_do_not_tell_apart_are_refused(tiny, of_s_wave, tmp_path):
    unknown = ep.Material(2.0, 1.0, 1.0, unknowns=("lambda", "mu"))
    untrained = {"stages": ["variable_projection"], "hidden_layers": [1]}  # one wave, of P: mu and lambda act alike
    assert "do not tell lambda and mu apart" in refused(tiny, of_s_wave(material=unknown), tmp_path, **untrained)


def test_the_wavefield_of_several_materials_has_its_standard_deviation_in_each(waves, tiny, tmp_path):
    """Receivers see the lower half alone: what they leave open in the upper one is larger."""
    xy = np.random.default_rng(3).random((20, 2)) * [1.0, 0.5]
    seen = waves().exact(*(torch.from_numpy(np.broadcast_to(a, (20, 11)).copy()) for a in (*xy.T[:, :, None], TIMES)))
    noise = NOISE * np.random.default_rng(4).standard_normal((20, 11, 2))
    upper = ep.Inclusion(ep.Rectangle((0.0, 1.0), (0.5, 1.0)), ep.Material(2.0, 1.0, 1.0))
    problem = waves(
        boundary=(), initial=None, exact=None, inclusions=[upper], displacement_scale=1.0,
        receivers=ep.Receivers(xy, TIMES, seen.numpy() + noise, NOISE),
    )  # fmt: skip
    run = ep.train(tiny(**WAVES | {"interface_points": 40}), tmp_path, problem)
    below, above = ep.WavefieldUncertainty(run.latest(), problem).std(0.4, [0.2, 0.8], 0.5)
    assert 0 < below.max() < above.min() < np.inf
