"""What is given of a source and is wrong does not pass in silence: it is named, or ± covers it, and what it would move
is told."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.given_sources import changed_sources
from elastic_pinn.training.assessment.evidence import evidence_of
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.assessment.linearised_waveforms import LinearisedWaveforms
from elastic_pinn.training.session import Session
from elastic_pinn.training.waveforms import Waveforms
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
from tests.training.optimizers.recorded_shots import KNOWN, LEFT, PLACES, RIGHT, plate
from tests.training.optimizers.recorded_shots import clean as clean_shots
from tests.training.optimizers.recorded_shots import noisy as noisy_shots

ACTING = LOAD | {"delay": 10e-6}
BOTH = {"unknowns": ["amplitude", "origin_time"]}
WITHIN = 3.0  # ±


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Coarser elements and fewer time steps."""
    quicken(monkeypatch)


@pytest.fixture
def clean(tmp_path):
    return with_noise_stated(recorded(tmp_path / "clean.h5", ACTING))


def waveforms(path, source, problem=None) -> Waveforms:
    config = ep.Config(**CONFIG | {"sources": [source]}, data=path)
    stated = ep.problem_from(config)
    session = Session(config, stated)
    return Waveforms(problem(stated) if problem else stated, config, session.model, session.sampler.batches)


@torch.no_grad()
@pytest.mark.parametrize("of_source", [{}, BOTH], ids=["known", "sought"])
def test_the_change_by_another_source_is_that_of_its_waveforms(clean, tmp_path, of_source):
    path = noisy(clean, tmp_path / "noisy.h5")
    stated = waveforms(path, ACTING | of_source)
    found = {each.step.what: each for each in changed_sources(stated.problem)}
    assert [*found] == ["width", "place along x", "direction", "pulse"]
    source = stated.fit_of(stated.by_elements())
    for what, changed in found.items():
        other = waveforms(path, ACTING | of_source, lambda _, changed=changed: changed.problems[0])
        change = stated.change_by(changed, source.coefficients)
        if what == "pulse" and of_source:  # whose delays are others at another frequency, which the time compensates
            here, there = source.waveforms(stated.by_elements()), other.by_elements()
            whole = source.beyond((other.fit_of(there, here).waveforms(there) - here)[:, None])
            assert (source.beyond(change[:, None]) - whole).norm() < 0.2 * whole.norm()
            continue
        whole = (other.by_elements() - stated.by_elements()) @ source.coefficients
        assert (change - whole).norm() < 0.1 * whole.norm(), what  # which has elements of its own
        assert change.norm() > 1e-3 * (stated.by_elements() @ source.coefficients).norm(), what


@pytest.mark.slow
@torch.no_grad()
def test_of_shots_each_has_the_change_of_its_own_source(tmp_path):
    values, rng = clean_shots(tmp_path / "clean.h5", PLACES), np.random.default_rng(0)
    noisy_shots(tmp_path / "noisy.h5", values, PLACES, rng)
    config = plate(tmp_path / "noisy.h5", sources=[LEFT | KNOWN["left"], RIGHT | KNOWN["right"]])
    problem = ep.problem_from(config)
    session = Session(config, problem)
    stated = Waveforms(problem, config, session.model, session.sampler.batches)
    source, rows = stated.fit_of(stated.by_elements()), [part.rows for part in stated.parts]
    found = list(changed_sources(problem))
    assert {each.source.partition(" m ")[2] for each in found} == {"of shot left", "of shot right"}
    for each in found:
        change, own = stated.change_by(each, source.coefficients), int(each.source.endswith("right"))
        assert not change[rows[1 - own]].any() and change[rows[own]].any(), each.source
        alone = stated.shots[own].change_by(each.problems[own])[:, 0]
        torch.testing.assert_close(change[rows[own]], alone)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("times", "seed"), [(t, 0) for t in (0.5, 0.7, 0.9, 1.0, 1.1, 1.4, 2.0)] + [(1.1, 1), (1.1, 2)]
)
@pytest.mark.parametrize("of_source", [BOTH, {"pulse": "unknown"}], ids=["amplitude-origin_time", "wavelet"])
def test_a_source_of_another_width_is_named_or_covered_by_the_errors(clean, tmp_path, times, seed, of_source):
    source = ACTING | of_source | {"width": times * ACTING["width"]}
    if of_source != BOTH:
        source = {name: each for name, each in source.items() if name not in ("frequency", "delay")}
    fit = assess(searched(noisy(clean, tmp_path / "noisy.h5", seed), source).trained())
    if times == 1.0:
        assert fit.verdict in ("holds", "widened"), fit.text
    if fit.verdict == "withheld":
        assert "the width of the source" in fit.reason and "the right width" in str(fit.remedies), fit.text
        assert (" larger" if times < 1.0 else " smaller") in fit.reason, fit.text
        return
    for name, plus_minus in fit.plus_minus.items():
        assert abs(fit.values[name] - TRUE[name]) < WITHIN * plus_minus, fit.text


