"""Which optimizer has which steps."""

import pytest

from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.stages import Stage, stages

THREE = {"stages": ["adam", "sgd", "lbfgs"], "stage_steps": [10, 5]}


def test_the_last_stage_takes_the_rest():
    assert stages(TrainingConfig(steps=40, **THREE)) == (
        Stage(0, "adam", 0, 10),
        Stage(1, "sgd", 10, 15),
        Stage(2, "lbfgs", 15, 40),
    )


def test_more_steps_go_to_the_last_stage():
    assert [stage.length for stage in stages(TrainingConfig(steps=100, **THREE))] == [10, 5, 85]


@pytest.mark.parametrize(
    ("steps", "lengths"),
    [(16, [10, 5, 1]), (15, [10, 5]), (12, [10, 2]), (10, [10]), (3, [3]), (1, [1])],
)
def test_fewer_steps_cut_the_last_stages_short(steps, lengths):
    assert [stage.length for stage in stages(TrainingConfig(steps=steps, **THREE))] == lengths


def test_one_stage_has_all_steps():
    assert stages(TrainingConfig(steps=7)) == (Stage(0, "adam", 0, 7),)
