"""The channel of each sample: a receiver's component.

Letters: N samples, D = 2 N data misfits (a sample's x and y after each other), C = 2 R channels of R receivers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elastic_pinn.networks.batch import Batch
from elastic_pinn.physics import Problem


@dataclass(frozen=True)
class Channels:
    """The channels of all data misfits.

    names: such as "12 x", a row of the receiver file and a component; of, time: channel and instant of each misfit,
    (D,).
    """

    names: Sequence[str]
    of: Tensor
    time: Tensor

    def sum(self, values: Tensor) -> Tensor:
        """Sum over each channel, (D, ...) -> (C, ...)."""
        return values.new_zeros(len(self.names), *values.shape[1:]).index_add(0, self.of, values)

    def von_neumann_ratio(self, values: Tensor) -> float:
        """Compute the mean squared difference of neighbours in time over that of independent values.

        It is 1 for white noise, and less for correlated neighbours. Source: von Neumann, Ann. Math. Statist. 12, 1941.
        """
        order = torch.argsort(self.time, stable=True)
        order = order[torch.argsort(self.of[order], stable=True)]
        sorted_by, values = self.of[order], values[order]
        pairs = sorted_by[1:] == sorted_by[:-1]
        left, right = values[:-1][pairs], values[1:][pairs]
        return float((right - left).square().sum() / (left.square() + right.square()).sum())


def channels_of(batch: Batch, problem: Problem) -> Channels:
    """Return the channels of the data; receivers at one place count as the first of them."""
    assert problem.receivers is not None, "a batch of data has been recorded"
    xy = torch.from_numpy(problem.receivers.xy)
    stations = problem.scales.dimensionless(torch.cat([xy, torch.zeros_like(xy[:, :1])], dim=1))[:, :2]  # (R, 2)
    places = torch.cat([stations.to(batch.points), batch.points[:, :2]])
    _, group = torch.unique(places, dim=0, return_inverse=True)  # (R + N,)
    rows = torch.arange(len(stations), device=group.device)
    first = torch.full_like(group, len(stations)).scatter_reduce(0, group[: len(stations)], rows, "amin")
    receiver = first[group[len(stations) :]]  # (N,)
    return Channels(
        names=[f"{row} {axis}" for row in range(len(stations)) for axis in "xy"],
        of=torch.stack([2 * receiver, 2 * receiver + 1], dim=1).flatten(),
        time=batch.points[:, 2].repeat_interleave(2),
    )
