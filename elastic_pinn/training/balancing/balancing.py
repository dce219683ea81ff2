"""The present factors of the terms' weights, the weights of single points, and when both change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batch, Batches
from elastic_pinn.training.balancing.attention import attention
from elastic_pinn.training.balancing.points import Points, Weights
from elastic_pinn.training.balancing.relobralo import relobralo
from elastic_pinn.training.balancing.terms import Factors, Terms
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.seeds import Seeds

BALANCERS: Mapping[str, Callable[[Terms], Factors]] = {"relobralo": relobralo}
"""Of terms, by the names in the config's `balancing`; "fixed" leaves the config's weights as they are."""

WEIGHERS: Mapping[str, Callable[[Points], Weights]] = {"attention": attention}
"""Of points, likewise; these stay where they are, see WEIGHS_POINTS of the config."""

DRAWN_BY = ("seed", "sampling", "interior_points", "boundary_points", "initial_points", "interface_points", "balancing")
"""Fields of the config of which weights of points are: with others there are other points, or weights."""


class Balancing:
    """The loss by the present weights: the config's, each multiplied by a factor that changes during training, and of
    single points.

    loss: by the config's own weights.

    Attributes:
        loss: by the present weights of terms.
        columns: the present weights, as columns of the history; none where they are fixed. Of points the mean of each
            term's, and the largest.
    """

    def __init__(self, config: TrainingConfig, loss: Loss) -> None:
        self._config, self._fixed = config, loss
        self._balancer, self._weigher = BALANCERS.get(config.balancing), WEIGHERS.get(config.balancing)
        self._factors: Factors = {}
        self._memory: dict[str, Any] = {}
        self._count = 0  # of balances so far
        self._of_points: Weights = {}
        self._past: dict[str, Tensor] = {}  # the memory of what weighs points
        self.loss = loss
        self.columns = self._columns()

    @property
    def changes(self) -> bool:
        """Whether any weight changes at all."""
        return bool(self._balancer or self._weigher)

    @property
    def weighs_points(self) -> bool:
        """Whether it is the weights of single points that change."""
        return bool(self._weigher)

    def is_due(self, step: int) -> bool:
        """Return whether weights change after so many steps: at first, and where a run goes on with other points, as
        soon as they may, then at intervals."""
        lacks_weights = self.weighs_points and not self._of_points
        return self.changes and (not self._count or lacks_weights or step % self._config.balance_every == 0)

    def balance(self, model: Model, batches: Batches) -> None:
        """Change the weights by a model at all present points."""
        assert self.changes, "fixed weights are never due"
        if self._weigher:
            self._of_points = self._weigher(Points(self._fixed, model, batches, self._config, self._past))
        if self._balancer:
            generator = Seeds.of(self._config.seed).for_balance(self._count)
            terms = Terms(self._fixed, model, batches, self._config, self._factors, self._memory, generator)
            self._set(self._balancer(terms))
        self._count += 1
        self.columns = self._columns()

    def weighed(self, batches: Batches) -> dict[str, Batch]:
        """Return all present points with their weights."""
        of_points = {name: weights.to(batches[name].target) for name, weights in self._of_points.items()}
        return {name: replace(batch, weights=of_points.get(name)) for name, batch in batches.items()}

    def state(self) -> dict[str, Any]:
        """Return the tree "balancing", from which `restore` continues; nothing where weights are fixed."""
        if not self.changes:
            return {}
        kept = {"factors": dict(self._factors), "memory": dict(self._memory), "count": self._count}
        points = {"points": dict(self._of_points), "past": dict(self._past), "drawn_by": self._drawn_by}
        return {"balancing": kept | (points if self.weighs_points else {})}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Set what `state` returned, unless the config's weights are fixed by now; weights of points if these are the
        same."""
        if self.changes and (kept := state.get("balancing")):
            self._memory, self._count = dict(kept["memory"]), kept["count"]
            are_same = kept.get("drawn_by") == self._drawn_by
            self._of_points, self._past = (dict(kept[name]) if are_same else {} for name in ("points", "past"))
            self._set(kept["factors"])
            self.columns = self._columns()

    @property
    def _drawn_by(self) -> str:
        return ", ".join(f"{name} = {getattr(self._config, name)}" for name in DRAWN_BY)

    def _set(self, factors: Factors) -> None:
        self._factors = factors if self._balancer else {}
        self.loss = self._fixed.balanced(self._factors)

    def _columns(self) -> dict[str, float]:
        if not self.weighs_points:
            return {f"weight/{column}": weight for column, weight in self.loss.weights.items()} if self.changes else {}
        found: dict[str, list[Tensor]] = {each.column: [] for each in self.loss.statements if each.place}
        for statement in self.loss.statements:
            if (weights := self._of_points.get(statement.name)) is not None:
                found[statement.column].append(weights)
        means = {f"point_weight/{c}": _mean(each) for c, each in found.items()}
        largest = {f"point_weight_max/{c}": _largest(each) for c, each in found.items()}
        return means | largest


def _mean(weights: Sequence[Tensor]) -> float:
    """The mean over all points; 1 of none."""
    return sum(each.sum().item() for each in weights) / sum(map(len, weights)) if weights else 1.0


def _largest(weights: Sequence[Tensor]) -> float:
    """The largest of all points; 1 of none."""
    return max((each.max().item() for each in weights), default=1.0)
