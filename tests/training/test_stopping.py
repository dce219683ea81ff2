"""Training ends early for a stated reason, and only then."""

import math

import pytest

from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.stopping import Stopping, may_end_early


def hear(stopping: Stopping, *validations: float) -> list[str]:
    return [stopping.observe({"loss/validation": validation}) for validation in validations]


def test_without_being_asked_nothing_stops():
    assert hear(Stopping(TrainingConfig()), 1.0, *[2.0] * 100) == [""] * 101


def test_early_stopping_waits_its_patience_for_a_new_best():
    *before, last = hear(Stopping(TrainingConfig(early_stopping_patience=3)), 1.0, 2.0, 2.0, 0.9, 1.0, 0.9, 1.1)
    assert before == [""] * 6
    assert last.startswith("early stopping: no better validation loss than 0.9 in 3 validations")


def test_what_is_no_number_is_no_new_best():
    assert hear(Stopping(TrainingConfig(early_stopping_patience=2)), math.nan, math.nan)[1]


def test_a_reached_target_is_named_with_its_error():
    stopping = Stopping(TrainingConfig(target_error=0.01))
    assert stopping.observe({"loss/validation": 1.0, "error/displacement": 0.011}) == ""
    reason = stopping.observe({"loss/validation": 1.0, "error/displacement": 0.0099})
    assert reason == "target_error reached: 0.0099 <= 0.01"


def test_its_state_carries_the_best_and_the_waiting():
    config = TrainingConfig(early_stopping_patience=3)
    one, other = Stopping(config), Stopping(config)
    hear(one, 1.0, 2.0)
    other.load_state_dict(one.state_dict())
    assert hear(other, 1.5)[0] == ""
    assert hear(other, 1.5)[0] != ""


@pytest.mark.parametrize(
    ("changes", "early"),
    [
        ({"stages": ["adam"]}, False),
        ({"stages": ["adam"], "target_error": 0.1}, True),
        ({"stages": ["adam"], "early_stopping_patience": 3}, True),
        ({"stages": ["adam", "lbfgs"], "stage_steps": [10]}, True),
        ({"stages": ["lbfgs", "adam"], "stage_steps": [10]}, False),
        ({"stages": ["variable_projection"]}, True),
    ],
)
def test_only_a_criterion_or_the_optimizer_of_the_last_stage_may_end_a_run_before_its_last_step(changes, early):
    assert may_end_early(TrainingConfig(**changes)) is early
