"""Points move at all places, in training and through a checkpoint, by the residuals of the model there."""

from typing import get_args

import pytest
import torch
from numpy.random import default_rng

import elastic_pinn as ep
from elastic_pinn.physics import Displacement, Initial, Traction
from elastic_pinn.physics.solutions import StandingWaves
from elastic_pinn.storage import read_snapshot
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.sampling import Sampler
from elastic_pinn.training.sampling.moves import MOVES
from elastic_pinn.training.session import Session
from elastic_pinn.training.trained_model import TrainedModel
from tests.storage.sameness import same

EXACT = StandingWaves(2.0, 1.0, 1.0)
PLACES = ("interior", "boundary 0", "boundary 1", "initial displacement")

each_move = pytest.mark.parametrize("move", MOVES)


@pytest.fixture
def walled(waves):
    """A problem with two conditions and a start of two statements."""
    walls = (Displacement(EXACT, ("left", "right")), Traction(None, ("top", "bottom")))
    return waves(boundary=walls, initial=Initial.of(EXACT))


def sampler(problem, squares=None, move="r3", seed=0, **fields) -> Sampler:
    counts = {"interior_points": 400, "boundary_points": 200, "initial_points": 200}
    config = TrainingConfig(**(counts | {"resampling": move, "resample_every": 1} | fields))
    return Sampler(problem, config, {}, default_rng(seed), lambda batch: batch, squares)


def left(batches) -> dict[str, torch.Tensor]:
    """Squared misfits that are 1 in the first half of x, and 0 in the second."""
    return {name: (batch.points[:, 0] < 0).double() for name, batch in batches.items()}


def test_every_name_of_the_config_is_a_way_to_move_points():
    names = get_args(TrainingConfig.model_fields["resampling"].annotation)
    assert set(names) == {"fresh", *MOVES}


@each_move
def test_points_gather_at_each_place_where_the_residual_is_large(walled, move):
    moved = sampler(walled, left, move)
    before = {name: batch.points for name, batch in moved.batches.items()}
    for _ in range(5):
        moved.resample()
    for name in PLACES:
        even, now = ((points[:, 0] < 0).double().mean() for points in (before[name], moved.batches[name].points))
        assert len(moved.batches[name].points) == len(before[name])
        assert 0.4 < even < 0.6 and now > 0.7, name


@each_move
def test_moved_points_have_the_targets_and_normals_of_their_place(walled, move):
    moved = sampler(walled, left, move)
    moved.resample()
    scales, start = walled.scales, Initial.of(EXACT)
    points = {name: batch.points * batch.points.new_tensor(scales.units) + batch.points.new_tensor(scales.origin)
              for name, batch in moved.batches.items()}  # fmt: skip
    assert torch.equal(points["initial displacement"], points["initial velocity"])
    expected = {
        "boundary 0": EXACT(*points["boundary 0"].unbind(1)) / scales.displacement,
        "initial displacement": EXACT(*points["initial displacement"].unbind(1)) / scales.displacement,
        "initial velocity": start.velocity(*points["initial velocity"].unbind(1)) / scales.velocity,
    }
    for name, target in expected.items():
        torch.testing.assert_close(moved.batches[name].target, target, rtol=1e-10, atol=1e-10)
    top, normal = points["boundary 1"][:, 1] > 0.5, moved.batches["boundary 1"].normal
    assert (normal[top] == normal.new_tensor([0.0, 1.0])).all()
    assert (normal[~top] == normal.new_tensor([0.0, -1.0])).all()


def test_statements_of_one_place_move_its_points_together_by_the_sum_of_their_squares(walled):
    def of_velocity(batches):
        return {
            name: (batch.points[:, 0] < 0).double() * (name == "initial velocity") for name, batch in batches.items()
        }

    moved = sampler(walled, of_velocity)
    before = moved.batches["initial displacement"].points[:, :2]
    moved.resample()
    after = moved.batches["initial displacement"].points[:, :2]
    is_left = before[:, 0] < 0
    assert torch.equal(after[is_left], before[is_left]) and not (after[~is_left] == before[~is_left]).any()


