"""Learning rates are those of their formulas."""

import math

import pytest

from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.schedules import Schedule


def rates(n: int = 12, length: int = 12, **fields) -> list[float]:
    schedule = Schedule(TrainingConfig(**({"learning_rate": 0.1} | fields)), length)
    return [schedule.rate(step) for step in range(n)]


def heard(schedule: Schedule, *validations: float) -> float:
    """The rate after some validations."""
    for validation in validations:
        schedule.observe(validation)
    return schedule.rate(1000)


def plateau(**fields) -> Schedule:
    return Schedule(
        TrainingConfig(learning_rate=0.1, schedule="plateau", decay_rate=0.5, plateau_patience=2, **fields), 5000
    )


def test_constant_is_constant():
    assert rates() == [0.1] * 12


def test_exponential_falls_by_its_factor_smoothly():
    expected = [0.1 * 0.5 ** (step / 4) for step in range(12)]
    assert rates(schedule="exponential", decay_rate=0.5, decay_every=4) == pytest.approx(expected)


def test_step_falls_by_its_factor_at_once():
    assert rates(schedule="step", decay_rate=0.5, decay_every=4) == pytest.approx([0.1] * 4 + [0.05] * 4 + [0.025] * 4)


def test_cosine_falls_to_zero_over_the_stage():
    expected = [0.05 * (1 + math.cos(math.pi * step / 12)) for step in range(12)]
    assert rates(schedule="cosine") == pytest.approx(expected)
    assert rates(13, schedule="cosine")[12] == 0.0


def test_plateau_falls_after_its_patience_without_a_new_best():
    schedule = plateau()
    assert heard(schedule, 1.0, 2.0) == pytest.approx(0.1)
    assert heard(schedule, 1.0) == pytest.approx(0.05), "an equal one is no new best"
    assert heard(schedule, 3.0) == pytest.approx(0.05), "the count starts anew"
    assert heard(schedule, 0.5, 2.0) == pytest.approx(0.05), "a new best starts it anew as well"
    assert heard(schedule, 2.0) == pytest.approx(0.025)


def test_plateau_counts_what_is_no_number_as_no_new_best():
    assert heard(plateau(), 1.0, math.nan, math.nan) == pytest.approx(0.05)


def test_only_plateau_hears_of_validations():
    schedule = Schedule(TrainingConfig(learning_rate=0.1, decay_rate=0.5, plateau_patience=1), 100)
    assert heard(schedule, 1.0, 2.0, 3.0) == 0.1


def test_plateau_remembers_through_its_state():
    one, other = plateau(), plateau()
    heard(one, 1.0, 2.0, 2.0, 2.0)
    other.load_state_dict(one.state_dict())
    assert heard(other) == heard(one) == pytest.approx(0.05)
    assert heard(other, 0.9, 2.0) == heard(one, 0.9, 2.0) == pytest.approx(0.05)
    assert heard(other, 2.0) == heard(one, 2.0) == pytest.approx(0.025)


@pytest.mark.parametrize("schedule", ["constant", "exponential", "step", "cosine", "plateau"])
def test_warm_up_grows_linearly_to_the_full_rate(schedule):
    found = rates(schedule=schedule, warmup_steps=4, decay_every=4)
    assert found[:4] == pytest.approx([0.025, 0.05, 0.075, 0.1])
    assert found[4] == pytest.approx(0.1)


def test_the_schedule_begins_where_the_warm_up_ends():
    warm = rates(16, 16, schedule="cosine", warmup_steps=4)
    assert warm[4:] == pytest.approx(rates(12, 12, schedule="cosine"))


@pytest.mark.parametrize("schedule", ["exponential", "step", "cosine"])
def test_no_schedule_goes_below_the_minimum(schedule):
    found = rates(50, 50, schedule=schedule, decay_rate=0.5, decay_every=4, min_learning_rate=0.03)
    assert min(found) == 0.03 and max(found) == pytest.approx(0.1)


def test_plateau_does_not_go_below_the_minimum():
    assert heard(plateau(min_learning_rate=0.03), 1.0, *[2.0] * 20) == 0.03
