"""The channel of each sample: what a receiver recorded along one direction.

Letters: N samples, D = E N data misfits (a sample's E after each other), C channels, K components.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from elastic_pinn.networks.batch import Batch
from elastic_pinn.physics.statement import Statement


@dataclass(frozen=True)
class Channels:
    """The channels of all data misfits.

    names: such as "12 x", a row of the receiver file and a direction; of, time: channel and instant of each misfit,
    (D,). place: of each misfit's receiver, (D, 2); direction: the unit vector of what it is a part of, (D, K); shot:
    the number of its shot, (D,).
    """

    names: Sequence[str]
    of: Tensor
    time: Tensor
    place: Tensor
    direction: Tensor
    shot: Tensor

    def sum(self, values: Tensor) -> Tensor:
        """Sum over each channel, (D, ...) -> (C, ...)."""
        return sum_by(self.of, len(self.names), values)

    @cached_property
    def rows(self) -> Sequence[Tensor]:
        """The misfits of each channel in the order of their times, (C,) of indices (T,)."""
        order = torch.argsort(self.time, stable=True)
        order = order[torch.argsort(self.of[order], stable=True)]
        return order.split(torch.bincount(self.of, minlength=len(self.names)).tolist())

    def von_neumann_ratio(self, values: Tensor) -> float:
        """Compute the mean squared difference of neighbours in time over that of independent values.

        It is 1 for white noise, and less for correlated neighbours. Source: von Neumann, Ann. Math. Statist. 12, 1941.
        """
        left, right = (values[each] for each in self._neighbours())
        return float((right - left).square().sum() / (left.square() + right.square()).sum())

    def instants(self) -> Tensor:
        """The number of the instant of a shot of each misfit, (D,), of which unlike clocks share those within a usual
        step."""
        first, second = (self.time[each] for each in self._neighbours())
        step = (second - first).median() if len(first) else self.time.new_ones(())
        steps = torch.round((self.time - self.time.min()) / step)
        return torch.unique(torch.stack([self.shot.to(steps), steps]), dim=1, return_inverse=True)[1]

    def _neighbours(self) -> tuple[Tensor, Tensor]:
        """The misfits that follow each other in a channel, as two indices."""
        order = torch.cat(list(self.rows))
        sorted_by = self.of[order]
        pairs = sorted_by[1:] == sorted_by[:-1]
        return order[:-1][pairs], order[1:][pairs]


def sum_by(groups: Tensor, count: int, values: Tensor) -> Tensor:
    """Sum over each of `count` groups, (D, ...) -> (count, ...)."""
    return values.new_zeros(count, *values.shape[1:]).index_add(0, groups, values)


def channels_of(batch: Batch, recorded: Statement, rows_of_shots: Sequence[slice]) -> Channels:
    """Return the channels of the data, whose misfits are of a shot in some rows each; receivers at one place that
    recorded x and y count as the first of them."""
    assert batch.channels is not None and recorded.samples is not None, "a batch of data has been recorded"
    count = batch.target.shape[1]
    if batch.sensitivity is None:
        direction = torch.eye(count, dtype=batch.target.dtype, device=batch.target.device).repeat(len(batch.target), 1)
    else:
        direction = torch.nn.functional.normalize(batch.sensitivity, dim=1)
    shot = torch.zeros(batch.target.numel(), dtype=torch.long)
    for number, rows in enumerate(rows_of_shots):
        shot[rows] = number
    return Channels(
        shot=shot,
        names=recorded.samples.names,
        of=batch.channels.flatten().long(),
        time=batch.points[:, 2].repeat_interleave(count),
        place=batch.points[:, :2].repeat_interleave(count, dim=0),
        direction=direction,
    )
