"""Amplitude and origin time of a source of known shape are found with the material, by what receivers record."""

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.training.assessment.evidence import evidence_of
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.assessment.linearised_waveforms import LinearisedWaveforms
from elastic_pinn.training.source_fit import SourceFit
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

LATE, FACTOR = 1.3e-6, 0.7  # later than stated, and so many times as strong
BOTH = {"unknowns": ["amplitude", "origin_time"]}
NOISES = 6


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Coarser elements and fewer time steps."""
    quicken(monkeypatch)


def acting(factor=FACTOR, late=LATE):
    """A load of known pulse that acts later than 10 us, the center of LOAD."""
    return LOAD | {"force": [0.0, factor * LOAD["force"][1]], "delay": 10e-6 + late}


@pytest.fixture
def clean(tmp_path):
    return with_noise_stated(recorded(tmp_path / "clean.h5", acting()))


def bound(path, noise, unknowns):
    """The Cramer-Rao bound of lambda and mu (Pa) and unknowns of the source, by central differences of the records of
    known loads."""
    step = 1e-3
    names = {"lambda": "lame_lambda", "mu": "lame_mu"}
    columns = [
        (recorded(path, acting(), **{names[name]: (1 + step) * value})
         - recorded(path, acting(), **{names[name]: (1 - step) * value})) / (2 * step * value)
        for name, value in TRUE.items()
    ]  # fmt: skip
    of_source = {
        "amplitude": recorded(path, acting()) / FACTOR,
        "origin_time": (recorded(path, acting(late=LATE + 1e-9)) - recorded(path, acting(late=LATE - 1e-9))) / 2e-9,
    }
    jacobian = np.stack([each.ravel() for each in (*columns, *(of_source[name] for name in unknowns))], axis=1)
    sizes = np.linalg.norm(jacobian, axis=0)
    return noise * np.sqrt(np.diag(np.linalg.inv((jacobian / sizes).T @ (jacobian / sizes)))) / sizes


@pytest.mark.slow
@pytest.mark.parametrize("unknowns", [["amplitude"], ["origin_time"], ["amplitude", "origin_time"]], ids="-".join)
def test_material_and_source_are_found_within_errors_that_count_both(tmp_path, unknowns):
    known = acting(1.0 if "amplitude" in unknowns else FACTOR, 0.0 if "origin_time" in unknowns else LATE)
    true = TRUE | {name: {"amplitude": FACTOR, "origin_time": LATE}[name] for name in unknowns}
    clean = with_noise_stated(recorded(tmp_path / "clean.h5", acting()))
    scores = []
    for seed in range(NOISES):
        session = searched(noisy(clean, tmp_path / "noisy.h5", seed), known | {"unknowns": unknowns})
        fit = assess(session.trained())
        assert session.converged and fit.verdict in ("holds", "widened"), fit.reason
        found = {**fit.values, **fit.calibration}
        errors = {**fit.plus_minus, **fit.calibration_plus_minus}
        scores.append([(found[name] - value) / errors[name] for name, value in true.items()])
    assert np.abs(scores).max() < 3.5
    assert 0.5 < np.sqrt(np.mean(np.square(scores))) < 1.5
    assert len(fit.correlations) == len(true) * (len(true) - 1) // 2 and fit.wavelet["time"]
    least = bound(tmp_path / "known.h5", clean.noise, unknowns)
    for name, at_least in zip(true, least, strict=True):
        assert 0.93 * at_least < errors[name] < 1.5 * at_least, "what coarser elements change is part of it"


@pytest.mark.slow
def test_a_run_predicts_the_waves_of_the_source_that_was_found(clean, tmp_path):
    config = ep.Config(**CONFIG | {"sources": [acting(1.0, 0.0) | BOTH]}, data=noisy(clean, tmp_path / "noisy.h5"))
    run = ep.train(config, tmp_path / "run")
    x, y = clean.xy.T[:, :, None]  # each (R, 1)
    found = run.predict(x, y, clean.time)  # by elements: the ridge leaves no network
    assert np.linalg.norm(found - clean.displacement) < 0.05 * np.linalg.norm(clean.displacement)
    time, strength, error = (np.array(run.fit.wavelet[name]) for name in ("time", "strength", "plus_minus"))
    true = FACTOR * ep.Ricker(100e3, 10e-6 + LATE)(torch.from_numpy(time)).numpy()
    assert np.abs(true).max() > 0.99 * FACTOR and (np.abs(strength - true) < 3.0 * error + 1e-3).all()
    found, stated = ep.figures.wavelet(run, ep.Ricker(100e3, 10e-6)).axes[0].lines
    np.testing.assert_allclose(found.get_ydata(), strength)
    assert stated.get_ydata().max() > 0.99


@pytest.mark.slow
def test_an_origin_time_beyond_its_range_has_no_error(clean, tmp_path):
    source = acting(1.0, -2e-6) | BOTH | {"origin_within": 2e-6}
    fit = assess(searched(noisy(clean, tmp_path / "noisy.h5"), source, steps=1).trained())
    assert fit.verdict == "withheld" and "origin time is at the edge of its range, -2e-06 to 2e-06 s" in fit.reason
    assert not fit.calibration_plus_minus and "origin_within" in str(fit.remedies)


def test_what_cannot_be_found_beside_a_source_is_refused(clean, tmp_path):
    data = noisy(clean, tmp_path / "noisy.h5")
    with pytest.raises(ep.ConfigError, match=r"amplitude or origin time is unknown, which .'full_waveform'. alone"):
        searched(data, acting() | BOTH, stages=["variable_projection"])
    with pytest.raises(ep.ConfigError, match="lambda, mu and rho cannot all be found"):
        searched(data, acting() | {"unknowns": ["amplitude"]}, unknowns=["lambda", "mu", "rho"])
    with pytest.raises(ep.ConfigError, match="only thing that acts"):
        searched(data, acting() | BOTH, sources=[acting() | BOTH, LOAD | {"at": [0.012, 0.01]}])
    for entry, why in (
        ({"pulse": "unknown", "unknowns": ["amplitude"]}, "part of an 'unknown' pulse"),
        ({"unknowns": ["amplitude"], "origin_within": 1e-6}, "add 'origin_time' to unknowns"),
    ):
        with pytest.raises(ep.ConfigError, match=why):
            searched(data, LOAD | entry)


@pytest.mark.slow
def test_all_constants_are_found_where_the_amplitude_is_known(clean, tmp_path):
    source, searched_for = acting(late=0.0) | {"unknowns": ["origin_time"]}, ["lambda", "mu", "rho"]
    fit = assess(searched(noisy(clean, tmp_path / "noisy.h5"), source, unknowns=searched_for).trained())
    assert abs(fit.values["rho"] - CONFIG["density"]) < 3.0 * fit.plus_minus["rho"] < 0.1 * CONFIG["density"]
    assert abs(fit.correlations["rho and origin_time"]) < 1.0


@pytest.mark.slow
def test_known_density_is_counted_in_an_amplitude_and_its_wavelet(clean, tmp_path):
    source = acting(1.0, LATE) | {"unknowns": ["amplitude"]}
    data = noisy(clean, tmp_path / "noisy.h5")
    without, with_it = (
        assess(searched(data, source, density_plus_minus=each).trained()) for each in (0.0, 0.1 * CONFIG["density"])
    )
    squares = (with_it.calibration_plus_minus["amplitude"] ** 2, without.calibration_plus_minus["amplitude"] ** 2)
    assert squares[0] - squares[1] == pytest.approx((0.1 * without.calibration["amplitude"]) ** 2, rel=1e-6)
    assert with_it.correlations["mu and amplitude"] > 0.9
    strength, more, less = (
        np.array(each)
        for each in (without.wavelet["strength"], *(fit.wavelet["plus_minus"] for fit in (with_it, without)))
    )
    assert more**2 - less**2 == pytest.approx((0.1 * strength) ** 2, rel=1e-6, abs=1e-9)
    told = ("so are lambda, mu and the source's strength", "for the records' gain as given, taken as exact")
    assert "which ± counts" not in without.text and all(each in with_it.text for each in told)


@pytest.mark.parametrize("unknowns", [["amplitude"], ["origin_time"], ["amplitude", "origin_time"]], ids="-".join)
def test_the_best_of_all_origin_times_is_found_where_some_reach_no_receiver(unknowns):
    t, late, factor = torch.linspace(0.0, 6.0, 300, dtype=torch.float64), 0.0, 1.0
    if "origin_time" in unknowns:
        late = -1.937
    if "amplitude" in unknowns:
        factor = -2.5
    pulse = ep.KnownShape(ep.Ricker(2.0, 5.0), unknowns, 3.0 if late else 0.0)
    columns = torch.stack([pulse(t - delay) * (t < 6.0) for delay in pulse.delays(6.0)], dim=1)
    target = factor * pulse.pulse(t - late) * (t < 6.0)
    fit = SourceFit.of(columns, target, pulse)
    expected = {"amplitude": factor, "origin_time": late}
    assert fit.numbers == {name: pytest.approx(expected[name], rel=1e-4) for name in unknowns} and not fit.edge
    assert (fit.waveforms(columns) - target).abs().max() < 1e-4
    silent = SourceFit.of(0.0 * columns, target, pulse)
    assert silent.coefficients.isfinite().all() and silent.span.isfinite().all()


def test_delayed_pulses_make_up_one_at_any_origin_time():
    from elastic_pinn.training.origin_time import interpolation

    t = torch.linspace(0.0, 6.0, 700, dtype=torch.float64)
    for pulse in (ep.Ricker(1.0, 3.0), ep.Gaussian(0.2, 3.0), ep.ToneBurst(1.0, 3.0, 1.5)):
        sought = ep.KnownShape(pulse, ("origin_time",), 0.7)
        delays = sought.delays(6.0)
        delayed = torch.stack([sought(t - delay) for delay in delays], dim=1)
        for late in (-0.7, -0.31, 0.0, 0.123, 0.7):
            here, rate = interpolation(sought, sought.lead + late, len(delays))
            assert (delayed @ here - pulse(t - late)).abs().max() < 2e-4
            assert (delayed @ rate + pulse.rate(t - late)).abs().max() < 4e-3 * pulse.rate(t).abs().max()


@pytest.mark.slow
@torch.no_grad()
def test_an_error_that_the_source_compensates_is_no_reason_for_misfits(clean, tmp_path):
    session = searched(noisy(clean, tmp_path / "noisy.h5"), LOAD | {"unknowns": ["amplitude"]}, steps=1)
    trained = session.trained()
    errors = evidence_of(trained, LinearisedWaveforms(trained), lambda part: None).common_errors
    size, *others = (each.score for each in errors)
    assert size == 0.0 and np.isfinite(others).all() and max(others) > 0.0


def test_a_small_range_of_an_origin_time_is_no_edge_of_itself():
    pulse = ep.KnownShape(ep.Ricker(1e5, 1e-5), ["origin_time"], 1e-7)
    times = torch.linspace(0.0, 4e-5, 400, dtype=torch.float64)
    columns = torch.stack([pulse(times - delay) for delay in pulse.delays(4e-5)], dim=1)
    inside, beyond = (SourceFit.of(columns, pulse.pulse(times - late), pulse) for late in (3e-8, 3e-7))
    assert inside.numbers["origin_time"] == pytest.approx(3e-8, abs=1e-10) and inside.edge == ""
    assert beyond.edge == "-1e-07 to 1e-07 s"


def test_a_pulse_that_may_begin_before_the_window_is_one_of_it():
    load = LOAD | {"delay": 1e-5, "unknowns": ["origin_time"], "origin_within": 5e-5}
    problem = ep.problem_from(ep.Config(**CONFIG | {"sources": [load], "unknowns": [], "duration": 1e-4}))
    assert problem.domain.t[0] < -4e-5
