"""Saving goes on beside training, says when it fails, and never fails in silence."""

import json
import logging
import threading

import pytest

import elastic_pinn as ep
from elastic_pinn.storage import Store, files, pin, publishing
from elastic_pinn.training.lifecycle import saving

EVERY_STEP = {"checkpoint_every": 1, "validate_every": 1}


def failing(monkeypatch, fails, error=None) -> list[int]:
    """Let the publishing of steps for which `fails` holds fail; the steps that were tried."""
    publish, tried = Store.publish, []

    def instead(store, snapshot):
        tried.append(snapshot.step)
        if fails(snapshot.step):
            raise error or ep.CheckpointError(
                store.folder, "could not be written (No space left on device)", "Free space"
            )
        return publish(store, snapshot)

    monkeypatch.setattr(Store, "publish", instead)
    return tried


def steps(run) -> list[int]:
    return [entry.header.step for entry in run.checkpoints()]


def test_training_goes_on_while_a_checkpoint_is_written(tiny, tmp_path, monkeypatch):
    publish, next_step = Store.publish, threading.Event()

    def slow(store, snapshot):
        assert snapshot.step == 0 or snapshot.step == 6 or next_step.wait(30), "training waits for the save"
        return publish(store, snapshot)

    monkeypatch.setattr(Store, "publish", slow)
    control = ep.Control(lambda row: next_step.set() if row["step"] == 4 else None)
    run = ep.train(tiny(checkpoint_every=3), tmp_path / "run", control=control)
    assert steps(run) == [0, 3, 6]


def test_what_is_saved_is_the_state_at_that_step_though_training_went_on(tiny, tmp_path, monkeypatch):
    at_once = ep.train(tiny(steps=3), tmp_path / "short").latest()
    publish, last_step = Store.publish, threading.Event()

    def late(store, snapshot):
        assert snapshot.step != 3 or last_step.wait(30)
        return publish(store, snapshot)

    monkeypatch.setattr(Store, "publish", late)
    control = ep.Control(lambda row: last_step.set() if row["step"] == 5 else None)
    run = ep.train(tiny(checkpoint_every=3), tmp_path / "run", control=control)
    then = ep.load_checkpoint(run.checkpoints()[1].path)
    for name, weight in at_once.model().state_dict().items():
        assert weight.equal(then.model().state_dict()[name]), name
    assert then.history().drop(columns="wall_s").equals(at_once.history().drop(columns="wall_s"))


def test_at_most_one_save_is_in_flight(tiny, tmp_path, monkeypatch):
    publish, inside, most = Store.publish, [], []

    def counted(store, snapshot):
        inside.append(snapshot.step)
        most.append(len(inside))
        path = publish(store, snapshot)
        inside.remove(snapshot.step)
        return path

    monkeypatch.setattr(Store, "publish", counted)
    ep.train(tiny(**EVERY_STEP), tmp_path / "run")
    assert len(most) == 7 and set(most) == {1}


def test_a_failed_save_is_warned_of_at_once_and_counted_and_the_next_one_works(tiny, tmp_path, monkeypatch, caplog):
    failing(monkeypatch, lambda step: step == 3)
    with caplog.at_level(logging.WARNING):
        run = ep.train(tiny(**EVERY_STEP), tmp_path / "run")
    assert "this checkpoint failed, 1 in a row" in caplog.text and "No space left" in caplog.text
    assert run.status == "completed" and 3 not in steps(run) and run.latest().step == 6
    assert run.summary.checkpoint_failures == 1
    assert "No space left" in run.summary.checkpoint_failure


def test_the_third_failure_in_a_row_stops_the_run_cleanly(tiny, tmp_path, monkeypatch):
    failing(monkeypatch, lambda step: step > 1)
    run = ep.train(tiny(**EVERY_STEP, steps=50), tmp_path / "run")
    assert run.status == "stopped"
    assert "3 checkpoints in a row failed" in run.summary.reason and "No space left" in run.summary.reason
    assert run.latest().step == 1 and run.summary.step < 10
    monkeypatch.undo()
    assert ep.train(tiny(**EVERY_STEP), tmp_path / "run", resume="auto").status == "completed"


def test_two_failures_then_a_success_do_not_stop_the_run(tiny, tmp_path, monkeypatch):
    failing(monkeypatch, lambda step: step in (1, 2, 4, 5))
    run = ep.train(tiny(**EVERY_STEP), tmp_path / "run")
    assert run.status == "completed" and run.summary.checkpoint_failures == 4


def test_a_run_whose_first_checkpoint_cannot_be_written_does_not_start(tiny, tmp_path, monkeypatch):
    tried, trained = failing(monkeypatch, lambda step: True), []
    with pytest.raises(ep.CheckpointError, match="No space left"):
        ep.train(tiny(), tmp_path / "run", control=ep.Control(trained.append))
    assert (tried, trained) == ([0], [])
    assert ep.Run(tmp_path / "run").status == "failed"


def test_a_run_whose_last_checkpoint_cannot_be_written_has_failed_and_names_the_last_good_one(
    tiny, tmp_path, monkeypatch
):
    failing(monkeypatch, lambda step: step == 6)
    with pytest.raises(ep.CheckpointError, match="No space left"):
        ep.train(tiny(checkpoint_every=3), tmp_path / "run")
    summary = ep.Run(tmp_path / "run").summary
    assert summary.status == "failed" and "step-000000003-g000.h5" in summary.reason


def test_a_run_that_ends_amid_failures_does_not_say_completed(tiny, tmp_path, monkeypatch):
    failing(monkeypatch, lambda step: step >= 4)
    with pytest.raises(ep.CheckpointError, match="No space left"):
        ep.train(tiny(**EVERY_STEP), tmp_path / "run")
    summary = ep.Run(tmp_path / "run").summary
    assert summary.status == "failed" and summary.checkpoint == "step-000000003-g000.h5"


