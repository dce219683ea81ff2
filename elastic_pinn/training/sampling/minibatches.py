"""Minibatches: at each step some of the present points."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from elastic_pinn.errors import ConfigError
from elastic_pinn.networks.batch import Batches
from elastic_pinn.training.seeds import Seeds


def require_divisible(count: int, batches: Batches) -> None:
    """Raise ConfigError where there are fewer points of a statement than minibatches."""
    for name, batch in batches.items():
        if len(batch.target) < count:
            raise ConfigError(f"minibatches = {count}: {name} has {len(batch.target)} points, and each needs one")


class Minibatches:
    """The division of the points of each statement into as many parts, of which each step takes the next.

    They are divided at random, and anew once all parts have been taken. A step's part follows from its number alone, so
    that nothing of it has to be kept.
    """

    def __init__(self, count: int, seeds: Seeds) -> None:
        self.count, self._seeds = count, seeds
        self._orders = lru_cache(maxsize=1)(self._drawn)  # of the present epoch

    def of_step(self, step: int, batches: Batches) -> Batches:
        """Return the part of all batches that a step takes, which are counted from 0."""
        if self.count == 1:
            return batches
        epoch, part = divmod(step, self.count)
        orders = self._orders(epoch, tuple((name, len(batch.target)) for name, batch in batches.items()))
        return {
            name: batch.rows(orders[name].tensor_split(self.count)[part].to(batch.points.device))
            for name, batch in batches.items()
        }

    def _drawn(self, epoch: int, sizes: tuple[tuple[str, int], ...]) -> dict[str, Tensor]:
        generator = self._seeds.for_minibatches(epoch)
        return {name: torch.from_numpy(generator.permutation(size)) for name, size in sizes}
