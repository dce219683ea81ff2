"""The terms of a loss, as what balances them sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batches
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.losses import Loss

Factors = Mapping[str, float]
"""By which the config's weight of each term is multiplied, by the term's column."""


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms of a loss at the present parameters and points.

    Attributes
    ----------
    loss : Loss
        With the config's own weights.
    model, batches
        What it is evaluated at.
    config
        For a balancer's own fields.
    factors
        The present ones; none before the first balance.
    memory : dict
        What a balancer keeps until it is called again: a tree of plain numbers, in every checkpoint.
    generator
        The only randomness, the same after a resume.
    """

    loss: Loss
    model: Model
    batches: Batches
    config: TrainingConfig
    factors: Factors
    memory: dict[str, Any]
    generator: np.random.Generator

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Evaluate each term that counts, one with a weight above 0, unweighted."""
        found = self.loss(self.model, self.batches)
        return {column: found[column].item() for column, weight in self.loss.weights.items() if weight}
