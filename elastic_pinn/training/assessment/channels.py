"""The channel of each sample: what a receiver recorded along one direction.

Letters: N samples, D = E N data misfits (a sample's E after each other), C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elastic_pinn.networks.batch import Batch
from elastic_pinn.physics.statement import Statement


@dataclass(frozen=True)
class Channels:
    """The channels of all data misfits.

    names: such as "12 x", a row of the receiver file and a direction; of, time: channel and instant of each misfit,
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


def channels_of(batch: Batch, recorded: Statement) -> Channels:
    """Return the channels of the data; receivers at one place that recorded x and y count as the first of them."""
    assert batch.channels is not None and recorded.samples is not None, "a batch of data has been recorded"
    return Channels(
        names=recorded.samples.names,
        of=batch.channels.flatten().long(),
        time=batch.points[:, 2].repeat_interleave(batch.target.shape[1]),
    )
