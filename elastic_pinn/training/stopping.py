"""When to end before the last step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from elastic_pinn.sections import TrainingConfig


class Stopping:
    """Watches validations for a reached target and for the end of all progress."""

    def __init__(self, config: TrainingConfig) -> None:
        self._config = config
        self._best, self._waited = math.inf, 0

    def observe(self, metrics: Mapping[str, float]) -> str:
        """Hear of a validation; returns the reason to end, or ""."""
        config, validation = self._config, metrics["loss/validation"]
        self._waited = 0 if validation < self._best else self._waited + 1
        self._best = min(self._best, validation)
        if config.target_error and metrics["error/displacement"] <= config.target_error:
            return f"target_error reached: {metrics['error/displacement']:.3g} <= {config.target_error:g}"
        if config.early_stopping_patience and self._waited >= config.early_stopping_patience:
            return f"early stopping: no better validation loss than {self._best:.3g} in {self._waited} validations"
        return ""

    def forget_best(self) -> None:
        """The validation means something else from now on."""
        self._best, self._waited = math.inf, 0

    def state_dict(self) -> dict[str, Any]:
        """What has been heard so far."""
        return {"best": self._best, "waited": self._waited}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go back to what `state_dict` gave."""
        self._best, self._waited = state["best"], state["waited"]
