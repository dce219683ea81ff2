"""The recorded samples as batches, and which of them are held out."""

from __future__ import annotations

import numpy as np
import torch

from elastic_pinn.networks.batch import Batch, Batches
from elastic_pinn.physics import Problem


def split_data(problem: Problem, fraction: float, generator: np.random.Generator) -> tuple[Batches, Batches]:
    """Split the samples of each statement on records into (training, held out); both empty without receivers.

    At least one sample of each statement is in each part. For a fraction of 0, both parts have all samples.
    """
    training, kept = {}, {}
    for name, samples in data_batches(problem).items():
        order = torch.from_numpy(generator.permutation(len(samples.points)))
        held_out = held_out_count(len(order), fraction)
        training[name] = samples.rows(order[held_out:])
        kept[name] = samples.rows(order[:held_out] if held_out else order)
    return training, kept


def held_out_count(samples: int, fraction: float) -> int:
    """Return the number of samples that are held out."""
    return min(max(1, round(fraction * samples)), samples - 1) if fraction else 0


def held_out_told(problem: Problem, fraction: float) -> str:
    """Say how many of the recorded samples are fitted, and how many are held out; "" where none is."""
    samples = problem.recorded and problem.recorded.samples
    if not (samples and fraction):
        return ""
    rows, numbers = samples.values.shape
    every, held_out = rows * numbers, numbers * held_out_count(rows, fraction)
    return (
        f"of {every:,} recorded samples {every - held_out:,} are fitted, and {held_out:,} are held out, to check the "
        f"fit by (validation_fraction = {fraction:g})"
    )


def data_batches(problem: Problem) -> Batches:
    """Make a batch of every recorded sample, for each statement on records; none without receivers."""
    return {each.name: Batch.of_samples(each, problem) for each in problem.statements if each.samples}
