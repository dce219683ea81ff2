"""The points of the next step, with their weights, and when either changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batches
from elastic_pinn.training.balancing import Balancing
from elastic_pinn.training.config import WEIGHS_POINTS, TrainingConfig
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

    @property
    def columns(self) -> dict[str, float]:
        """What changes under way, by the columns of the history: how often points were drawn, and weights."""
        moves = self._config.resample_every or self._config.restart_every
        draws = {"points/draws": float(self._sampler.draws)} if moves else {}
        return draws | self._balancing.columns

    def take(self, step: int) -> None:
        """Take the points of a step, which are counted from 0."""
        self.batches = self._minibatches.of_step(step, self._balancing.weighed(self._sampler.batches))

    def take_all(self) -> None:
        """Take all points."""
        self.batches = self._balancing.weighed(self._sampler.batches)

    def at_interval(self, step: int, model: Model) -> bool:
        """Move points and change weights if it is time before a step; return whether anything changed."""
        every = self._config.resample_every
        if is_moved := bool(every and step and step % every == 0):
            self._sampler.resample()
        if is_balanced := self._balancing.is_due(step):
            self._balancing.balance(model, self._sampler.batches)
        return is_moved or is_balanced

    def at_restart(self, step: int, model: Model) -> None:
        """Move points, unless they stay, and change weights, before an optimizer that searches along lines starts."""
        if step and self._config.balancing not in WEIGHS_POINTS and self._config.sampling != "grid":
            self._sampler.resample()
        if self._balancing.changes:
            self._balancing.balance(model, self._sampler.batches)

    def state(self) -> dict[str, Any]:
        """Return what reproduces the points and weights of all later steps."""
        return self._sampler.state() | self._balancing.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Set what `state` returned."""
        self._sampler.restore(state)
        self._balancing.restore(state)
