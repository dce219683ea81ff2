"""The model that a config and a problem ask for, at its start."""

from __future__ import annotations

import torch

from elastic_pinn.config import Config
from elastic_pinn.networks import Model
from elastic_pinn.networks.held import Held
from elastic_pinn.physics import Problem
from elastic_pinn.training.superpositions import require_solvable, superposed


def new_model(config: Config, problem: Problem, generator: torch.Generator) -> Model:
    """Make the model on the CPU, its weights drawn from a generator.

    Raises ConfigError for a problem that its network, its form or its hard conditions cannot solve.
    """
    require_solvable(config, problem)
    return Model.create(
        config,
        problem.reference,
        problem.scales,
        generator,
        samples=problem.samples,
        shape=problem.domain.shape,
        regions=problem.regions,
        inclusions=problem.materials[1:],
        circles_beside=problem.circles_beside,
        sources=superposed(config, problem),
        held=Held.of(problem, config.hard_conditions) if config.hard_conditions else None,
    )
