"""The recorded samples as a batch, and which of them are held out."""

from __future__ import annotations

import numpy as np
import torch

from elastic_pinn.physics import Problem
from elastic_pinn.training.sampling.batch import Batch


def split_data(problem: Problem, fraction: float, generator: np.random.Generator) -> tuple[Batch, Batch] | None:
    """Split the receivers' samples into (training, held out); None without receivers.

    At least one sample is in each part. For a fraction of 0, both parts have all samples.
    """
    samples = data_batch(problem)
    if samples is None:
        return None
    order = torch.from_numpy(generator.permutation(len(samples.points)))
    held_out = held_out_count(len(order), fraction)

    training, kept = order[held_out:], order[:held_out] if held_out else order
    return samples.rows(training), samples.rows(kept)


def held_out_count(samples: int, fraction: float) -> int:
    """Return the number of samples that are held out."""
    return min(max(1, round(fraction * samples)), samples - 1) if fraction else 0


def data_batch(problem: Problem) -> Batch | None:
    """Make a batch of every recorded sample; None without receivers."""
    for statement in problem.statements:
        if recorded := statement.samples:
            target = recorded.values / statement.quantity.scale(problem.scales)
            points = recorded.points
            moduli = problem.moduli(points) if statement.moduli else None
            return Batch(problem.scales.dimensionless(points), target, target.new_zeros(0, 2), moduli)
    return None
