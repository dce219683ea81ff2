"""A cloud of points with known residuals."""

from collections.abc import Callable

import numpy as np
from torch import Tensor

from elastic_pinn.training.sampling import unit_points
from elastic_pinn.training.sampling.cloud import Cloud


def cloud_of(n: int, residuals: Callable[[Tensor], Tensor], dimensions: int = 1, seed: int = 0) -> Cloud:
    """Even points of a unit cube, where the residuals are a known function of them, (m, k) -> (m,)."""
    generator = np.random.default_rng(seed)

    def spread(count: int) -> Tensor:
        return unit_points("uniform", count, dimensions, generator)

    return Cloud(spread(n), spread, residuals, generator)
