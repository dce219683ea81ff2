"""A row of the history tells of the weights that its step led to, and costs no evaluation more than the step needs."""

import itertools

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.storage import read_snapshot
from elastic_pinn.training.session import Session

STAGES = {
    "adam": {"clip_grad_norm": 0.5},
    "sgd": {"learning_rate": 1e-3},
    "soap": {"soap_every": 2},
    "lbfgs": {},
    "ssbroyden": {},
    "last_layer": {},
    "levenberg_marquardt": {},
}
LOSSES = ("loss/total", "loss/pde", "loss/boundary", "loss/initial", "grad_norm")

each_stage = pytest.mark.parametrize("stage", STAGES)


def in_stage(tiny, stage, **changes) -> ep.Config:
    return tiny(stages=[stage], precision="float64", steps=4, **STAGES[stage] | changes)


def evaluations_of(session: Session, steps: int) -> list[int]:
    """How often each of some steps evaluated the loss."""
    made, counts = [0], []
    evaluate = session.objective._evaluate

    def counted(position):
        made[0] += 1
        return evaluate(position)

    session.objective._evaluate = counted
    for _ in range(steps):
        before = made[0]
        session.advance()
        counts.append(made[0] - before)
    return counts


@each_stage
def test_a_row_has_the_losses_of_the_weights_that_its_step_led_to(stage, tiny, tmp_path):
    config = in_stage(tiny, stage, checkpoint_every=1, keep_every=1)
    run = ep.train(config, tmp_path / "run")
    rows = run.history().set_index("step")
    for entry in run.checkpoints()[1:]:
        fresh = Session(config, ep.problem_from(config))
        fresh.model.load_state_dict(read_snapshot(entry.path).weights)
        assert {name: rows.loc[entry.header.step, name] for name in LOSSES} == fresh.losses()


def test_a_row_has_the_losses_at_the_points_of_its_own_step(tiny):
    config = tiny(resample_every=2, learning_rate=1e-12, precision="float64")  # weights as good as fixed
    session = Session(config, ep.problem_from(config))
    losses = [session.advance()["loss/pde"] for _ in range(5)]
    same = [abs(after - before) < 1e-6 * before for before, after in itertools.pairwise(losses)]
    assert same == [True, False, True, False]


@pytest.mark.parametrize("stage", ["adam", "sgd", "soap"])
def test_a_step_at_fixed_points_evaluates_once_and_the_first_one_twice(stage, tiny):
    config = in_stage(tiny, stage)
    assert evaluations_of(Session(config, ep.problem_from(config)), 4) == [2, 1, 1, 1]


def test_a_step_at_fresh_points_evaluates_once_more(tiny):
    config = tiny(resample_every=2)
    assert evaluations_of(Session(config, ep.problem_from(config)), 6) == [2, 1, 2, 1, 2, 1]


def test_a_whole_batch_step_begins_with_the_evaluation_that_the_one_before_ended_with(tiny):
    config = in_stage(tiny, "levenberg_marquardt")
    session = Session(config, ep.problem_from(config))
    _, *others = evaluations_of(session, 4)
    assert others == [1, 1, 1], "each of these steps takes its first trial"


def test_a_checkpoint_costs_no_evaluation(tiny, tmp_path, monkeypatch):
    made = []
    terms = Session._terms
    monkeypatch.setattr(Session, "_terms", lambda *args: (made.append(1), terms(*args))[1])
    ep.train(tiny(checkpoint_every=1), tmp_path / "run")
    assert len(made) == 1 + 6


def test_a_step_that_leads_nowhere_leaves_weights_and_history_as_they_were(tiny):
    config = tiny(stages=["sgd"], learning_rate=1e30, momentum=0.0)
    session = Session(config, ep.problem_from(config))
    before = session.objective.position()
    with pytest.raises(ep.DivergedError, match=r"step 1: loss/total = "):
        session.advance()
    assert torch.equal(session.objective.position(), before)
    assert session.step == len(session.history) == 0


def test_summary_and_progress_tell_the_loss_that_a_step_led_to(tiny, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("elastic_pinn.training.lifecycle.trainer.PROGRESS_EVERY_S", -1.0)
    config = tiny(stages=["last_layer"], precision="float64", steps=2, log_level="info")
    run = ep.train(config, tmp_path / "run")
    start = ep.load_checkpoint(run.checkpoints()[0].path).metrics["loss/total"]
    first, second = run.history()["loss/total"]
    assert first < 0.5 * start
    assert f"step 1 of at most 2  loss {first:.3e}" in caplog.text
    assert run.summary.metrics["loss/total"] == second == run.latest().metrics["loss/total"]
