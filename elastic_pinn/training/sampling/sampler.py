"""The present points of training. Randomness comes from the NumPy generator that the sampler owns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from elastic_pinn.physics import Problem
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.sampling.batch import Batch, Batches
from elastic_pinn.training.sampling.draw import counts_of, draw


class Sampler:
    """The present points of training.

    generator_state: the generator's state before the last draw, which reproduces the same points. draws: the number of
    draws so far.
    """

    def __init__(
        self,
        problem: Problem,
        config: TrainingConfig,
        data: Batch | None,
        generator: np.random.Generator,
        place: Callable[[Batch], Batch],
    ) -> None:
        self._problem, self._config, self._generator, self._place = problem, config, generator, place
        self._counts = counts_of(config)
        self._data = {} if data is None else {"data": place(data)}
        self.draws = 0
        self.resample()

    def resample(self) -> None:
        """Draw fresh points."""
        self.generator_state: Mapping[str, Any] = self._generator.bit_generator.state
        self.draws += 1
        drawn = draw(self._problem, self._counts, self._config.sampling, self._generator)
        self.batches: Batches = {name: self._place(batch) for name, batch in drawn.items()} | self._data

    def restore(self, generator_state: Mapping[str, Any], draws: int) -> None:
        """Reproduce the points that were drawn from a state of the generator."""
        self._generator.bit_generator.state = generator_state
        self.draws = draws - 1
        self.resample()
