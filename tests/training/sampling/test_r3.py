"""R3 keeps the points with large residuals, and draws the others anew."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.training.sampling import unit_points
from elastic_pinn.training.sampling.cloud import Cloud
from elastic_pinn.training.sampling.r3 import r3


def cloud_of(n: int, residuals: Callable[[Tensor], Tensor], dimensions: int = 1) -> Cloud:
    """Even points of a unit cube, where the residuals are a known function of them, (n, k) -> (n,)."""
    generator = np.random.default_rng(0)

    def spread(count: int) -> Tensor:
        return unit_points("uniform", count, dimensions, generator)

    present = spread(n)
    return Cloud(present, residuals(present), spread)


def test_points_above_the_mean_stay_and_all_others_are_drawn_anew():
    cloud = cloud_of(40, lambda points: points[:, 0] ** 2, dimensions=2)
    stays = cloud.residuals > cloud.residuals.mean()
    moved = r3(cloud)
    assert 0 < int(stays.sum()) < 40
    assert torch.equal(moved[stays], cloud.present[stays])
    assert not (moved[~stays] == cloud.present[~stays]).any()


def test_points_gather_where_the_residual_is_large():
    def bump(points):
        return (points[:, 0] < 0.1).double()

    cloud = cloud_of(200, bump)
    for _ in range(20):
        moved = r3(cloud)
        cloud = Cloud(moved, bump(moved), cloud.spread)
    assert (cloud.present < 0.1).double().mean() > 0.8


def test_where_all_residuals_are_equal_all_points_are_drawn_anew():
    cloud = cloud_of(10, lambda points: torch.ones(len(points), dtype=torch.float64))
    assert not (r3(cloud) == cloud.present).any()