@pytest.mark.slow
def test_what_a_wider_source_would_move_is_told(clean, tmp_path):
    path = noisy(clean, tmp_path / "noisy.h5")
    widths = ({"width": times * ACTING["width"]} for times in (1.0, 1.1))
    right, wider = (searched(path, ACTING | BOTH | each).trained() for each in widths)
    fits = assess(right), assess(wider)
    [told] = (each for each in fits[0].moves if each.number.startswith("the width of") and each.step == "10 % larger")
    for name, by in told.moved.items():
        moved, error = fits[1].values[name] - fits[0].values[name], fits[0].plus_minus[name]
        assert moved == pytest.approx(by, rel=0.3, abs=0.05 * error), name
    name = max(told.moved, key=lambda each: abs(told.moved[each]) / fits[0].plus_minus[each])
    moved = abs(fits[1].values[name] - fits[0].values[name]) / fits[0].plus_minus[name]
    # What was found of the source moves with it.
    with torch.no_grad():
        errors = evidence_of(right, LinearisedWaveforms(right), lambda part: None).common_errors
    [width] = (each for each in errors if each.name.startswith("the width"))
    of_source = abs(fits[1].calibration["amplitude"] - fits[0].calibration["amplitude"])
    of_source /= fits[0].calibration_plus_minus["amplitude"]
    assert of_source / moved == pytest.approx(width.of_calibration["amplitude"] / width.shift, rel=0.3)


@pytest.mark.slow
@pytest.mark.parametrize("pulse", [{}, {"pulse": "tone_burst", "cycles": 2.0, "frequency": 150e3, "delay": 2e-6}])
def test_what_a_shorter_pulse_would_move_of_the_origin_time_is_what_it_moves(tmp_path, pulse):
    source = ACTING | pulse | {"unknowns": ["origin_time"]}
    clean = with_noise_stated(recorded(tmp_path / "clean.h5", ACTING | pulse))
    path = noisy(replace(clean, noise=clean.noise / 4.0), tmp_path / "noisy.h5")
    both = ({}, {"frequency": source["frequency"] / 0.98})
    stated, shorter = (searched(path, source | each).trained() for each in both)
    moved = abs(assess(shorter).calibration["origin_time"] - assess(stated).calibration["origin_time"])
    with torch.no_grad():
        evidence = evidence_of(stated, LinearisedWaveforms(stated), lambda part: None)
    [error] = (each for each in evidence.common_errors if each.name.startswith("the pulse"))
    steps = error.shift / abs(error.moved[error.most_shifted])  # to the best estimate
    by_best = steps * moved / evidence.calibration_deviations["origin_time"]
    assert by_best == pytest.approx(error.of_calibration["origin_time"], rel=0.35)


@torch.no_grad()
@pytest.mark.slow
def test_what_is_wrong_of_all_sources_alike_is_seen_by_all_of_them_together(tmp_path):
    other = ACTING | {"at": [0.016, 0.01]}
    clean = with_noise_stated(recorded(tmp_path / "clean.h5", sources=[ACTING, other]))
    wider = [each | {"width": 1.3 * each["width"]} for each in (ACTING, other)]
    with torch.enable_grad():
        trained = searched(noisy(clean, tmp_path / "noisy.h5"), ACTING, sources=wider).trained()
    found = {
        each.name: each for each in evidence_of(trained, LinearisedWaveforms(trained), lambda part: None).common_errors
    }
    together = found.pop("the width of all sources")
    alone = [each for name, each in found.items() if name.startswith("the width of the source")]
    assert len(alone) == 2 and together.score > max(each.score for each in alone)
    assert together.best.endswith(" smaller") and together.step == "10 % larger"
    assert float(together.best.split(" %")[0]) == pytest.approx(100.0 * (1.0 - 1.0 / 1.3), rel=0.3)
