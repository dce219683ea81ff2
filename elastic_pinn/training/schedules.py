"""Learning rates over a stage.

A rate is a function of the step within the stage, without state, except for "plateau", which counts validations.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from elastic_pinn.training.config import TrainingConfig


class Schedule:
    """The learning rate at each step of a stage of given length, warm-up included."""

    def __init__(self, config: TrainingConfig, length: int) -> None:
        self._config, self._length = config, length
        self._reductions = 0
        self._best, self._waited = math.inf, 0

    def rate(self, step: int) -> float:
        """Return the rate at the stage's step number `step`, counted from 0."""
        config = self._config
        warm = min(1.0, (step + 1) / config.warmup_steps) if config.warmup_steps else 1.0
        rate = config.learning_rate * self._factor(max(0, step - config.warmup_steps))
        return warm * max(rate, config.min_learning_rate)

    def _factor(self, step: int) -> float:
        """The factor of the full rate some steps after the warm-up."""
        config = self._config
        match config.schedule:
            case "exponential":
                return config.decay_rate ** (step / config.decay_every)
            case "step":
                return config.decay_rate ** (step // config.decay_every)
            case "cosine":
                whole = max(1, self._length - config.warmup_steps)
                return (1.0 + math.cos(math.pi * min(1.0, step / whole))) / 2.0
            case "plateau":
                return config.decay_rate**self._reductions
        return 1.0

    def observe(self, validation: float) -> None:
        """Record a validation loss; "plateau" lowers the rate after too many without a new best."""
        if validation < self._best:
            self._best, self._waited = validation, 0
        elif (waited := self._waited + 1) >= self._config.plateau_patience:
            self._reductions, self._waited = self._reductions + 1, 0
        else:
            self._waited = waited

    def forget_best(self) -> None:
        """Discard the best validation loss, when later ones are not comparable."""
        self._best, self._waited = math.inf, 0

    def state_dict(self) -> dict[str, Any]:
        """Return the state of "plateau"."""
        return {"reductions": self._reductions, "best": self._best, "waited": self._waited}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set the state that `state_dict` returned."""
        self._reductions, self._best, self._waited = state["reductions"], state["best"], state["waited"]
