"""Resuming a run that needs no step more gives it back, or brings it to its end."""

import pytest

import elastic_pinn as ep
from tests.files import contents


def stop_at(step: int) -> ep.Control:
    control = ep.Control(lambda record: control.stop() if record["step"] == step else None)
    return control


def test_a_run_that_is_through_is_given_back_as_it_is(tiny, tmp_path):
    ep.train(tiny(), tmp_path / "run")
    before = contents(tmp_path / "run")
    run = ep.train(tiny(), tmp_path / "run", resume="auto")
    assert run.status == "completed" and contents(tmp_path / "run") == before
    assert ep.train(tiny(steps=2), tmp_path / "run", resume="auto").summary.step == 6


def test_a_checkpoint_that_is_through_starts_no_new_run(tiny, tmp_path):
    done = ep.train(tiny(), tmp_path / "run")
    with pytest.raises(ep.RunDirectoryError, match="at step 6 of 6 already; give more steps"):
        ep.train(tiny(), tmp_path / "other", resume=str(done.latest().path))
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("steps", [4, 6, 8])
def test_fewer_steps_than_it_has_bring_a_run_to_its_end_whatever_its_stage(tiny, tmp_path, steps):
    stages = {"stages": ["adam", "lbfgs"], "stage_steps": [6]}
    stopped = ep.train(tiny(steps=12, **stages), tmp_path / "run", control=stop_at(8))
    run = ep.train(tiny(steps=steps, **stages), tmp_path / "run", resume="auto")
    assert (run.status, run.summary.step, len(run.history())) == ("completed", 8, 8)
    assert run.events() == [(8, f"steps: 12 -> {steps}")] and run.material() == stopped.material()
    whole = ep.train(tiny(steps=12, **stages), tmp_path / "whole")
    more = ep.train(tiny(steps=12, **stages), tmp_path / "run", resume="auto")
    assert more.history().drop(columns="wall_s").equals(whole.history().drop(columns="wall_s"))


@pytest.mark.parametrize("told", ["running", "stopped", "failed"])
def test_a_run_that_was_ended_between_its_last_checkpoint_and_its_summary_is_brought_to_its_end(tiny, tmp_path, told):
    run = ep.train(tiny(), tmp_path / "run")
    summary = run.summary.changed({"status": told, "reason": "its kernel died"})
    (run.path / "summary.json").write_text(summary.to_json())
    again = ep.train(tiny(), run.path, resume="auto")
    assert (again.status, again.reason) == ("completed", "all 6 steps done")
    assert len(again.history()) == 6


ENDINGS = {
    "early stopping": {"early_stopping_patience": 2, "learning_rate": 0.1, "validate_every": 1},
    "target_error": {"target_error": 100.0},
    "no more progress": {"stages": ["lbfgs"], "weight_pde": 0.0, "weight_boundary": 0.0, "weight_initial": 0.0},
}


@pytest.fixture(params=ENDINGS)
def ended(tiny, tmp_path, request):
    """A run that ended for a reason of its own long before its last step, and its config."""
    config = tiny(steps=300, **ENDINGS[request.param])
    run = ep.train(config, tmp_path / "run")
    assert request.param in run.summary.reason and run.summary.step < 300
    return run, config


def test_a_run_that_ended_for_a_reason_is_given_back_as_it_is(ended):
    run, config = ended
    before = contents(run.path)
    harmless = {"log_level": "error", "checkpoint_every": 7, "time_limit": 99.0, "seed": 5}
    for changes in ({}, harmless):
        assert ep.train(config.model_copy(update=changes), run.path, resume="auto").status == "completed"
    assert contents(run.path) == before


def test_a_run_that_ended_for_a_reason_goes_on_once_the_config_says_more(ended):
    run, config = ended
    step = run.summary.step
    more = {"early_stopping_patience": 0, "target_error": 0.0, "weight_initial": 1.0, "steps": step + 2}
    assert ep.train(config.model_copy(update=more), run.path, resume="auto").summary.step == step + 2


def test_the_end_of_a_run_starts_no_new_one(ended, tmp_path):
    run, config = ended
    with pytest.raises(ep.RunDirectoryError, match=r"would hold nothing: the checkpoint is at its end already \("):
        ep.train(config, tmp_path / "other", resume=str(run.latest().path))
    assert not (tmp_path / "other").exists()
