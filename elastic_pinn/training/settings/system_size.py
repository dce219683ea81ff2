"""How large the least squares of a config are: amplitudes, and the numbers that determine them."""

from __future__ import annotations

import math

from elastic_pinn.config import Config
from elastic_pinn.networks.config import WITHOUT_LAYERS
from elastic_pinn.networks.hole_waves import Numbers
from elastic_pinn.physics import Problem
from elastic_pinn.training.sampling import held_out_count


def amplitudes_of(config: Config, regions: int) -> int:
    """How many amplitudes of waves, potentials or features there are."""
    if config.network == "hole_waves":
        plane, around, inside = Numbers.of(config)
        return plane + around + (regions - 1) * inside
    if config.network in WITHOUT_LAYERS:
        return regions * sum(config.hidden_layers)
    if config.network == "patches":
        return 2 * regions * math.prod(config.patches) * config.hidden_layers[0]
    return regions * (2 * config.hidden_layers[-1] + 2)


def numbers_of(config: Config, problem: Problem) -> dict[str, int]:
    """How many numbers determine the network, by their origin."""
    recorded = 0
    if problem.receivers and config.weight_data:
        numbers = 2 if problem.receivers.is_complete else 1  # in a sample
        samples = problem.receivers.samples // numbers
        recorded = numbers * (samples - held_out_count(samples, config.validation_fraction))
    starts = config.initial_points if problem.initial and config.weight_initial else 0
    sides = config.boundary_points * len(problem.boundary) if config.weight_boundary else 0
    contacts = config.interface_points * len(problem.inclusions) if config.weight_interface else 0
    # Waves and potentials satisfy the equation whatever their amplitudes, so that it does not determine them.
    inside = config.interior_points if config.network not in WITHOUT_LAYERS and config.weight_pde else 0
    return {
        "recorded": recorded,
        "of the known start": 4 * starts,
        "on the sides": 2 * sides,
        "of contacts": 4 * contacts,
        "of the wave equation": 2 * inside,
    }
