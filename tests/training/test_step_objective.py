"""The evaluations of an optimizer in a step, and the reason why none has a lower loss."""

import math

import pytest
import torch
from torch import nn

from elastic_pinn.training.step_objective import StepObjective


class Slope:
    """An objective over one parameter x, of which the value and the gradient are given."""

    system = blocks = blocks_beside = waveforms = curvature = None  # it has no misfits
    search_bound, better_start = math.inf, None

    def __init__(self, value, gradient: float, start: float = 1.0) -> None:
        self.x, self._value, self._gradient = nn.Parameter(torch.tensor([start]).double()), value, gradient

    def __call__(self):
        return self._value(self.x.detach()[0])

    def position(self):
        return self.x.detach().clone()

    def gradient_norm(self) -> float:
        return self._gradient


def after(objective: Slope, *steps: float) -> StepObjective:
    """A step objective after evaluations at some steps from the start, back at the start."""
    step_objective = StepObjective(objective)
    for step in steps:
        with torch.no_grad():
            objective.x += step
            step_objective()
            objective.x -= step
    return step_objective


def test_each_evaluation_is_recorded_with_its_length_and_its_change_of_the_loss():
    step_objective = after(Slope(lambda x: 3 * x, 3.0), 0.5, -0.25)
    assert step_objective.evaluations == [(0.5, 1.5), (0.25, -0.75)]
    assert not step_objective.moved


def test_an_evaluation_at_the_start_is_not_recorded():
    assert after(Slope(lambda x: 3 * x, 3.0), 0.0).evaluations == []


def test_a_changed_parameter_is_a_move():
    objective = Slope(lambda x: x, 1.0)
    step_objective = StepObjective(objective)
    with torch.no_grad():
        objective.x += 1e-15
    assert step_objective.moved


@pytest.mark.parametrize(
    ("objective", "steps", "reason"),
    [
        (Slope(lambda x: x, 0.0), (), "the gradient is zero (loss 1, gradient norm 0)"),
        (
            Slope(lambda x: x, 1e-20),
            (0.0, 1e-20),
            "the steps that it tried are too short to change a parameter (loss 1, gradient norm 1e-20)",
        ),
        (Slope(lambda x: x, 2.0), (0.0,), "its direction does not lead down (loss 1, gradient norm 2)"),
        (
            Slope(lambda x: 1 + 1e-4 * (x - 1) ** 2, 2e-9),
            (1e-4, 1e-7),
            "the loss changes by no more than rounding error (loss 1, gradient norm 2e-09; trials: 2, the best "
            "1e-07 long with +0 in loss, the shortest 1e-07 long with +0 in loss)",
        ),
        (
            Slope(lambda x: 2 + abs(x - 1), 3.0),
            (1.0, 0.125, 0.25),
            "no lower loss where it looked (loss 2, gradient norm 3; trials: 3, the best 0.12 long with +0.12 in "
            "loss, the shortest 0.12 long with +0.12 in loss)",
        ),
        (
            Slope(lambda x: torch.where(x < 1.5, x, torch.nan), 3.0),
            (1.0, 0.25),
            "no lower loss where it looked (loss 1, gradient norm 3; trials: 2, the best 0.25 long with +0.25 in "
            "loss, the shortest 0.25 long with +0.25 in loss)",
        ),
    ],
)
def test_the_reason_is_explained_with_numbers(objective, steps, reason):
    assert after(objective, *steps).explain() == reason
