"""All randomness of a run, from the config's one seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch


@dataclass(frozen=True)
class Seeds:
    """A seed for each use of random numbers, none of which moves another."""

    weights: np.random.SeedSequence
    points: np.random.SeedSequence
    held_out: np.random.SeedSequence
    balances: np.random.SeedSequence
    minibatches: np.random.SeedSequence

    @classmethod
    def of(cls, seed: int) -> Self:
        """Those of a config's seed."""
        return cls(*np.random.SeedSequence(seed).spawn(5))

    def for_weights(self) -> torch.Generator:
        """The generator that a network's start is drawn from."""
        return torch.Generator().manual_seed(int(self.weights.generate_state(1, np.uint64)[0] >> 1))

    def for_points(self) -> np.random.Generator:
        """The generator that the points are drawn from."""
        return np.random.default_rng(self.points)

    def for_held_out(self) -> np.random.Generator:
        """The generator that validation points and held-out samples are drawn from."""
        return np.random.default_rng(self.held_out)

    def for_balance(self, number: int) -> np.random.Generator:
        """The generator of one balance of the terms' weights, which are counted from 0: it has no state to keep."""
        return _of_number(self.balances, number)

    def for_minibatches(self, epoch: int) -> np.random.Generator:
        """The generator of one division of the points into minibatches; likewise."""
        return _of_number(self.minibatches, epoch)


def _of_number(seed: np.random.SeedSequence, number: int) -> np.random.Generator:
    """One of the generators of a use, counted from 0."""
    return np.random.default_rng(np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, number)))
