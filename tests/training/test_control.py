"""What another thread asks for is done, and not forgotten."""

from itertools import count

import pytest

from elastic_pinn import Control, train
from elastic_pinn.networks.jacobian import POINTS_AT_ONCE


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


class Impatient(Control):
    """Asks for the end when it is looked at for the nth time."""

    def __init__(self, nth):
        super().__init__()
        self.looks, self._nth = 0, nth

    @property
    def stop_asked(self):
        self.looks += 1
        return self.looks >= self._nth


@pytest.mark.parametrize("optimizer", ["last_layer", "variable_projection", "levenberg_marquardt"])
def test_a_stop_at_any_moment_of_a_step_leaves_the_checkpoint_before_it(optimizer, tiny, waves, inverse, tmp_path):
    """While its matrix is assembled, too: there are three blocks of points to look between."""
    problem = inverse if optimizer == "variable_projection" else waves()
    network = {} if optimizer == "levenberg_marquardt" else {"network": "random_features", "hidden_layers": [140]}
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
