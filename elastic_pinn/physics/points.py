"""Fixed points that are spread well. Letters: n points, k dimensions."""

import torch
from torch import Tensor


def probe_points(dimensions: int, count: int, first: int = 0) -> Tensor:
    """Return fixed, well spread points of a unit cube, (n, k): multiples of irrational steps, modulo 1."""
    steps = torch.tensor([0.8191725133961645, 0.6710436067037893, 0.5497004779019703], dtype=torch.float64)
    numbers = torch.arange(first + 1, first + count + 1, dtype=torch.float64)
    return (numbers[:, None] * steps[:dimensions] + 0.5) % 1.0
