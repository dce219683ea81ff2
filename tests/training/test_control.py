"""What another thread asks for is done, and not forgotten."""

import pytest

from elastic_pinn import Control, train


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
    given_up = train(config, tmp_path / "stopped", problem, control=control)
    assert given_up.status == "stopped" and "given up" in given_up.reason
    assert given_up.latest().step == 0 and given_up.history().empty
    resumed = train(config, tmp_path / "stopped", problem, resume="auto")
    straight = train(config, tmp_path / "straight", problem)
    assert resumed.history().drop(columns="wall_s").equals(straight.history().drop(columns="wall_s"))
