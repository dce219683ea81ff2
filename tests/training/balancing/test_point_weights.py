"""Weights of single points: as their papers say, in the loss, on record, in checkpoints, and not in validation."""

from itertools import pairwise

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.networks.statement_equations import equations_of
from elastic_pinn.storage import read_snapshot
from elastic_pinn.training.balancing import WEIGHERS
from elastic_pinn.training.balancing.causality import causal
from elastic_pinn.training.balancing.points import Points
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.session import Session
from tests.storage.sameness import same

CAUSAL = {"causality": 1.0, "causal_slabs": 4}
EACH = [{"balancing": name} for name in WEIGHERS] + [CAUSAL, CAUSAL | {"balancing": "attention"}]

each_way = pytest.mark.parametrize("way", EACH, ids=lambda way: "-".join(way))


def session_of(config, problem=None) -> Session:
    return Session(config, problem or ep.problem_from(config))


def points_of(session, memory=None) -> Points:
    loss = Loss(session.problem, session.config)
    return Points(
        loss, session.problem, session.model, session.sampler.batches, session.config, {} if memory is None else memory
    )


def test_attention_is_a_running_mean_of_relative_misfits_of_which_squares_weigh(tiny):
    session = session_of(tiny(balance_memory=0.75))
    memory = {}
    points = points_of(session, memory)
    first = WEIGHERS["attention"](points)
    for name, squares in points.squares.items():
        expected = squares / squares.max()
        torch.testing.assert_close(first[name], expected / expected.mean())
        memory[name] = torch.ones_like(squares)
    second = WEIGHERS["attention"](points_of(session, memory))
    for name, squares in points.squares.items():
        expected = (0.75 + 0.25 * (squares / squares.max()).sqrt()).square()
        torch.testing.assert_close(second[name], expected / expected.mean())


def test_self_adaptive_weights_grow_as_the_loss_by_them_does(tiny):
    session = session_of(tiny(balance_rate=0.5, weight_initial=3.0))
    points = points_of(session, memory := {})
    found = WEIGHERS["self_adaptive"](points)
    weighted = {"interior": 1.0, "initial displacement": 3.0, "initial velocity": 3.0}
    of_terms = {s.name: points.weight(s) * points.squares[s.name] for s in points.statements}
    mean = torch.stack([each.mean() for each in of_terms.values()]).mean()
    for name, weight in weighted.items():
        counts = next(each.counts for each in points.statements if each.name == name)
        torch.testing.assert_close(found[name], 1.0 + 0.5 * weight * counts * points.squares[name] / mean)
    again = WEIGHERS["self_adaptive"](points_of(session, memory))
    torch.testing.assert_close(again["interior"] - found["interior"], found["interior"] - 1.0)


def test_rows_of_unit_norm_are_that_up_to_a_factor_of_their_term(tiny):
    session = session_of(tiny(precision="float64"))
    points = points_of(session)
    weights, model = WEIGHERS["row_norm"](points), session.model
    for statement in points.statements:
        equations = equations_of(statement, model.material(), points.batches[statement.name])
        rows = model.jacobian(equations.weighted(weights[statement.name]), model.last_layer)  # (N E, P)
        of_points = rows.square().sum(1).view(len(equations.target), -1).sum(1)
        torch.testing.assert_close(of_points, of_points[:1].expand_as(of_points))
        plain = model.jacobian(equations, model.last_layer).square().sum()
        torch.testing.assert_close(of_points.sum(), plain, msg="a term counts as much as before")


def test_least_squares_minimises_the_misfits_of_such_rows(tiny):
    config = tiny(
        stages=["last_layer"], balancing="row_norm", restart_every=1, steps=1, precision="float64", ridge=1e-13,
        initialization="features", hidden_layers=[30], activation="sin",
    )  # fmt: skip
    session = session_of(config)
    session.advance()
    misfits, jacobian = session.loss.system(session.model, session.points.batches, session.model.last_layer)
    for rows in session.loss.rows(session.model, session.points.batches).values():
        of_points = jacobian[rows].square().sum(1).view(-1, 2).sum(1)
        torch.testing.assert_close(of_points, of_points[:1].expand_as(of_points))
    assert (jacobian.T @ misfits).norm() < 1e-6 * jacobian.norm() * misfits.norm()


def test_later_slabs_wait_for_the_start_and_all_slabs_before(tiny):
    session = session_of(
        tiny(**CAUSAL, activation="tanh", sampling="uniform")
    )  # whose misfits leave weights above float32's least
    points = points_of(session)
    weights = causal(points)
    assert "initial displacement" not in weights and "initial velocity" not in weights
    interior = points.batches["interior"]
    scales, (first, last) = session.problem.scales, session.problem.domain.t
    t = interior.points[:, 2].double() * scales.time + scales.origin[2]
    slab = ((t - first) / (last - first) * 4).long().clamp(0, 3)
    start = sum(
        points.weight(s) * points.squares[s.name].mean().item() for s in points.statements if s.place.kind == "initial"
    )
    boundary = [s for s in points.statements if s.place.kind == "boundary"]
    before = start
    for k in range(4):
        np.testing.assert_allclose(weights["interior"][slab == k].numpy(), np.exp(-before), rtol=1e-4)
        before += points.squares["interior"][slab == k].mean().item()
        for each in boundary:
            batch = points.batches[each.name]
            at = batch.points[: len(batch.target), 2].double() * scales.time + scales.origin[2]
            in_slab = ((at - first) / (last - first) * 4).long().clamp(0, 3) == k
            if in_slab.any():
                before += points.weight(each) * points.squares[each.name][in_slab].mean().item()


