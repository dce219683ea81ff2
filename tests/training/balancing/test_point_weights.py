"""Weights of single points: as their papers say, in the loss, on record, in checkpoints, and not in validation."""

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.storage import read_snapshot
from elastic_pinn.training.balancing import WEIGHERS
from elastic_pinn.training.balancing.points import Points
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.session import Session
from tests.storage.sameness import same

each_way = pytest.mark.parametrize("way", WEIGHERS)


def session_of(config, problem=None) -> Session:
    return Session(config, problem or ep.problem_from(config))


def points_of(session, memory=None) -> Points:
    loss = Loss(session.problem, session.config)
    return Points(loss, session.model, session.sampler.batches, session.config, {} if memory is None else memory)


def test_attention_is_a_running_mean_of_relative_misfits_of_which_squares_weigh(tiny):
    session = session_of(tiny(balance_memory=0.75))
    memory = {}
    points = points_of(session, memory)
    first = WEIGHERS["attention"](points)
    for name, squares in points.squares().items():
        expected = squares / squares.max()
        torch.testing.assert_close(first[name], expected / expected.mean())
        memory[name] = torch.ones_like(squares)
    second = WEIGHERS["attention"](points_of(session, memory))
    for name, squares in points.squares().items():
        expected = (0.75 + 0.25 * (squares / squares.max()).sqrt()).square()
        torch.testing.assert_close(second[name], expected / expected.mean())


@each_way
def test_the_loss_is_that_of_weighed_misfits_and_on_record(tiny, way):
    session = session_of(tiny(balancing=way, balance_every=1, steps=4))
    row = session.advance()
    points = points_of(session)
    batches = session.points.batches
    weights = batches["interior"].weights
    assert row["loss/pde"] == pytest.approx((weights * points.squares()["interior"]).mean().item(), rel=1e-4)
    assert row["point_weight/pde"] == pytest.approx(weights.mean().item(), rel=1e-5)
    assert row["point_weight_max/pde"] == pytest.approx(weights.max().item())
    assert weights.max() > weights.min()
    system, _ = session.loss.system(session.model, batches, session.parameters)
    assert system.square().sum().item() == pytest.approx(row["loss/total"], rel=1e-4)


@each_way
def test_a_restored_session_has_the_weights_and_changes_them_the_same(tiny, tmp_path, way):
    config = tiny(balancing=way, balance_every=2, steps=8, checkpoint_every=5, keep_every=1)
    run = ep.train(config, tmp_path / "run")
    session = session_of(config)
    session.restore(read_snapshot(run.checkpoints()[1].path))
    assert session.step == 5
    for _ in range(3):
        session.advance()
    assert same(session.state()["balancing"], run.latest().snapshot.state["balancing"])
    for column, values in session.history.columns().items():
        assert column == "wall_s" or np.array_equal(values, run.history()[column], equal_nan=True), column


@each_way
def test_the_validation_has_the_configs_weights(tiny, way):
    session = session_of(tiny(balancing=way, balance_every=1))
    for _ in range(3):
        session.advance()
    fixed = session_of(tiny())
    fixed.model.load_state_dict(session.model.state_dict())
    assert session.validation_metrics() == fixed.validation_metrics()


@each_way
def test_from_weighed_points_no_plus_minus_follows_and_records_are_not_weighed(tiny, inverse, tmp_path, way):
    waves = {"network": "plane_waves", "hidden_layers": [12], "activation": "sin", "precision": "float64"}
    config = tiny(balancing=way, **waves, steps=2)
    session = session_of(config, inverse)
    session.advance()
    assert session.points.batches["data"].weights is None
    fit = ep.train(config, tmp_path / "run", inverse).summary.fit
    assert fit["verdict"] == "withheld" and f"were adapted to the misfits, by {way!r}" in fit["reason"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"balancing": "attention", "resample_every": 5}, "weighs each point by its past, and resample_every = 5, res"),
        (
            {"balancing": "attention", "stages": ["lbfgs"]},
            "balancing = 'attention' would never have an effect: lbfgs s",
        ),
        ({"balancing": "attention", "monitor": "loss/pde"}, "monitor = 'loss/pde': balancing = 'attention'"),
        ({"minibatches": 2, "monitor": "loss/total"}, "minibatches = 2 change what it is of"),
        (
            {"balancing": "attention", "weight_pde": 0.0, "weight_boundary": 0.0, "weight_initial": 0.0},
            "no points to weigh",
        ),
        ({"balancing": "attention", "monitor": "point_weight/pde"}, "no measure of this problem"),
    ],
)
def test_what_has_no_effect_or_no_meaning_is_refused(tiny, tmp_path, fields, told):
    with pytest.raises((ep.ConfigError, ValueError), match=told):
        ep.train(tiny(**fields), tmp_path / "run")
    assert not (tmp_path / "run" / "config.json").exists()


@pytest.mark.parametrize("changes", [{"interior_points": 33}, {"interior_points": 1}, {"sampling": "uniform"}])
def test_weights_of_other_points_are_not_taken_over(tiny, tmp_path, changes):
    ep.train(tiny(balancing="attention", steps=3), tmp_path / "run")
    config = tiny(**{"balancing": "attention", "steps": 5} | changes)
    session = session_of(config)
    session.restore(read_snapshot(ep.Run(tmp_path / "run").latest().path))
    assert session.points.batches["interior"].weights is None
    expected = WEIGHERS[config.balancing](points_of(session))
    session._prepare()
    for name, weights in expected.items():
        torch.testing.assert_close(session.points.batches[name].weights, weights)
    session.advance()
