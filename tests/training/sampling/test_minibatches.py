"""Minibatches: each step takes the next part of all points, divided anew after the last, the same after a resume."""

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.storage import read_snapshot
from elastic_pinn.training.sampling import Minibatches
from elastic_pinn.training.seeds import Seeds
from elastic_pinn.training.session import Session
from tests.plates import PLATE


def taken(session) -> dict[str, torch.Tensor]:
    return {name: batch.points for name, batch in session.points.batches.items()}


def rows(points) -> set[tuple[float, ...]]:
    return {tuple(point) for point in points.tolist()}


def test_an_epoch_takes_each_point_once_and_the_next_divides_them_anew(tiny):
    config = tiny(minibatches=3, steps=20)
    session = Session(config, ep.problem_from(config))
    every = {name: rows(batch.points) for name, batch in session.sampler.batches.items()}
    epochs = []
    for _ in range(2):
        parts = []
        for _ in range(3):
            parts.append({name: rows(points) for name, points in taken(session).items()})
            session.advance()
        for name, points in every.items():
            sizes = [len(part[name]) for part in parts]
            assert set().union(*(part[name] for part in parts)) == points and sum(sizes) == len(points), name
            assert max(sizes) - min(sizes) <= 1
        epochs.append(parts)
    assert epochs[0][0] != epochs[1][0]


def test_a_step_is_that_of_its_part_alone_and_its_row_is_of_the_next(tiny):
    config = tiny(minibatches=2, stages=["sgd"], momentum=0.0, learning_rate=1e-3, steps=3)
    session = Session(config, ep.problem_from(config))
    part = session.points.batches
    start = [parameter.detach().clone() for parameter in session.parameters]
    total = session.loss(session.model, part)["total"]
    gradients = torch.autograd.grad(total, session.parameters, allow_unused=True, materialize_grads=True)
    row = session.advance()
    for before, gradient, now in zip(start, gradients, session.parameters, strict=True):
        torch.testing.assert_close(now.detach(), before - 1e-3 * gradient)
    with torch.no_grad():
        expected = session.loss(session.model, session.points.batches)["total"].item()
    assert row["loss/total"] == pytest.approx(expected, rel=1e-6)
    assert rows(session.points.batches["interior"].points).isdisjoint(rows(part["interior"].points))


def test_a_line_search_takes_all_points(tiny):
    config = tiny(minibatches=2, stages=["adam", "lbfgs"], stage_steps=[3], steps=6)
    session = Session(config, ep.problem_from(config))
    for _ in range(4):
        session.advance()
    assert len(session.points.batches["interior"].target) == config.interior_points
    row = session.advance()
    with torch.no_grad():
        assert row["loss/total"] == pytest.approx(session.loss(session.model, session.sampler.batches)["total"].item())


@pytest.mark.parametrize("fields", [{}, {"resample_every": 3}, {"balancing": "attention", "balance_every": 2}])
def test_a_resumed_run_takes_the_same_parts(tiny, tmp_path, fields):
    config = tiny(minibatches=3, steps=9, checkpoint_every=5, keep_every=1, **fields)
    run = ep.train(config, tmp_path / "run")
    session = Session(config, ep.problem_from(config))
    session.restore(read_snapshot(run.checkpoints()[1].path))
    assert session.step == 5
    for _ in range(4):
        session.advance()
    for column, values in session.history.columns().items():
        assert column == "wall_s" or np.array_equal(values, run.history()[column], equal_nan=True), column


def test_tied_points_stay_together(tiny):
    config = ep.Config(
        **PLATE, sides=["periodic", "periodic", "free", "free"], interior_points=12, boundary_points=9,
        initial_points=9, hidden_layers=[8],
    )  # fmt: skip
    session = Session(config, ep.problem_from(config))
    parts = Minibatches(3, Seeds.of(0))
    name = next(n for n, b in session.sampler.batches.items() if len(b.points) > len(b.target))
    whole, found = session.sampler.batches[name], []
    pairs = {tuple(pair.flatten().tolist()) for pair in torch.stack(whole.points.chunk(2), dim=1)}
    for step in range(3):
        part = parts.of_step(step, {name: whole})[name]
        found += [tuple(pair.flatten().tolist()) for pair in torch.stack(part.points.chunk(2), dim=1)]
    assert set(found) == pairs and len(found) == len(pairs)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"minibatches": 1000}, "minibatches = 1000: interior has"),
        ({"minibatches": 2, "stages": ["lbfgs"]}, "minibatches = 2 would never have an effect"),
    ],
)
def test_too_many_or_none_that_are_taken_are_refused(tiny, tmp_path, fields, told):
    with pytest.raises(ep.ConfigError, match=told):
        ep.train(tiny(**fields), tmp_path / "run")