@each_way
def test_the_loss_is_that_of_weighed_misfits_and_on_record(tiny, way):
    session = session_of(tiny(**way, balance_every=1, steps=4))
    row = session.advance()
    points = points_of(session)
    batches = session.points.batches
    weights = batches["interior"].weights
    assert row["loss/pde"] == pytest.approx((weights * points.squares["interior"]).mean().item(), rel=1e-4)
    assert row["point_weight/pde"] == pytest.approx(weights.mean().item(), rel=1e-5)
    assert row["point_weight_max/pde"] == pytest.approx(weights.max().item())
    assert weights.max() > weights.min()
    system, _ = session.loss.system(session.model, batches, session.parameters)
    assert system.square().sum().item() == pytest.approx(row["loss/total"], rel=1e-4)


@each_way
def test_a_restored_session_has_the_weights_and_changes_them_the_same(tiny, tmp_path, way):
    config = tiny(**way, balance_every=2, steps=8, checkpoint_every=5, keep_every=1)
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
    session = session_of(tiny(**way, balance_every=1))
    for _ in range(3):
        session.advance()
    fixed = session_of(tiny())
    fixed.model.load_state_dict(session.model.state_dict())
    assert session.validation_metrics() == fixed.validation_metrics()


@each_way
def test_from_weighed_points_no_plus_minus_follows_and_records_are_not_weighed(tiny, inverse, tmp_path, way):
    waves = {"network": "plane_waves", "hidden_layers": [12], "activation": "sin", "precision": "float64"}
    config = tiny(**way, **waves, steps=2)
    session = session_of(config, inverse)
    session.advance()
    assert session.points.batches["data"].weights is None
    fit = ep.train(config, tmp_path / "run", inverse).summary.fit
    told = "weighed by 'row_norm'" if way == {"balancing": "row_norm"} else "were adapted to the misfits, by"
    assert fit["verdict"] == "withheld" and told in fit["reason"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"balancing": "attention", "resample_every": 5}, "weighs each point by its past, and resample_every = 5, res"),
        ({"balancing": "self_adaptive", "stages": ["lbfgs"]}, "balancing = 'self_adaptive' would never have an effect"),
        ({"causality": 1.0, "stages": ["lbfgs"]}, "causality = 1.0 would never have an effect: lbfgs search"),
        ({"causality": 1.0, "monitor": "loss/total"}, "causality = 1 or minibatches = 1 change what it is of"),
        ({"balancing": "attention", "monitor": "loss/pde"}, "monitor = 'loss/pde': balancing = 'attention'"),
        ({"minibatches": 2, "monitor": "loss/total"}, "minibatches = 2 change what it is of"),
        ({"causality": 1.0, "weight_pde": 0.0, "weight_boundary": 0.0, "weight_initial": 0.0}, "no points to weigh"),
        ({"causality": 1.0, "monitor": "point_weight/pde"}, "no measure of this problem"),
    ],
)
def test_what_has_no_effect_or_no_meaning_is_refused(tiny, tmp_path, fields, told):
    with pytest.raises((ep.ConfigError, ValueError), match=told):
        ep.train(tiny(**fields), tmp_path / "run")
    assert not (tmp_path / "run" / "config.json").exists()


@pytest.mark.parametrize("way", [{"balancing": "row_norm"}, CAUSAL], ids=["row_norm", "causal"])
def test_points_that_moved_are_weighed_at_once(tiny, way):
    session = session_of(tiny(**way, balance_every=100, resample_every=2, steps=6))
    seen = []
    for _ in range(6):
        session.advance()
        seen.append(session.points.batches["interior"].weights)
    assert all(weights is not None for weights in seen)
    assert [torch.equal(one, other) for one, other in pairwise(seen)] == [True, False, True, False, True]


def test_terms_are_balanced_as_their_points_weigh(tiny):
    session = session_of(tiny(causality=3.0, balancing="gradient_norm", weight_pde=1.0))
    session._prepare()
    alone = session_of(tiny(balancing="gradient_norm"))
    alone._prepare()
    assert session.loss.weights["pde"] > 1.1 * alone.loss.weights["pde"], "later points hardly count by now"


@pytest.mark.parametrize(
    "changes",
    [{"interior_points": 33}, {"interior_points": 1}, {"sampling": "uniform"}, {"balancing": "self_adaptive"}],
)
def test_weights_of_other_points_or_another_way_are_not_taken_over(tiny, tmp_path, changes):
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
