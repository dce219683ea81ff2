"""The present factors of the terms' weights, and when they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn

from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batches
from elastic_pinn.training.balancing.gradient_norm import gradient_norm
from elastic_pinn.training.balancing.relobralo import relobralo
from elastic_pinn.training.balancing.tangent_kernel import tangent_kernel
from elastic_pinn.training.balancing.terms import Factors, Terms
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.seeds import Seeds

BALANCERS: Mapping[str, Callable[[Terms], Factors]] = {
    "gradient_norm": gradient_norm,
    "ntk": tangent_kernel,
    "relobralo": relobralo,
}
"""By the names in the config's `balancing`; "fixed" leaves the config's weights as they are."""


class Balancing:
    """The loss by the present weights: the config's, each multiplied by a factor that changes during training.

    loss: by the config's own weights.

    Attributes:
        loss: by the present weights.
    """

    def __init__(self, config: TrainingConfig, loss: Loss) -> None:
        self._config, self._fixed, self._balancer = config, loss, BALANCERS.get(config.balancing)
        self._factors: Factors = {}
        self._memory: dict[str, Any] = {}
        self._count = 0  # of balances so far
        self.loss = loss

    def is_due(self, step: int) -> bool:
        """Return whether weights change after so many steps: at first as soon as they may, then at intervals."""
        return bool(self._balancer) and (not self._count or step % self._config.balance_every == 0)

    def balance(self, model: Model, batches: Batches, parameters: Sequence[nn.Parameter]) -> None:
        """Change the weights by a model at some points. parameters: all that is trained."""
        assert self._balancer is not None, "fixed weights are never due"
        generator = Seeds.of(self._config.seed).for_balance(self._count)
        terms = Terms(self._fixed, model, batches, parameters, self._config, self._factors, self._memory, generator)
        self._count += 1
        self._set(self._balancer(terms))

    @property
    def columns(self) -> dict[str, float]:
        """The present weights, as columns of the history; none where they are fixed."""
        if not self._balancer:
            return {}
        return {f"weight/{column}": weight for column, weight in self.loss.weights.items()}

    def state(self) -> dict[str, Any]:
        """Return the tree "balancing", from which `restore` continues; nothing where weights are fixed."""
        if not self._balancer:
            return {}
        return {"balancing": {"factors": dict(self._factors), "memory": dict(self._memory), "count": self._count}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Set what `state` returned, unless the config's weights are fixed by now."""
        if self._balancer and (kept := state.get("balancing")):
            self._memory, self._count = dict(kept["memory"]), kept["count"]
            self._set(kept["factors"])

    def _set(self, factors: Factors) -> None:
        self._factors = factors
        self.loss = self._fixed.balanced(factors)
