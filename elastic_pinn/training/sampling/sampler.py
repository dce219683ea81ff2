"""The present points of training. Randomness comes from the NumPy generator that the sampler owns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.networks.batch import Batch, Batches
from elastic_pinn.physics import Problem
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.sampling.cloud import Cloud
from elastic_pinn.training.sampling.draw import UnitPoints, batches_at, counts_of, places_of
from elastic_pinn.training.sampling.moves import MOVES
from elastic_pinn.training.sampling.points import QUANTILES, unit_points

Squares = Callable[[Batches], Mapping[str, Tensor]]
"""Each statement's squared misfits in the present model, (N,), at the points of its batch."""


class Sampler:
    """The present points of training.

    squares: of the present model, which points are moved by; None for points that are only restored. draws: the number
    of draws so far.
    """

    def __init__(
        self,
        problem: Problem,
        config: TrainingConfig,
        recorded: Batches,
        generator: np.random.Generator,
        place: Callable[[Batch], Batch],
        squares: Squares | None = None,
    ) -> None:
        self._problem, self._config, self._generator, self._place = problem, config, generator, place
        self._counts, self._places, self._squares = counts_of(config), places_of(problem), squares
        self._recorded = {name: place(batch) for name, batch in recorded.items()}
        self.draws = 0
        self._draw()

    def resample(self) -> None:
        """Draw fresh points, or move the present ones, as the config's `resampling` says."""
        if move := MOVES.get(self._config.resampling):
            self._set_moved({name: move(self._cloud(name)) for name in self._places})
            self.draws += 1
        else:
            self._draw()

    def state(self) -> dict[str, Any]:
        """Return what reproduces the present points and all later ones: the trees "sampler" and "rng".

        Points that depend on a model are there themselves, (n, k) of the unit cube for each place, with the state of
        the generator after their draw; of others the state before it, which they can be drawn from again.
        """
        points = {"points": dict(self._points)} if self._are_moved else {}
        return {"sampler": {"draws": self.draws, **points}, "rng": {"points": self._remembered}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Set the points that `state` returned; if the config has other numbers of points by now, draw fresh ones."""
        self._generator.bit_generator.state = state["rng"]["points"]
        self.draws = state["sampler"]["draws"]
        moved = state["sampler"].get("points", {})
        if {name: tuple(points.shape) for name, points in moved.items()} == self._shapes:
            self._set_moved(moved)
        else:
            self.draws -= 1
            self._draw()

    @property
    def _shapes(self) -> dict[str, tuple[int, int]]:
        """The number of points of each place, and the dimensions of its unit cube."""
        return {name: (self._counts[place.kind], place.dimensions) for name, place in self._places.items()}

    def _draw(self) -> None:
        before, method = self._generator.bit_generator.state, self._config.sampling
        drawn = {name: unit_points(method, *shape, self._generator) for name, shape in self._shapes.items()}
        self._set(drawn, before, are_moved=False)
        self.draws += 1

    def _set_moved(self, points: UnitPoints) -> None:
        self._set(points, self._generator.bit_generator.state, are_moved=True)

    def _set(self, points: UnitPoints, remembered: Mapping[str, Any], are_moved: bool) -> None:
        self._points, self._remembered, self._are_moved = points, remembered, are_moved
        self.batches: Batches = self._batches_at(points) | self._recorded

    def _batches_at(self, points: UnitPoints) -> dict[str, Batch]:
        quantile = QUANTILES[self._config.sampling]
        return {name: self._place(batch) for name, batch in batches_at(self._problem, points, quantile).items()}

    def _cloud(self, name: str) -> Cloud:
        """The points of a place, to be moved."""
        present = self._points[name]

        def spread(count: int) -> Tensor:
            return unit_points(self._config.sampling, count, present.shape[1], self._generator)

        assert self._squares is not None, "a sampler without a model moves no points"
        of_statements = self._squares(self._batches_at({name: present})).values()  # all that are about this place
        return Cloud(present, torch.stack(list(of_statements)).double().sum(0).cpu().sqrt(), spread)
