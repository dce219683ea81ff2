"""The points of the next step, with their weights, and when either changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batches
from elastic_pinn.training.balancing import Balancing
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.sampling import Minibatches, Sampler
from elastic_pinn.training.seeds import Seeds


class StepPoints:
    """The points of the next step, with their weights.

    An optimizer that searches along lines keeps both until it restarts, others change them at their intervals.

    Attributes:
        batches: the points of the step, with their weights; those of a minibatch, where there are any.
    """

    def __init__(self, config: TrainingConfig, sampler: Sampler, balancing: Balancing, seeds: Seeds) -> None:
        self._config, self._sampler, self._balancing = config, sampler, balancing
        self._minibatches = Minibatches(config.minibatches, seeds)
        self.batches: Batches = sampler.batches

    @property
    def are_all(self) -> bool:
        """Whether each step takes all points."""
        return self._minibatches.count == 1

    def take(self, step: int, searches: bool) -> None:
        """Take the points of a step. searches: whether its optimizer searches along lines, which needs all of them."""
        every = self._balancing.weighed(self._sampler.batches)
        self.batches = every if searches else self._minibatches.of_step(step, every)

    def change(self, step: int, restarts: bool | None, model: Model, parameters: Sequence[nn.Parameter]) -> bool:
        """Move points, change weights, or both, if it is time, before a step; return whether anything changed.

        restarts: whether the optimizer, which searches along lines, starts anew with this step; None: it is another.
        """
        config = self._config
        is_moved = bool(config.resample_every and step % config.resample_every == 0) if restarts is None else restarts
        if is_moved := is_moved and step > 0:
            self._sampler.resample()
            self._balancing.forget_points()
        if is_balanced := self._balancing.is_due(step) if restarts is None else restarts and self._balancing.changes:
            self._balancing.balance(model, self._sampler.batches, parameters)
        return is_moved or is_balanced

    def state(self) -> dict[str, Any]:
        """Return what reproduces the points and weights of all later steps."""
        return self._sampler.state() | self._balancing.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Set what `state` returned."""
        self._sampler.restore(state)
        self._balancing.restore(state)
