"""The points of a loss, as what weighs each of them sees them. Letters: N points of a statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batches
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
    model, batches
        What it is evaluated at; all present points.
    config
        For the fields of a way to weigh.
    memory : dict of Tensor
        What a way to weigh keeps until it is called again, (N,), by the name of the statement; in every checkpoint.
    """

    loss: Loss
    model: Model
    batches: Batches
    config: TrainingConfig
    memory: dict[str, Tensor]

    def squares(self) -> Weights:
        """Compute the squared misfits at each point, (N,), unweighted, of all statements on places that count."""
        counting = [each for each in self.loss.statements if each.place and self.loss.weights[each.column]]
        return self.loss.squares(self.model, {each.name: self.batches[each.name] for each in counting})
