"""Residual-based attention: a running mean of how large the misfit at a point is beside the largest.

Anagnostopoulos, Toscano, Stergiopulos and Karniadakis (2024), "Residual-based attention in physics-informed neural
networks", Comput. Methods Appl. Mech. Eng. 421, 116805. There misfits are multiplied by the running means, so that the
squared misfits are by their squares; here these have a mean of 1, so that a term counts as much as its weight says.
"""

from __future__ import annotations

import torch
from torch import Tensor

from elastic_pinn.training.balancing.points import Points, Weights


def attention(points: Points) -> Weights:
    """Return the squared running means, of which `balance_memory` is kept at each balance; the first is the present."""
    kept = points.config.balance_memory
    for name, squares in points.squares().items():
        relative = (squares / squares.max().clamp(min=torch.finfo(squares.dtype).tiny)).sqrt()  # (N,)
        before = points.memory.get(name, relative).to(relative)
        points.memory[name] = kept * before + (1.0 - kept) * relative
    return {name: _to_mean_of_one(mean.square()) for name, mean in points.memory.items()}


def _to_mean_of_one(weights: Tensor) -> Tensor:
    """Weights (N,) in the same ratios whose mean is 1: a term counts as much as before."""
    mean = weights.mean()
    return weights / mean if mean > 0.0 else torch.ones_like(weights)
