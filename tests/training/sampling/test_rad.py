"""RAD draws points with the density of its source."""

import numpy as np
import pytest
import torch
from scipy.stats import chi2

from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.sampling.rad import density, rad
from tests.training.sampling.known import cloud_of

BINS = 20


def config(**fields) -> TrainingConfig:
    return TrainingConfig(resampling="rad", resample_every=1, **fields)


def peak(points: torch.Tensor) -> torch.Tensor:
    """A residual that is 1 in a tenth of the unit interval, and small elsewhere."""
    return torch.exp(-0.5 * ((points[:, 0] - 0.3) / 0.05) ** 2) + 0.01


def misfit(points: torch.Tensor, exponent: float, constant: float) -> float:
    """Pearson's chi-square of points of the unit interval against the density p = |r|^k / mean |r|^k + c."""
    fine = (torch.arange(100_000, dtype=torch.float64) + 0.5)[:, None] / 100_000
    powers = peak(fine) ** exponent
    expected = (powers / powers.mean() + constant).view(BINS, -1).sum(1)
    expected *= len(points) / expected.sum()
    counts = torch.from_numpy(np.histogram(points.numpy(), BINS, (0.0, 1.0))[0])
    return float(((counts - expected) ** 2 / expected).sum())


@pytest.mark.parametrize(("exponent", "constant"), [(1.0, 1.0), (1.0, 0.0), (2.0, 0.5), (0.5, 2.0), (0.0, 1.0)])
def test_points_have_the_density_of_the_source(exponent, constant):
    fields = config(rad_candidates=200, rad_exponent=exponent, rad_constant=constant)
    cloud = cloud_of(2000, peak)
    likely = chi2.ppf(0.999, BINS - 1)
    assert misfit(rad(cloud, fields), exponent, constant) < likely
    if exponent:
        assert misfit(cloud.present, exponent, constant) > 4 * likely, "even points do not"


def test_as_many_points_are_chosen_once_each_and_all_of_them_of_the_candidates():
    seen = []

    def residuals(points):
        seen.append(points)
        return points.norm(dim=1)

    moved = rad(cloud_of(30, residuals, dimensions=3), config(rad_candidates=4))
    [candidates] = seen
    assert candidates.shape == (120, 3) and moved.shape == (30, 3)
    chosen = {tuple(point) for point in moved.tolist()}
    assert len(chosen) == 30 and chosen <= {tuple(point) for point in candidates.tolist()}


def test_one_candidate_a_point_leaves_no_choice():
    cloud = cloud_of(50, peak)
    drawn = []
    spread = cloud.spread
    object.__setattr__(cloud, "spread", lambda count: drawn.append(spread(count)) or drawn[-1])
    moved = rad(cloud, config(rad_candidates=1))
    assert torch.equal(moved.sort(0).values, drawn[0].sort(0).values)


@pytest.mark.parametrize("constant", [0.0, 1.0])
def test_where_all_residuals_are_zero_the_density_is_even(constant):
    found = density(torch.zeros(5, dtype=torch.float64), 1.0, constant)
    assert (found == found[0]).all() and found[0] > 0


def test_no_point_is_drawn_where_the_residual_is_zero_if_the_constant_is():
    moved = rad(cloud_of(100, lambda points: (points[:, 0] > 0.5).double()), config(rad_constant=0.0))
    assert (moved > 0.5).all()
