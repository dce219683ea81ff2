"""Self-adaptive weights: while training descends in the network's parameters, the weight of each point ascends.

McClenny and Braga-Neto (2023), "Self-adaptive physics-informed neural networks", J. Comput. Phys. 474, 111722, with the
weights themselves as the mask. A squared misfit is the loss's derivative by its point's weight; relative to the mean of
all terms, steps do not depend on how small the loss is by now.
"""

from __future__ import annotations

import torch

from elastic_pinn.training.balancing.points import Points, Weights


def self_adaptive(points: Points) -> Weights:
    """Return weights that begin at 1 and grow by `balance_rate` at each balance, more where misfits are larger."""
    weighted = {each.name: points.weight(each) * points.squares[each.name] for each in points.statements}  # (N,) each
    mean = torch.stack([each.mean() for each in weighted.values()]).mean()
    for name, each in weighted.items():
        growth = each / mean.clamp(min=torch.finfo(each.dtype).tiny)
        points.memory[name] = points.remembered(name, torch.ones_like(each)) + points.config.balance_rate * growth
    return dict(points.memory)
