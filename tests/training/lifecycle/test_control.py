"""What another thread asks for is done, and not forgotten."""

import math
from itertools import count

import pytest

from elastic_pinn import Control, train
from elastic_pinn.networks.dense.jacobian import POINTS_AT_ONCE
from elastic_pinn.training.lifecycle import time_limit, trainer
from elastic_pinn.training.lifecycle.control import Work


def test_a_request_for_a_checkpoint_is_never_lost():
    control = Control()
    seen = control._checkpoint.is_set

    def asked_just_after_the_look() -> bool:
        answer = seen()
        control.checkpoint()
        return answer

    control._checkpoint.is_set = asked_just_after_the_look
    assert not control.take_checkpoint_request()
    control._checkpoint.is_set = seen
    assert control.take_checkpoint_request() and not control.take_checkpoint_request()


@pytest.mark.parametrize("optimizer", ["last_layer", "variable_projection"])
def test_a_stop_within_a_step_of_seconds_gives_it_up_and_resuming_makes_it(optimizer, tiny, waves, inverse, tmp_path):
    problem = waves() if optimizer == "last_layer" else inverse
    features = {"network": "random_features", "hidden_layers": [200], "precision": "float64"}
    config = tiny(**features, stages=[optimizer], steps=2)
    control = Control()
    control.stop()
    cancelled = train(config, tmp_path / "stopped", problem, control=control)
    assert cancelled.status == "stopped" and "given up" in cancelled.reason
    assert cancelled.latest().step == 0 and cancelled.history().empty
    resumed = train(config, tmp_path / "stopped", problem, resume="auto")
    straight = train(config, tmp_path / "straight", problem)
    assert resumed.history().drop(columns="wall_s").equals(straight.history().drop(columns="wall_s"))


def test_a_step_of_seconds_is_given_up_at_the_time_limit_and_a_short_one_is_not(tiny, waves, tmp_path, monkeypatch):
    features = {"network": "random_features", "hidden_layers": [200], "precision": "float64"}
    config = tiny(**features, stages=["last_layer"], steps=2, time_limit=1e-3)
    monkeypatch.setattr(time_limit, "SHORT_S", math.inf)  # however busy the machine
    short = train(config, tmp_path / "short", waves())
    assert short.latest().step == 1 and short.reason.endswith("time_limit of 0.001 s")
    monkeypatch.setattr(time_limit, "SHORT_S", 0.0)
    long = train(config, tmp_path / "long", waves())
    assert long.status == "stopped" and long.reason == "time_limit of 0.001 s, within a step, which was given up"
    assert long.latest().step == 0


class Impatient(Control):
    """Asks for the end when it is looked at for the nth time."""

    def __init__(self, nth):
        super().__init__()
        self.looks, self._nth = 0, nth

    @property
    def stop_asked(self):
        self.looks += 1
        return self.looks >= self._nth


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["last_layer", "variable_projection", "levenberg_marquardt"])
def test_a_stop_at_any_moment_of_a_step_leaves_the_checkpoint_before_it(
    optimizer, tiny, waves, inverse, tmp_path, monkeypatch
):
    """While its matrix is assembled, too: there are three blocks of points to look between."""
    problem = inverse if optimizer == "variable_projection" else waves()
    network = {} if optimizer == "levenberg_marquardt" else {"network": "random_features", "hidden_layers": [140]}
    monkeypatch.setattr(trainer, "_assessed", lambda *given: (given[4], []))  # the reason: it is no step
    points = 2 * POINTS_AT_ONCE + 1
    config = tiny(**network, precision="float64", stages=[optimizer], steps=1, interior_points=points)
    patient = Impatient(10**9)
    assert train(config, tmp_path / "whole", problem, control=patient).status == "completed"
    assert patient.looks > 3
    for nth in count(1):
        impatient = Impatient(nth)
        run = train(config, tmp_path / str(nth), problem, control=impatient)
        if run.status == "completed":
            break
        assert "given up" in run.reason and run.latest().step == 0
    assert nth == patient.looks + 1


def test_long_work_is_told_by_what_it_is_and_about_how_long_it_takes():
    texts = {
        (5.0, 0.25): "about 15 s left of the 20 s that this part takes",
        (1.0, 0.5): "about 1 s left of the 2 s that this part takes",
        (100.0, 0.25): "about 5 min left of the 7 min that this part takes",
        (3.2, 0.0): "3 s so far",
    }
    for (elapsed, part), text in texts.items():
        assert Work("solving", 100.0, part).text(100.0 + elapsed) == f"solving: {text}"


def test_a_step_of_least_squares_reports_what_it_solves(tmp_path, tiny):
    config = tiny(network="random_features", hidden_layers=[300], stages=["last_layer"], precision="float64", steps=1)
    control, told = Control(), []
    report = control.report
    control.report = lambda what, part: (report(what, part), told.append((what, part, control.work)))
    train(config, tmp_path / "run", control=control)
    solving = [(part, work.what) for what, part, work in told if what.startswith("solving")]
    assert {what for _, what in solving} == {"solving 602 amplitudes"}
    parts = [part for part, _ in solving]
    assert parts[0] == 0.0 and parts == sorted(set(parts)) and 0.5 < parts[-1] < 1.0
    assert control.work is None, "it is over"


def test_the_log_tells_what_takes_long_within_a_step(tmp_path, tiny, caplog, monkeypatch):
    monkeypatch.setattr(trainer, "PROGRESS_EVERY_S", 0.0)
    monkeypatch.setattr(trainer, "LONG_S", 0.0)
    config = tiny(network="random_features", hidden_layers=[300], stages=["last_layer"], precision="float64", steps=1)
    train(config.model_copy(update={"log_level": "info"}), tmp_path / "run")
    assert any(line.startswith("step 1: solving 602 amplitudes: about ") for line in caplog.messages)


def test_the_reason_to_stop_is_that_of_whoever_asked(tmp_path, tiny):
    control = Control()
    control.on_step = lambda row: control.stop("kernel restarted")
    run = train(tiny(), tmp_path / "run", control=control)
    assert (run.status, run.reason) == ("stopped", "kernel restarted")
