"""Several shots in one solid, with receivers, noise and wavelet of their own: what all of them tell of it together."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.error_estimate import resolution
from elastic_pinn.physics.data import noise_of
from elastic_pinn.physics.media.material import ALUMINIUM
from elastic_pinn.physics.solutions import PlaneWave
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.assessment.linearised_waveforms import LinearisedWaveforms
from elastic_pinn.training.session import Session
from tests.plates import PLATE
from tests.training.optimizers.recorded_shots import LEFT, PLACES, PULSES, RIGHT, clean, empty, noisy, plate
from tests.training.walled import CONFIG, TIMES, TRUE, errors, found, problem_of, recorded

WAVE = PlaneWave("s", *TRUE.values(), angle=0.6, wavelength=1.3, amplitude=0.3)
FEW = {name: each for name, each in CONFIG.items() if name != "problem"}
FEW |= {"hidden_layers": [100], "interior_points": 200, "validation_fraction": 0.0}


@pytest.fixture
def quick(monkeypatch):
    """Coarser elements and fewer time steps."""
    monkeypatch.setattr(resolution, "PIECES", 5)
    monkeypatch.setattr(resolution, "STEPS", 8)


def second(seed=1, late=0.0, noise=0.05):
    """The same square, where a plane wave passes, and 14 receivers elsewhere record its velocity with gaps."""
    xy = 0.05 + 0.9 * np.random.default_rng(5).random((14, 2))
    x, y, t = (torch.from_numpy(np.ascontiguousarray(each)) for each in np.broadcast_arrays(*xy.T[:, :, None], TIMES))
    step = 1e-4
    clean = ((WAVE(x, y, t + late + step) - WAVE(x, y, t + late - step)) / (2.0 * step)).numpy()
    level = noise * float(np.abs(clean).max())
    values = clean + level * np.random.default_rng(seed).standard_normal(clean.shape)
    values[3, 4:9] = values[7, :, 1] = np.nan
    receivers = ep.Receivers(records=ep.Records("velocity", values, xy, TIMES, noise=level))
    return problem_of(receivers, boundary=(ep.Displacement(WAVE),), initial=ep.Initial.of(WAVE))


def both(seed=0, **other):
    return problem_of(recorded(noise=0.1, seed=seed), other_shots=[second(seed + 100, **other)])


@pytest.mark.slow
def test_the_material_is_found_from_two_shots_and_each_explains_its_records(quick):
    problem = both()
    fit, session = found(problem, **FEW)
    assert session.converged and fit.verdict in ("holds", "widened"), fit.reason
    assert np.abs(errors(fit)).max() < 3.0
    assert fit.samples == sum(shot.receivers.samples for shot in problem.shots)
    assert list(fit.shots) == ["1", "2"]
    assert [shot.chi_square for shot in fit.shots.values()] == pytest.approx([1.0, 1.0], abs=0.15)
    alone, _ = found(problem_of(recorded(noise=0.1)), **FEW)
    assert all(fit.plus_minus[name] < alone.plus_minus[name] for name in fit.plus_minus)


@pytest.mark.parametrize(
    ("told", "origin"), [("estimated outside the band", "estimated outside the band"), ("", "stated")]
)
def test_the_records_of_all_shots_tell_where_their_noise_is_from(told, origin):
    problem = both()
    line = f"noise of 0.01 m {told}" if told else ""
    first, other = (
        replace(each, receivers=replace(each.receivers, provenance=line), other_shots=())
        for each in (problem, problem.other_shots[0])
    )
    assert noise_of(replace(first, other_shots=(other,)).records_of_all_shots).origin == origin


@pytest.mark.slow
def test_the_information_of_two_shots_is_that_of_the_one_and_of_the_other(quick):
    problem, informations = both(), []
    first, other = replace(problem, other_shots=()), problem.other_shots[0]
    for each in (problem, first, other):
        session = Session(ep.Config(problem="own", **FEW), each)
        with torch.no_grad():
            linear = LinearisedWaveforms(session.trained())
        noise = noise_of(each.records_of_all_shots).level
        unit = noise / linear.recorded.quantity.scale(each.scales)
        informations.append(linear.information / unit**2)
    torch.testing.assert_close(informations[0], informations[1] + informations[2], rtol=1e-3, atol=0.0)


@pytest.mark.slow
def test_a_trigger_that_is_late_in_one_shot_alone_is_told_with_its_name(quick):
    fit, _ = found(both(late=0.03, noise=0.02), **FEW)
    assert fit.verdict == "withheld" and not fit.plus_minus
    late, good = fit.shots["2"].chi_square, fit.shots["1"].chi_square
    assert late > 1.5 and good < 1.2, (late, good)
    assert any(name.startswith("2 ") for name in fit.worst_channels), fit.worst_channels


@pytest.mark.slow
def test_a_small_error_of_one_shots_trigger_is_told_as_its_own(quick):
    fit, _ = found(both(late=0.008), **FEW)
    assert fit.verdict == "withheld" and "of shot 2, the trigger time does not fit" in fit.reason, fit.reason


@pytest.mark.slow
def test_a_run_is_resumed_with_the_same_shots_alone(quick, tmp_path):
    fields = FEW | {"problem": "own", "steps": 1, "hidden_layers": [20], "threads": 1}
    ep.train(ep.Config(**fields), tmp_path / "run", problem=both())
    with pytest.raises(ep.ConfigError, match="the problem is not the one"):
        ep.train(ep.Config(**fields | {"steps": 2}), tmp_path / "run", problem=both(noise=0.04), resume="auto")
    run = ep.train(ep.Config(**fields | {"steps": 2}), tmp_path / "run", problem=both(), resume="auto")
    problem = both()
    solved = replace(problem, exact=WAVE, other_shots=[replace(problem.other_shots[0], exact=WAVE)])
    assert run.problem(solved) is solved, "an exact solution may have come since"
    assert run.summary.step == 2 and list(run.fit.shots) == ["1", "2"]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"stages": ["variable_projection"]}, "there are 2 shots, which .* alone fits together"),
        ({"stages": ["adam", "full_waveform"], "stage_steps": [2]}, "there are 2 shots"),
        ({"validation_fraction": 0.1}, "of several shots all samples are fitted"),
    ],
)
def test_stages_that_fit_one_wavefield_are_refused(fields, fault):
    with pytest.raises(ep.ConfigError, match=fault):
        Session(ep.Config(problem="own", **FEW | fields), both())


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda: second().receivers, r"other_shots\[0\] = Receivers.*: a Problem is needed"),
        (lambda: replace(second(), material=ep.Material(2.5, 0.7, 1.0, unknowns=("lambda", "mu"))), "another material"),
        (lambda: replace(second(), domain=ep.Domain((0, 1), (0, 1), (0, 2))), "another domain"),
        (lambda: both(), "has other_shots itself"),
    ],
)
def test_shots_are_in_one_solid_and_window(change, fault):
    with pytest.raises(ep.ProblemError, match=fault):
        problem_of(recorded(), other_shots=[change()])


@pytest.fixture
def coarse(monkeypatch):
    """Fewer elements and time steps for each wave."""
    monkeypatch.setattr(resolution, "A_WAVE", 2.0)
    monkeypatch.setattr(resolution, "PIECES", 6)
    monkeypatch.setattr(resolution, "A_PERIOD", 7)


@pytest.mark.slow
def test_two_hammers_of_unlike_wavelets_that_are_unknown_tell_of_one_plate(coarse, tmp_path):
    data = noisy(tmp_path / "noisy.h5", clean(tmp_path / "clean.h5", PLACES), PLACES, np.random.default_rng(3))
    config = plate(data, sources=[LEFT | {"pulse": "unknown"}, RIGHT | {"pulse": "unknown"}])
    session = Session(config, ep.problem_from(config))
    while not session.is_over:
        session.advance()
    fit = assess(session.trained())
    assert session.converged and fit.verdict in ("holds", "widened"), fit.reason
    true = {"lambda": ALUMINIUM.lame_lambda, "mu": ALUMINIUM.lame_mu}
    for name, value in true.items():
        assert abs(fit.values[name] - value) < 3.0 * fit.plus_minus[name] < 0.3 * value
    for name, shot in fit.shots.items():
        time, strength, error = (np.array(shot.wavelet[each]) for each in ("time", "strength", "plus_minus"))
        pulse = PULSES[name](torch.from_numpy(time)).numpy()
        assert shot.chi_square == pytest.approx(1.0, abs=0.2) and np.abs(pulse).max() > 0.95
        assert ((strength - pulse) / error)[error < 0.2].std() < 1.6


@pytest.mark.parametrize(
    ("sources", "fault"),
    [
        ([LEFT, RIGHT | {"shot": "rihgt"}], r"sources\[1\].shot = 'rihgt': legal are 'left', 'right'"),
        ([LEFT], "nothing acts in the shot 'right'"),
    ],
)
def test_sources_act_in_shots_that_were_recorded(tmp_path, sources, fault):
    ep.Receivers(records=empty(PLACES)).save(tmp_path / "two.h5")
    with pytest.raises(ep.ConfigError, match=fault):
        ep.problem_from(plate(tmp_path / "two.h5", sources=sources))


def test_a_shot_without_data_is_refused():
    with pytest.raises(ep.ConfigError, match=r"sources\[0\].shot = 'left': there is no data"):
        ep.problem_from(ep.Config(**PLATE | {"sources": [LEFT]}))
