"""What was estimated is not estimated again, and nothing else is taken for it."""

import pytest

import elastic_pinn as ep
from elastic_pinn.error_estimate import kept
from tests.plates import PLATE, SOLVED


@pytest.fixture
def counted(monkeypatch):
    """The wavefields that are estimated, in a process that has estimated none yet."""
    estimated = []

    def estimate(model, problem):
        estimated.append(problem)
        return of_estimate(model, problem)

    of_estimate = kept.estimate_error
    monkeypatch.setattr(kept, "estimate_error", estimate)
    monkeypatch.setattr(kept, "_kept", [])
    return estimated


@pytest.fixture
def run(counted, tmp_path):
    return ep.train(ep.Config(**PLATE | SOLVED), tmp_path / "run")


def test_what_a_run_ended_with_is_shown_everywhere_without_another_estimate(run, counted):
    assert len(counted) == 1
    ep.figures.error(run)
    found = ep.load_checkpoint(run.checkpoints()[-1].path).estimate_error()
    assert found.displacement == run.summary.metrics["error/estimated"] and len(counted) == 1
    with pytest.raises(ValueError, match="read-only"):
        found.error *= 2.0


@pytest.mark.slow
def test_other_weights_another_network_and_another_problem_are_estimated(run, counted, waves):
    first = ep.load_checkpoint(run.checkpoints()[0].path)
    assert first.estimate_error().displacement != run.estimate_error().displacement and len(counted) == 2
    newest, model = run.latest(), run.latest().model()
    fixed = ep.problem_from(run.config.model_copy(update={"hole_rims": "fixed"}))
    kept.kept_estimate(newest.config, model, fixed)
    kept.kept_estimate(newest.config.model_copy(update={"time_frequency": 3.0}), model, newest.problem())
    assert len(counted) == 4


def test_only_the_last_few_are_kept(run, counted, monkeypatch):
    monkeypatch.setattr(kept, "MOST", 1)
    ep.load_checkpoint(run.checkpoints()[0].path).estimate_error()
    assert len(kept._kept) == 1
    run.estimate_error()
    assert len(counted) == 3
