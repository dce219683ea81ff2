"""Residual-based attention: a running mean of how large the misfit at a point is beside the largest.

Anagnostopoulos, Toscano, Stergiopulos and Karniadakis (2024), "Residual-based attention in physics-informed neural
networks", Comput. Methods Appl. Mech. Eng. 421, 116805. There misfits are multiplied by the running means, so that the
squared misfits are by their squares; here these have a mean of 1, so that a term counts as much as its weight says.
"""

from __future__ import annotations

import torch

from elastic_pinn.training.balancing.points import Points, Weights, to_mean_of_one


def attention(points: Points) -> Weights:
    """Return the squared running means, of which `balance_memory` is kept at each balance; the first is the present."""
    kept = points.config.balance_memory
    for name, squares in points.squares.items():
        relative = (squares / squares.max().clamp(min=torch.finfo(squares.dtype).tiny)).sqrt()  # (N,)
        points.memory[name] = kept * points.remembered(name, relative) + (1.0 - kept) * relative
    return {name: to_mean_of_one(mean.square()) for name, mean in points.memory.items()}
