"""An optimizer with a line search keeps its points and weights, until it restarts with others."""

from copy import deepcopy
from itertools import pairwise

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.storage import Snapshot, read_snapshot
from elastic_pinn.training.session import Session
from elastic_pinn.training.step_objective import StepCancelled

RESTARTING = {"stages": ["lbfgs"], "restart_every": 3, "steps": 7}


def points(session) -> torch.Tensor:
    return session.points.batches["interior"].points


def session_of(config) -> Session:
    return Session(config, ep.problem_from(config))


@pytest.mark.parametrize("resampling", ["fresh", "r3"])
def test_points_move_at_each_restart_and_never_between(tiny, resampling):
    session = session_of(tiny(**RESTARTING, resampling=resampling))
    seen = []
    for _ in range(7):
        session.advance()
        seen.append(points(session))
    moved = [not torch.equal(one, other) for one, other in pairwise(seen)]
    assert moved == [False, False, True, False, False, True]


def test_a_restart_forgets_the_curvature(tiny):
    session = session_of(tiny(**RESTARTING))
    for _ in range(3):
        session.advance()
    before = session.objective.position()
    session._prepare()
    assert not any(session.optimizer.state.values())
    assert torch.equal(session.objective.position(), before)


def test_a_stage_begins_with_points_of_its_own(tiny):
    config = tiny(stages=["adam", "lbfgs"], stage_steps=[2], restart_every=10, steps=4)
    session = session_of(config)
    for _ in range(2):
        session.advance()
    before = points(session)
    session.advance()
    assert not torch.equal(points(session), before)


def test_a_stage_that_can_do_no_more_with_its_points_restarts_with_others(tiny):
    solve = {
        "stages": ["last_layer"], "precision": "float64", "initialization": "features", "hidden_layers": [6],
        "activation": "sin", "steps": 9,
    }  # fmt: skip
    alone, again = session_of(tiny(**solve)), session_of(tiny(**solve, restart_every=100, resampling="r3"))
    while not alone.is_over:
        alone.advance()
    assert alone.step < 9
    seen = []
    while not again.is_over:
        again.advance()
        seen.append(points(again))
    moves = sum(not torch.equal(one, other) for one, other in pairwise(seen))
    assert len(seen) == 9 and moves >= 8 // alone.step


@pytest.mark.parametrize("fields", [{}, {"resampling": "r3"}, {"balancing": "attention"}])
def test_a_resumed_run_restarts_at_the_same_steps(tiny, tmp_path, fields):
    config = tiny(**RESTARTING, **fields, checkpoint_every=3, keep_every=1)
    run = ep.train(config, tmp_path / "run")
    for checkpoint in run.checkpoints()[1:3]:
        session = session_of(config)
        session.restore(read_snapshot(checkpoint.path))
        while not session.is_over:
            session.advance()
        for column, values in session.history.columns().items():
            assert column == "wall_s" or np.array_equal(values, run.history()[column], equal_nan=True), column


def test_weights_change_at_each_restart(tiny, tmp_path):
    history = ep.train(tiny(**RESTARTING | {"steps": 10}, balancing="relobralo"), tmp_path / "run").history()
    weights = history["weight/initial"].to_numpy()
    assert [a != b for a, b in pairwise(weights)] == [False, False, True, False, False, True, False, False, True]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"restart_every": 3}, "restart_every = 3 would never have an effect: none of .'adam'. searches along lines"),
        ({"sampling": "grid", "resample_every": 3}, "sampling = 'grid' has no other points"),
        ({"stages": ["lbfgs"], "restart_every": 2, "balancing": "attention", "resampling": "r3"}, "by its past"),
        ({"resampling": "r3"}, "moves points every resample_every steps, or with a line search every restart_every"),
    ],
)
def test_what_has_no_effect_is_refused(tiny, tmp_path, fields, told):
    with pytest.raises((ep.ConfigError, ValueError), match=told):
        ep.train(tiny(**fields), tmp_path / "run")


def test_a_grid_has_as_many_points_along_each_axis_and_validation_has_others(tiny):
    session = session_of(tiny(sampling="grid", interior_points=30, validation_points=27))
    found = session.sampler.batches["interior"].points
    assert len(found) == 27 and all(len(found[:, axis].unique()) == 3 for axis in range(3))
    held_out = session.validation._batches["interior"].points
    assert len(held_out) == 27 and not any(torch.equal(a, b) for a in found for b in held_out)


@pytest.mark.parametrize("fields", [{"sampling": "grid"}, {"balancing": "attention"}])
def test_points_stay_where_there_are_no_others_or_their_past_counts(tiny, fields):
    session = session_of(tiny(**RESTARTING | {"steps": 10}, **fields))
    before, largest = session.sampler.batches["interior"].points, []
    for _ in range(10):
        largest.append(session.advance().get("point_weight_max/initial"))
    assert torch.equal(points(session), before)
    if "balancing" in fields:
        changes = [one != other for one, other in pairwise(largest)]
        assert changes == [False, False, True] * 3, "their weights change at each restart"


def test_a_search_for_a_material_is_not_restarted(tiny, inverse, tmp_path):
    config = tiny(
        stages=["variable_projection"], restart_every=2, network="plane_waves", hidden_layers=[12], activation="sin",
        precision="float64",
    )  # fmt: skip
    with pytest.raises(ep.ConfigError, match="variable_projection is at its end where it has converged"):
        ep.train(config, tmp_path / "run", inverse)


def test_a_step_that_was_cancelled_is_made_again_on_the_points_that_it_had(tiny):
    config = tiny(stages=["levenberg_marquardt"], restart_every=3, steps=7, precision="float64")
    whole, stopped = session_of(config), session_of(config)
    for _ in range(3):
        whole.advance()
        stopped.advance()
    with pytest.raises(StepCancelled):
        stopped.advance(lambda: True)
    snapshot = Snapshot(
        config=config.to_json(), step=stopped.step, stage=0, generation=0, metrics={},
        weights=deepcopy(stopped.model.state_dict()),
        state=deepcopy(stopped.state()), history=deepcopy(stopped.history), metric_id=stopped.validation.metric_id,
    )  # fmt: skip
    resumed = session_of(config)
    resumed.restore(snapshot)
    for session in (whole, stopped, resumed):
        session.advance()
    assert torch.equal(points(whole), points(stopped)) and torch.equal(points(whole), points(resumed))
    assert torch.equal(whole.objective.position(), resumed.objective.position())
    assert whole.sampler.draws == stopped.sampler.draws == resumed.sampler.draws == 2