def test_a_disk_that_takes_nothing_any_more_stops_the_run_cleanly(tiny, tmp_path, monkeypatch, caplog):
    def full(row) -> None:
        if row["step"] == 2:
            monkeypatch.setattr(files, "write_new", no_space)
            monkeypatch.setattr(publishing, "write_new", no_space)

    def no_space(path, data, mode=None):
        raise OSError(28, "No space left on device")

    run = ep.train(tiny(**EVERY_STEP, steps=50), tmp_path / "run", control=ep.Control(full))
    monkeypatch.undo()
    assert "summary could not be written" in caplog.text
    assert caplog.text.count("this checkpoint failed") == 3 and run.latest().step <= 2
    assert ep.train(tiny(**EVERY_STEP), tmp_path / "run", resume="auto").status == "completed"


def test_a_fault_of_the_program_in_the_background_fails_the_run(tiny, tmp_path, monkeypatch):
    failing(monkeypatch, lambda step: step == 3, TypeError("a state that cannot be stored"))
    with pytest.raises(TypeError, match="cannot be stored"):
        ep.train(tiny(checkpoint_every=3), tmp_path / "run")
    assert ep.Run(tmp_path / "run").status == "failed"


def test_what_cannot_be_let_go_is_said_and_no_failure(tiny, tmp_path, monkeypatch, caplog):
    def refused(store, policy, hold=()):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Store, "retain", refused)
    run = ep.train(tiny(checkpoint_every=3), tmp_path / "run")
    assert "old checkpoints could not be let go" in caplog.text and run.summary.checkpoint_failures == 0


def test_a_save_that_holds_training_up_says_so(tiny, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(saving, "SLOW_S", 0.0)
    ep.train(tiny(**EVERY_STEP), tmp_path / "run")
    assert "saving is slower than training" in caplog.text


def test_the_config_rules_what_is_kept(tiny, tmp_path):
    run = ep.train(tiny(**EVERY_STEP, keep_last=2, keep_best=0, keep_every=3), tmp_path / "run")
    assert steps(run) == [0, 3, 5, 6]


def test_the_summary_says_what_saving_cost(tiny, tmp_path):
    summary = ep.train(tiny(**EVERY_STEP), tmp_path / "run").summary
    assert 0 < summary.checkpoint_blocked_s < summary.wall_s + 10
    assert summary.checkpoint_cpu_s > 0


def test_checkpoints_come_by_the_clock_too(tiny, tmp_path):
    run = ep.train(tiny(checkpoint_every_s=1e-9, keep_every=1), tmp_path / "run")
    assert steps(run) == [0, 1, 2, 3, 4, 5, 6]


def test_a_checkpoint_asked_for_by_hand_is_pinned(tiny, tmp_path):
    control = ep.Control(lambda row: control.checkpoint() if row["step"] == 2 else None)
    run = ep.train(tiny(**EVERY_STEP, keep_last=2, keep_best=0), tmp_path / "run", control=control)
    assert steps(run) == [2, 5, 6]
    assert run.pins() == {"step-000000002-g000.h5": "asked for by hand"}


def test_what_a_resume_came_from_stays(tiny, tmp_path):
    ep.train(tiny(steps=2), tmp_path / "run")
    run = ep.train(tiny(**EVERY_STEP, keep_last=2, keep_best=0, steps=9), tmp_path / "run", resume="auto")
    assert [(e.header.step, e.header.generation) for e in run.checkpoints()] == [(2, 0), (8, 1), (9, 1)]
    assert run.pins() == {"step-000000002-g000.h5": "generation 1 went on from it"}


def test_latest_and_best_lie_in_the_run_directory_under_their_names(tiny, tmp_path):
    run = ep.train(tiny(**EVERY_STEP, learning_rate=0.5), tmp_path / "run")
    assert (run.path / "latest.h5").read_bytes() == run.latest().path.read_bytes()
    assert (run.path / "best.h5").read_bytes() == run.best().path.read_bytes()
    assert ep.load_checkpoint(run.path / "latest.h5").step == 6


def test_any_column_can_be_monitored(tiny, tmp_path):
    run = ep.train(tiny(**EVERY_STEP, monitor="grad_norm", keep_every=1), tmp_path / "run")
    metrics = {entry.header.step: entry.header.metric for entry in run.checkpoints()}
    assert run.best().step == min(metrics, key=metrics.get)
    assert metrics[5] == run.history().set_index("step").loc[5, "grad_norm"], "of its own weights"


def test_step_and_time_are_no_measures(tiny, tmp_path):
    for column in ("step", "wall_s", "learning_rate", "loss/nothing"):
        with pytest.raises(ep.ConfigError, match="legal: loss/"):
            ep.train(tiny(monitor=column), tmp_path / "run")


def test_compressed_checkpoints_give_the_same_training(tiny, tmp_path):
    raw = ep.train(tiny(hidden_layers=[40, 40]), tmp_path / "raw")
    small = ep.train(tiny(hidden_layers=[40, 40], compression=9), tmp_path / "small")
    assert small.checkpoints()[-1].path.stat().st_size < raw.checkpoints()[-1].path.stat().st_size
    for name, weight in raw.latest().model().state_dict().items():
        assert weight.equal(small.latest().model().state_dict()[name]), name


def test_pins_survive_other_people(tiny, tmp_path):
    run = ep.train(tiny(steps=2), tmp_path / "run")
    pin(run.checkpoints()[0].path, "start of the figure")
    assert json.dumps(ep.Run(run.path).pins()) == '{"step-000000000-g000.h5": "start of the figure"}'
