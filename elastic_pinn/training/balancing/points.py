"""The points of a loss, as what weighs each of them sees them. Letters: N points of a statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batches
from elastic_pinn.physics import Problem
from elastic_pinn.physics.statement import Statement
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.losses import Loss

Weights = Mapping[str, Tensor]
"""By which the squared misfit at each point counts, (N,), by the name of the statement."""


@dataclass(frozen=True, eq=False)
class Points:
    """The points of a loss at the present parameters. Those of records are not among them: noise would count most.

    Attributes
    ----------
    loss : Loss
        With the config's own weights.
    problem, model, batches
        What it is of, and all present points.
    config
        For the fields of a way to weigh.
    memory : dict of Tensor
        What a way to weigh keeps until it is called again, (N,), by the name of the statement; in every checkpoint.
    """

    loss: Loss
    problem: Problem
    model: Model
    batches: Batches
    config: TrainingConfig
    memory: dict[str, Tensor]

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Those that are about places, and count."""
        return tuple(each for each in self.loss.statements if each.place and self.weight(each))

    def weight(self, statement: Statement) -> float:
        """The config's weight of a statement's mean square."""
        return self.loss.weights[statement.column] * statement.counts

    def remembered(self, name: str, start: Tensor) -> Tensor:
        """What was kept of a statement, (N,), where and as `start` is; at first that."""
        return self.memory.get(name, start).to(start)

    @cached_property
    def squares(self) -> Weights:
        """The squared misfits at each point, (N,), unweighted."""
        batches = {each.name: self.batches[each.name] for each in self.statements}
        return self.loss.squares(self.model, batches)


def to_mean_of_one(weights: Tensor) -> Tensor:
    """Weights (N,) in the same ratios whose mean is 1: a term counts as much as before."""
    mean = weights.mean()
    return weights / mean if mean > 0.0 else torch.ones_like(weights)
