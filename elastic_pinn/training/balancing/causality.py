"""Causal weights: what is later counts once all that is earlier has been learned.

Wang, Sankaran and Perdikaris (2024), "Respecting causality for training physics-informed neural networks", Comput.
Methods Appl. Mech. Eng. 421, 116813. The weight of a slab of time is exp(-causality times the sum of losses before).
"""

from __future__ import annotations

import torch
from torch import Tensor

from elastic_pinn.training.balancing.points import Points, Weights


@torch.no_grad()
def causal(points: Points) -> Weights:
    """Return weights of all points but those of the start, whose losses come before all others."""
    slabs = points.config.causal_slabs
    in_time = {each.name: each for each in points.statements if each.place and each.place.kind != "initial"}
    starts = [
        points.weight(each) * points.squares[each.name].mean() for each in points.statements if each.name not in in_time
    ]
    slab_of = {name: _slabs(points, name) for name in in_time}
    like = next(iter(points.squares.values()))
    losses = sum(starts, like.new_zeros(())) + like.new_zeros(slabs + 1)
    for name, statement in in_time.items():
        squares = points.squares[name]
        sums, counts = (
            like.new_zeros(slabs).index_add_(0, slab_of[name], each) for each in (squares, torch.ones_like(squares))
        )
        losses[1:] += points.weight(statement) * (sums / counts.clamp(min=1.0)).cumsum(0)
    weights = torch.exp(-points.config.causality * losses[:-1])  # (slabs,)
    return {name: weights[slab] for name, slab in slab_of.items()}


def _slabs(points: Points, name: str) -> Tensor:
    """The slab of time of each point of a statement, (N,), from 0."""
    batch, slabs = points.batches[name], points.config.causal_slabs
    first, last = points.problem.domain.t
    scales = points.problem.scales
    begin, end = ((each - scales.origin[2]) / scales.time for each in (first, last))
    relative = (batch.points[: len(batch.target), 2] - begin) / (end - begin)
    return (relative * slabs).long().clamp(0, slabs - 1)
