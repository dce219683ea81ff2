"""Points lie where their term counts, carry what should be there, and come again from a state."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from elastic_pinn import Config, train
from elastic_pinn.physics import Disc, Displacement, Domain, Initial, Material, Plate, Problem, Rectangle, Traction
from elastic_pinn.physics.data import recorded
from elastic_pinn.physics.solutions import StandingWaves
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.sampling import Sampler, draw_evenly, split_data, unit_points
from tests.benchmarks.validation import ROWS

EXACT = StandingWaves(2.0, 1.0, 1.0)
METHODS = ("latin_hypercube", "uniform", "sobol", "chebyshev")
each_method = pytest.mark.parametrize("method", METHODS)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def push(x, y, t):
    return torch.stack([x + 10, y * t], dim=1)


@pytest.fixture
def loaded(waves):
    """A problem with every kind of part, in a window off the origin."""
    walls = (Displacement(EXACT, ("left",)), Traction(push, ("right", "top")), Traction(None, ("bottom",)))
    domain = Domain((1.0, 3.0), (-1.0, 0.0), (0.5, 1.5))
    return waves(domain=domain, boundary=walls, initial=Initial.of(EXACT), force=push, displacement_scale=2.0)


def in_si(problem, points: torch.Tensor) -> torch.Tensor:
    scales = problem.scales
    return points * points.new_tensor(scales.units) + points.new_tensor(scales.origin)


def sampler(problem, seed: int = 0, **fields) -> Sampler:
    config = TrainingConfig(**({"interior_points": 12, "boundary_points": 6, "initial_points": 6} | fields))
    return Sampler(problem, config, {}, rng(seed), lambda batch: batch)


def same(one, other) -> bool:
    assert one.keys() == other.keys()
    return all(torch.equal(one[name].points, other[name].points) for name in one)


@each_method
@pytest.mark.parametrize("n", [1, 2, 7, 64])
def test_unit_points_are_as_many_as_asked_for_and_in_the_cube(method, n):
    points = unit_points(method, n, 3, rng())
    assert points.shape == (n, 3) and points.dtype == torch.float64
    assert (points >= 0).all() and (points <= 1).all()


def test_a_latin_hypercube_has_one_point_in_each_slice_of_each_axis():
    cells = (unit_points("latin_hypercube", 20, 3, rng()) * 20).long()
    assert all(sorted(cells[:, axis].tolist()) == list(range(20)) for axis in range(3))


def test_sobol_points_are_balanced():
    cells = (unit_points("sobol", 64, 2, rng()) * 8).long()
    assert len({tuple(cell) for cell in cells.tolist()}) == 64, "one in each of 8 x 8 cells"


@each_method
def test_all_randomness_is_in_the_generators_state(method):
    generator = rng()
    unit_points(method, 9, 3, generator)
    state = generator.bit_generator.state
    drawn = [unit_points(method, 9, 3, generator) for _ in range(3)]
    other = rng(5)
    other.bit_generator.state = state
    again = [unit_points(method, 9, 3, other) for _ in range(3)]
    assert all(torch.equal(a, b) for a, b in zip(drawn, again, strict=True))
    assert not torch.equal(drawn[0], drawn[1])


@each_method
def test_points_lie_where_their_term_counts(loaded, method):
    batches = draw_evenly(loaded, {"interior": 40, "boundary": 30, "initial": 20}, method, rng())
    points = {name: in_si(loaded, batch.points) for name, batch in batches.items()}
    assert {name: len(p) for name, p in points.items()} == {
        "interior": 40,
        "boundary 0": 30,
        "boundary 1": 30,
        "boundary 2": 30,
        "initial displacement": 20,
        "initial velocity": 20,
    }
    low, high = loaded.domain.low - 1e-12, loaded.domain.high + 1e-12
    assert all(((low <= p) & (p <= high)).all() for p in points.values())
    assert (points["boundary 0"][:, 0] - 1.0).abs().max() < 1e-12
    right, top = (points["boundary 1"][:, 0] - 3.0).abs() < 1e-12, (points["boundary 1"][:, 1] - 0.0).abs() < 1e-12
    assert (right | top).all() and right.any() and top.any()
    assert (points["boundary 2"][:, 1] + 1.0).abs().max() < 1e-12
    for name in ("initial displacement", "initial velocity"):
        assert (points[name][:, 2] - 0.5).abs().max() < 1e-12


def test_targets_are_the_given_values_in_the_problems_units(loaded):
    batches, scales = (
        draw_evenly(loaded, {"interior": 40, "boundary": 30, "initial": 20}, "uniform", rng()),
        loaded.scales,
    )
    at = {name: in_si(loaded, batch.points).unbind(1) for name, batch in batches.items()}
    expected = {
        "interior": push(*at["interior"]) / scales.force,
        "boundary 0": EXACT(*at["boundary 0"]) / 2.0,
        "boundary 1": push(*at["boundary 1"]) / scales.stress,
        "boundary 2": torch.zeros(30, 2, dtype=torch.float64),
        "initial displacement": EXACT(*at["initial displacement"]) / 2.0,
        "initial velocity": Initial.of(EXACT).velocity(*at["initial velocity"]) / scales.velocity,
    }
    for name, target in expected.items():
        torch.testing.assert_close(batches[name].target, target, rtol=1e-10, atol=1e-10)


def test_points_on_a_boundary_carry_the_outward_normal(loaded):
    batches = draw_evenly(loaded, {"interior": 4, "boundary": 30, "initial": 4}, "uniform", rng())
    on_right = (in_si(loaded, batches["boundary 1"].points)[:, 0] - 3.0).abs() < 1e-12
    normal = batches["boundary 1"].normal
    assert (normal[on_right] == torch.tensor([1.0, 0.0])).all() and (
        normal[~on_right] == torch.tensor([0.0, 1.0])
    ).all()
    assert batches["interior"].normal.shape == (0, 2)


@each_method
def test_a_sampler_restored_from_its_state_has_the_same_points_and_goes_on_the_same(waves, method):
    one, other = sampler(waves(), sampling=method), sampler(waves(), sampling=method, seed=9)
    one.resample()
    one.resample()
    other.restore(one.state())
    assert same(other.batches, one.batches) and other.draws == one.draws == 3
    one.resample()
    other.resample()
    assert same(other.batches, one.batches) and other.draws == one.draws == 4


def test_fresh_points_are_other_points(waves):
    one = sampler(waves())
    before = one.batches
    one.resample()
    assert not any(torch.equal(one.batches[name].points, batch.points) for name, batch in before.items())


def test_samples_are_held_out_once_and_none_is_lost(inverse):
    training, held_out = (part["data"] for part in split_data(inverse, 0.25, rng()))
    assert (len(training.points), len(held_out.points)) == (15, 5)
    both = torch.cat([training.points, held_out.points])
    assert len({tuple(point) for point in both.tolist()}) == 20
    file = inverse.receivers
    recorded = {
        (*xy, t): tuple(u)
        for xy, us in zip(file.xy, file.displacement, strict=True)
        for t, u in zip(file.time, us, strict=True)
    }
    where = in_si(inverse, both)
    found = torch.cat([training.target, held_out.target]) * inverse.scales.displacement
    for point, u in zip(where.tolist(), found.tolist(), strict=True):
        [key] = [key for key in recorded if np.allclose(key, point, atol=1e-9)]
        assert u == pytest.approx(recorded[key], rel=1e-12)


def test_each_statement_on_records_has_samples_of_its_own_and_keeps_some_of_them_back(inverse):
    velocity = recorded(replace(inverse.receivers, velocity=inverse.receivers.displacement, displacement=None))
    both = replace(inverse)
    vars(both)["statements"] = (*inverse.statements, replace(velocity, name="velocity data"))
    training, held_out = split_data(both, 0.25, rng())
    assert list(training) == list(held_out) == ["data", "velocity data"]
    assert [(len(training[name].points), len(held_out[name].points)) for name in training] == [(15, 5), (15, 5)]
    alone = split_data(inverse, 0.25, rng())[0]["data"]
    assert torch.equal(training["data"].points, alone.points), "further records leave the first ones as they are"
    found = torch.cat([training["velocity data"].target, held_out["velocity data"].target])
    expected = torch.from_numpy(inverse.receivers.displacement).reshape(-1, 2) / inverse.scales.velocity
    torch.testing.assert_close(found.sort(0).values, expected.sort(0).values)


@pytest.mark.parametrize(("fraction", "sizes"), [(0.0, (20, 20)), (0.001, (19, 1)), (0.999, (1, 19))])
def test_neither_training_nor_validation_is_left_without_data(inverse, fraction, sizes):
    training, held_out = (part["data"] for part in split_data(inverse, fraction, rng()))
    assert (len(training.points), len(held_out.points)) == sizes


def test_without_receivers_there_is_no_data(waves):
    assert split_data(waves(), 0.1, rng()) == ({}, {})


def near_ends(values: torch.Tensor) -> float:
    """The part of values that lie within a twentieth of their range of its ends."""
    low, high = values.min(), values.max()
    return float((((values - low) / (high - low) - 0.5).abs() > 0.45).double().mean())


ALL_WITH_ENDS = {"interior_points": 4000, "boundary_points": 4000, "initial_points": 4000}
BY_ARCSINE = 4.0 / math.pi * math.asin(math.sqrt(0.05))  # twice the distribution's value at a twentieth: 0.287


def test_chebyshev_points_have_the_arcsine_density_along_sides_and_over_time(loaded):
    batches = sampler(loaded, sampling="chebyshev", **ALL_WITH_ENDS).batches
    side, start = batches["boundary 0"].points, batches["initial displacement"].points  # of the side on the left
    inside = batches["interior"].points
    for values in (side[:, 1], side[:, 2], start[:, 0], start[:, 1], *inside.T):
        assert near_ends(values) == pytest.approx(BY_ARCSINE, abs=0.01)


def test_chebyshev_points_are_dense_at_the_corner_between_two_sides_of_one_condition(loaded):
    points = sampler(loaded, sampling="chebyshev", **ALL_WITH_ENDS).batches["boundary 1"].points  # right and top
    points = in_si(loaded, points)
    right, top = points[points[:, 0] > 2.999999], points[points[:, 1] > -1e-6]
    assert near_ends(right[:, 1]) == pytest.approx(BY_ARCSINE, abs=0.02)
    assert near_ends(top[:, 0]) == pytest.approx(BY_ARCSINE, abs=0.02)


def test_chebyshev_points_are_even_around_a_rim_which_has_no_ends():
    shape = Plate(Rectangle((-1.0, 1.0), (-1.0, 1.0)), [Disc((0.0, 0.0), 0.5)])
    at_rest = Initial(lambda x, y, t: (x, y))
    problem = Problem(
        Domain(shape=shape, t=(0.0, 1.0)), Material(1.0, 1.0, 1.0), [Traction(sides=("hole 1",))], at_rest
    )
    points = sampler(problem, sampling="chebyshev", **ALL_WITH_ENDS).batches["boundary 0"].points
    assert near_ends(torch.atan2(points[:, 1], points[:, 0])) == pytest.approx(0.1, abs=0.01)
    assert near_ends(points[:, 2]) == pytest.approx(BY_ARCSINE, abs=0.01)


def test_points_of_the_validation_are_even_whatever_trains(loaded):
    batches = draw_evenly(loaded, dict.fromkeys(("interior", "boundary", "initial"), 4000), "chebyshev", rng())
    assert near_ends(batches["boundary 0"].points[:, 1]) == pytest.approx(0.1, abs=0.01)


@pytest.mark.slow
def test_with_chebyshev_points_a_wavefield_of_many_amplitudes_is_not_wrong_between_them(tmp_path):
    """About as many equations as amplitudes: the loss beside the points is that at them, within 50 times."""
    row = next(row for row in ROWS if row.name == "lame-modes")
    few = {"hidden_layers": [800], "boundary_points": 400, "initial_points": 260}

    def ratio(sampling: str) -> float:
        run = train(Config(**row.fields | few | {"sampling": sampling}), tmp_path / sampling, row.problem(1.0))
        return run.summary.metrics["loss/validation"] / run.summary.metrics["loss/total"]

    assert ratio("chebyshev") < 50.0 < 200.0 < ratio("sobol")
