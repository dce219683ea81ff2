"""Ways to spread points over a unit cube: one function each, by its name in the config.

Letters: n points, k dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.domains import Quantile, arcsine, even


def unit_points(method: str, n: int, dimensions: int, generator: np.random.Generator) -> Tensor:
    """Draw points (n, k) of a unit cube by a method of the config's `sampling`; of a grid at most n."""
    return torch.from_numpy(METHODS[method](n, dimensions, generator))


def uniform(n: int, dimensions: int, generator: np.random.Generator) -> np.ndarray:
    """Draw independent points, (n, k)."""
    return generator.random((n, dimensions))


def latin_hypercube(n: int, dimensions: int, generator: np.random.Generator) -> np.ndarray:
    """Draw one point in each of n slices along each axis, (n, k): McKay et al., Technometrics 21, 1979."""
    from scipy.stats import qmc  # slow to import, and not needed to read a run

    return qmc.LatinHypercube(dimensions, rng=_own(generator)).random(n)


def sobol(n: int, dimensions: int, generator: np.random.Generator) -> np.ndarray:
    """Draw scrambled Sobol points, (n, k), which are balanced in powers of two: enough of them, of which n are kept."""
    from scipy.stats import qmc

    return qmc.Sobol(dimensions, rng=_own(generator)).random_base2((n - 1).bit_length())[:n]


def grid(n: int, dimensions: int, generator: np.random.Generator) -> np.ndarray:
    """The midpoints of the cells of a regular grid, as many along each axis, at most n in all: (<= n, k)."""
    side = round(n ** (1.0 / dimensions))
    side = max(1, side - (side**dimensions > n))
    axis = (np.arange(side) + 0.5) / side
    return np.stack(np.meshgrid(*[axis] * dimensions, indexing="ij"), axis=-1).reshape(-1, dimensions)


def _own(generator: np.random.Generator) -> np.random.Generator:
    """SciPy spawns from a given generator, and the state of a generator does not contain how often it has spawned."""
    return np.random.default_rng(generator.integers(2**63, size=2))


METHODS: Mapping[str, Callable[[int, int, np.random.Generator], np.ndarray]] = {
    "latin_hypercube": latin_hypercube,
    "uniform": uniform,
    "sobol": sobol,
    "chebyshev": sobol,
    "grid": grid,
}

QUANTILES: Mapping[str, Quantile] = dict.fromkeys(METHODS, even) | {"chebyshev": arcsine}
"""How densely each method spreads points along the axes of a place."""
