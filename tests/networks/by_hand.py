"""What training asks of a model, for wavefields that are no networks."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor

from elastic_pinn.networks.equations import Equations


def mean_squares_of(
    derivatives: Callable[[Tensor, Iterable[str]], Mapping[str, Tensor]], equations: Sequence[Equations]
) -> Tensor:
    """The mean over points of each set's squared misfit, of a function that gives derivatives at points, (sets,)."""
    squares = []
    for each in equations:
        u = derivatives(each.points, each.names)
        jet = torch.stack([u[name] for name in each.names])  # (J, N, 2)
        squares.append(each.misfit(jet).square().sum(1).mean())
    return torch.stack(squares)
