"""The terms of a loss, as what balances them sees them. Letters: P parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batches
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.losses import Loss

Factors = Mapping[str, float]
"""By which the config's weight of each term is multiplied, by the term's column."""

LEAST = 1e-5  # of the largest size: no term is enlarged further, however small


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms of a loss at the present parameters and points.

    Attributes
    ----------
    loss : Loss
        With the config's own weights.
    model, batches, parameters
        What it is evaluated at; all that is trained, P numbers.
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
    parameters: Sequence[nn.Parameter]
    config: TrainingConfig
    factors: Factors
    memory: dict[str, Any]
    generator: np.random.Generator

    @property
    def columns(self) -> tuple[str, ...]:
        """The terms that count: those with a weight above 0."""
        return tuple(column for column, weight in self.loss.weights.items() if weight)

    def evaluate(self) -> dict[str, Tensor]:
        """Evaluate each term, unweighted, with gradients by the parameters."""
        found = self.loss(self.model, self.batches)
        return {column: found[column] for column in self.columns}

    def averaged(self, factors: Factors) -> Factors:
        """The running mean of factors, of which `balance_memory` is kept at each balance; at the first, themselves."""
        kept = self.config.balance_memory
        return {name: kept * self.factors.get(name, new) + (1.0 - kept) * new for name, new in factors.items()}


def inverse_to(sizes: Mapping[str, Tensor]) -> Factors:
    """Factors that make all sizes equal to their sum, which sizes scale with."""
    found = {name: size.item() for name, size in sizes.items()}
    least, total = LEAST * max(found.values()), sum(found.values())
    return {name: total / max(size, least) if total else 1.0 for name, size in found.items()}
