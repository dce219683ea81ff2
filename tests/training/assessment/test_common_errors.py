"""What is given of a source and is wrong does not pass in silence: it is named, or ± covers it, and what it would move
is told."""

import re

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.given_sources import changed_sources
from elastic_pinn.training.assessment.judgement import assess
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
    found = {each.name.partition(" of the source")[0]: each for each in changed_sources(stated.problem)}
    assert [*found] == ["the width", "the place along x", "the direction", "the frequency"]
    # Of a time that is sought, delays are of another number at another frequency.
    for what, changed in [*found.items()][: 3 if of_source else 4]:
        other = waveforms(path, ACTING | of_source, lambda _, changed=changed: changed.problems[0])
        whole = other.by_elements() - stated.by_elements()
        change = stated.change_by(changed)
        assert (change - whole).norm() < 0.1 * whole.norm(), what  # which has elements of its own
        assert change.norm() > 1e-3 * stated.by_elements().norm(), what


@pytest.mark.slow
@pytest.mark.parametrize("times", [0.5, 0.7, 1.0, 1.4, 2.0])
@pytest.mark.parametrize("of_source", [BOTH, {"pulse": "unknown"}], ids=["amplitude-origin_time", "wavelet"])
def test_a_source_of_another_width_is_named_or_covered_by_the_errors(clean, tmp_path, times, of_source):
    source = ACTING | of_source | {"width": times * ACTING["width"]}
    if of_source != BOTH:
        source = {name: each for name, each in source.items() if name not in ("frequency", "delay")}
    fit = assess(searched(noisy(clean, tmp_path / "noisy.h5"), source).trained())
    if fit.verdict == "withheld":
        assert times != 1.0 and "the width of the source" in fit.reason and "as wide" in fit.advice, fit.sentence
        return
    for name, plus_minus in fit.plus_minus.items():
        assert abs(fit.values[name] - TRUE[name]) < WITHIN * plus_minus, fit.sentence


@pytest.mark.slow
def test_what_a_wider_source_would_move_is_told(clean, tmp_path):
    path = noisy(clean, tmp_path / "noisy.h5")
    fits = [
        assess(searched(path, ACTING | BOTH | {"width": times * ACTING["width"]}).trained()) for times in (1.0, 1.1)
    ]
    told = re.search(
        r"the width of the source at \S+ \S+ m, 10 % more, would move (\w+) by (\S+) of", fits[0].condition
    )
    assert told, fits[0].condition
    name, by = told[1], float(told[2])
    moved = abs(fits[1].values[name] - fits[0].values[name]) / fits[0].plus_minus[name]
    assert moved == pytest.approx(by, rel=0.3)
