"""R3 keeps the points with large residuals, and draws the others anew."""

import torch

from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.sampling.r3 import r3
from tests.training.sampling.known import cloud_of

CONFIG = TrainingConfig(resampling="r3", resample_every=1)


def test_points_above_the_mean_stay_and_all_others_are_drawn_anew():
    cloud = cloud_of(40, lambda points: points[:, 0] ** 2, dimensions=2)
    residuals = cloud.residuals(cloud.present)
    stays = residuals > residuals.mean()
    moved = r3(cloud, CONFIG)
    assert 0 < int(stays.sum()) < 40
    assert torch.equal(moved[stays], cloud.present[stays])
    assert not (moved[~stays] == cloud.present[~stays]).any()


def test_points_gather_where_the_residual_is_large():
    def bump(points):
        return (points[:, 0] < 0.1).double()

    cloud = cloud_of(200, bump)
    for _ in range(20):
        object.__setattr__(cloud, "present", r3(cloud, CONFIG))
    assert (cloud.present < 0.1).double().mean() > 0.8


def test_where_all_residuals_are_equal_all_points_are_drawn_anew():
    cloud = cloud_of(10, lambda points: torch.ones(len(points), dtype=torch.float64))
    assert not (r3(cloud, CONFIG) == cloud.present).any()
