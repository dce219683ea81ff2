"""The validation of a model at points that are not trained on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import numpy as np
import torch

from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batch, Batches
from elastic_pinn.physics import Problem
from elastic_pinn.physics.fields import evaluate
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.sampling import counts_of, draw_evenly, unit_points

METRIC_FIELDS = ("weight_pde", "weight_boundary", "weight_initial", "weight_data", "sampling", "validation_points",
               "validation_fraction")  # fmt: skip
"""Fields of the config that the metrics depend on, beside the weights of all other terms of a problem."""

HELD_OUT = {"grid": "latin_hypercube"}
"""How held-out points are drawn, where it is not how those of training are, with which they would coincide."""


class Validation:
    """Metrics on held-out points, drawn once: "loss/validation", and "error/displacement" if the solution is known.

    Attributes:
        held_out: the batches of recorded samples that are not trained on; none where none is held out.
        metric_id: a hash of what is measured, 16 hexadecimal digits: only metrics of one hash are comparable.
    """

    def __init__(
        self,
        problem: Problem,
        config: TrainingConfig,
        loss: Loss,
        recorded: Batches,
        generator: np.random.Generator,
        place: Callable[[Batch], Batch],
    ) -> None:
        n, method = config.validation_points, HELD_OUT.get(config.sampling, config.sampling)
        drawn = draw_evenly(problem, dict.fromkeys(counts_of(config), n), method, generator)
        self._loss = loss
        fields = config.model_dump(include={*METRIC_FIELDS, *(f"weight_{column}" for column in loss.weights)})
        self.metric_id = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]
        self._batches = {name: place(batch) for name, batch in (drawn | dict(recorded)).items()}
        self.held_out: Batches = {name: self._batches[name] for name in recorded if config.validation_fraction}
        self._exact: Batch | None = None
        if problem.exact:
            points = problem.domain.interior(unit_points(method, n, 3, generator))
            target = evaluate(problem.exact, points) / problem.scales.displacement
            self._exact = place(Batch(problem.scales.dimensionless(points), target, target[:0]))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the metrics."""
        return ("loss/validation", *(("error/displacement",) if self._exact else ()))

    @torch.no_grad()
    def __call__(self, model: Model) -> dict[str, float]:
        """Compute the metrics: the weighted loss, and the relative L2 error of the displacement."""
        metrics = {"loss/validation": self._loss(model, self._batches)["total"].item()}
        if self._exact:
            difference = model.derivatives(self._exact.points, ())[""] - self._exact.target  # (N, 2)
            metrics["error/displacement"] = (difference.norm() / self._exact.target.norm()).item()
        return metrics
