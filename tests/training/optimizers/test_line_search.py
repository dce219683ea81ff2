"""A step that meets the strong Wolfe conditions, from any first trial; the lowest point seen where there is none."""

import math

import pytest
import torch

from elastic_pinn.training.optimizers.line_search import Point, strong_wolfe

LINES = {  # functions of the step with a negative slope at 0; the first two are Moré's and Thuente's (1994)
    "minimum at 1.4": lambda t: -t / (t * t + 2),
    "minimum at 1.6": lambda t: (t + 0.004) ** 5 - 2 * (t + 0.004) ** 4,
    "parabola": lambda t: (t - 3) ** 2,
    "valley far away": lambda t: (t / 1e4 - 1) ** 4,
    "waves on a slope": lambda t: (t - 2) ** 2 - torch.sin(9 * t),
    "a pole": lambda t: torch.where(t < 2, (t - 1.5) ** 2 - 0.01 * torch.log(2 - t), math.nan),
}


def line(function):
    """The function as a line search sees it, and the steps at which it was looked at."""
    steps = []

    def at(step: float) -> Point:
        steps.append(step)
        t = torch.tensor(step, dtype=torch.float64, requires_grad=True)
        value = function(t)
        (slope,) = torch.autograd.grad(value, t)
        return Point(step, value.item(), slope.item(), slope)

    return at, steps


@pytest.mark.parametrize("first", [1e-6, 1e-2, 1.0, 50.0, 1e6])
@pytest.mark.parametrize("name", LINES)
def test_the_step_meets_the_strong_wolfe_conditions(name, first):
    at, steps = line(LINES[name])
    start = at(0.0)
    end = strong_wolfe(at, start, first)
    assert end == at(end.step) and end.step > 0
    assert end.loss <= start.loss + 1e-4 * end.step * start.slope
    assert abs(end.slope) <= 0.9 * abs(start.slope)
    assert len(steps) <= 2 + 25


def test_a_good_first_trial_costs_one_evaluation():
    at, steps = line(LINES["parabola"])
    assert strong_wolfe(at, at(0.0), 2.5).step == 2.5 and steps == [0.0, 2.5]


def test_one_interpolation_finds_the_minimum_of_a_parabola():
    at, steps = line(LINES["parabola"])
    assert strong_wolfe(at, at(0.0), 7.0).step == pytest.approx(3.0) and len(steps) == 3


@pytest.mark.parametrize("function", [lambda t: t.exp(), lambda t: t.square(), lambda t: 0 * t, lambda t: t / t])
def test_where_nothing_is_lower_the_start_comes_back(function):
    at, steps = line(function)
    start = Point(0.0, 1.0 if function(torch.tensor(0.0)) else 0.0, -1.0, torch.zeros(1))  # a slope that lies
    assert strong_wolfe(at, start, 1.0) is start
    assert len(steps) == 25


def test_without_end_the_farthest_and_lowest_point_comes_back():
    at, steps = line(lambda t: -t)
    assert strong_wolfe(at, at(0.0), 1.0).step == max(steps) > 1e7


def test_what_overflows_counts_as_too_far():
    at, _ = line(lambda t: torch.where(t < 1e-3, (1e3 * t - 0.5).square(), math.nan))
    assert strong_wolfe(at, at(0.0), 1.0).loss < 0.25


def test_at_a_kink_the_search_ends_with_the_lowest_point_when_no_room_is_left():
    at, steps = line(lambda t: torch.where(t < 1, 1 - t, t - 1))  # which never flattens
    end = strong_wolfe(at, at(0.0), 1e-3)
    assert end.step == 1.0 and max(step for step in steps if step < 1.0) > 1.0 - 1e-13