def test_residuals_are_evaluated_once_at_each_present_point(walled):
    seen = []

    def squares(batches):
        seen.extend((name, len(batch.points)) for name, batch in batches.items())
        return left(batches)

    sampler(walled, squares).resample()
    counts = {"interior": 400, "boundary 0": 200, "boundary 1": 200}
    assert sorted(seen) == sorted((counts | {"initial displacement": 200, "initial velocity": 200}).items())


@each_move
def test_a_restored_sampler_has_the_moved_points_without_a_model_and_goes_on_the_same(walled, move):
    one, other = sampler(walled, left, move), sampler(walled, left, move, seed=9)
    one.resample()
    one.resample()
    without_a_model = sampler(walled, None, move)
    for restored in (other, without_a_model):
        restored.restore(one.state())
        assert same(restored.state(), one.state())
        assert same({name: batch.points for name, batch in restored.batches.items()},
                    {name: batch.points for name, batch in one.batches.items()})  # fmt: skip
    one.resample()
    other.resample()
    assert same(other.state(), one.state())


def test_another_number_of_points_draws_fresh_ones(walled):
    one, other = sampler(walled, left), sampler(walled, left, interior_points=30)
    one.resample()
    other.restore(one.state())
    assert len(other.batches["interior"].points) == 30
    assert "points" not in other.state()["sampler"] and other.draws == one.draws == 2


def test_points_that_were_moved_once_stay_where_they_are_when_moving_ends(walled):
    one, other = sampler(walled, left), sampler(walled, left, "fresh")
    one.resample()
    other.restore(one.state())
    assert torch.equal(other.batches["interior"].points, one.batches["interior"].points)
    other.resample()
    assert "points" not in other.state()["sampler"]


@each_move
def test_a_run_whose_points_were_drawn_evenly_goes_on_with_moved_ones(tiny, tmp_path, move):
    place, fields = tmp_path / "run", {"resample_every": 2, "checkpoint_every": 1, "keep_every": 1}
    ep.train(tiny(steps=3, **fields), place)
    run = ep.train(tiny(steps=6, resampling=move, **fields), place, resume="auto")
    states = {entry.header.step: read_snapshot(entry.path).state["sampler"] for entry in run.checkpoints()}
    assert {step: "points" in state for step, state in states.items()} == {
        0: False, 1: False, 2: False, 3: False, 4: False, 5: True, 6: True,
    }  # fmt: skip
    assert [state["draws"] for state in states.values()] == [1, 1, 1, 2, 2, 3, 3]


@each_move
def test_in_training_points_move_to_large_residuals_of_the_present_model(tiny, move):
    config = tiny(resampling=move, resample_every=3, interior_points=200)
    session = Session(config, ep.problem_from(config))
    even = session.sampler.batches
    for _ in range(3):
        session.advance()
    assert session.sampler.batches is even
    before = session.loss.squares(session.model, even)["interior"].mean()
    session._prepare()
    after = session.loss.squares(session.model, session.sampler.batches)["interior"].mean()
    assert after > 1.1 * before


def test_points_are_in_checkpoints_only_once_they_were_moved_and_an_assessment_has_them(tiny, tmp_path):
    run = ep.train(tiny(resampling="r3", resample_every=4, steps=6, checkpoint_every=3, keep_every=3), tmp_path / "run")
    states = [read_snapshot(entry.path).state["sampler"] for entry in run.checkpoints()]
    assert ["points" in state for state in states] == [False, False, True]
    problem = ep.problem_from(run.config)
    trained, session = TrainedModel.of(run.latest(), problem), Session(run.config, problem)
    session.restore(run.latest().snapshot)
    assert same({name: batch.points for name, batch in trained.batches.items()},
                {name: batch.points for name, batch in session.sampler.batches.items()})  # fmt: skip


def test_moves_without_a_step_at_which_they_happen_are_refused():
    with pytest.raises(ep.ConfigError, match="resampling = 'r3' moves points every resample_every steps, or with"):
        ep.Config(resampling="r3")


def test_moves_where_every_stage_keeps_its_points_are_refused(tiny, tmp_path):
    config = tiny(resampling="r3", resample_every=2, stages=["last_layer", "lbfgs"], stage_steps=[1])
    with pytest.raises(ep.ConfigError, match="would never have an effect: last_layer and lbfgs search for"):
        ep.train(config, tmp_path / "run")
    assert not (tmp_path / "run" / "config.json").exists()
