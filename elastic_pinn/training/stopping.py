"""Ends before the last step: a reached target, and early stopping."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.optimizers.registry import OPTIMIZERS


def may_end_early(config: TrainingConfig) -> bool:
    """Return whether a run may end before its last step: its optimizer may converge or get stuck, or a criterion ends
    it."""
    return bool(OPTIMIZERS[config.stages[-1]].whole_batch or config.target_error or config.early_stopping_patience)


class Stopping:
    """The criteria by which validations end training."""

    def __init__(self, config: TrainingConfig) -> None:
        self._config = config
        self._best, self._waited = math.inf, 0

    def observe(self, metrics: Mapping[str, float]) -> str:
        """Record the metrics of a validation; return the reason to end, or ""."""
        config, validation = self._config, metrics["loss/validation"]
        self._waited = 0 if validation < self._best else self._waited + 1
        self._best = min(self._best, validation)
        if config.target_error and metrics["error/displacement"] <= config.target_error:
            return f"target_error reached: {metrics['error/displacement']:.3g} <= {config.target_error:g}"
        if config.early_stopping_patience and self._waited >= config.early_stopping_patience:
            return f"early stopping: no better validation loss than {self._best:.3g} in {self._waited} validations"
        return ""

    def forget_best(self) -> None:
        """Discard the best validation loss, when later ones are not comparable."""
        self._best, self._waited = math.inf, 0

    def state_dict(self) -> dict[str, Any]:
        """Return the best loss and the validations since."""
        return {"best": self._best, "waited": self._waited}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set the state that `state_dict` returned."""
        self._best, self._waited = state["best"], state["waited"]
