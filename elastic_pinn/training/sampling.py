"""The points of training and their targets.

Letters: N points, all dimensionless once in a batch. Randomness comes from the NumPy generator that the sampler owns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics import Problem
from elastic_pinn.physics.moduli import Moduli
from elastic_pinn.physics.statement import Place
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.seeds import Seeds


@dataclass(frozen=True)
class Batch:
    """Points and their targets.

    points: (N, 3). target: (N, E). normal: (N, 2) on a boundary, else (0, 2). moduli: of a heterogeneous medium, each
    (N,), else None. n_remote: the number of points of the same place that other processes evaluate.
    """

    points: Tensor
    target: Tensor
    normal: Tensor
    moduli: Moduli | None = None
    n_remote: int = 0

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Batch:
        """Change each tensor."""
        moduli = self.moduli and Moduli(*map(change, self.moduli))
        return replace(self, points=change(self.points), target=change(self.target), normal=change(self.normal),
                       moduli=moduli)  # fmt: skip

    def to(self, device: torch.device, dtype: torch.dtype) -> Batch:
        """Copy the batch to a device and a precision."""
        return self.mapped(lambda tensor: tensor.to(device, dtype))

    def rows(self, index: Tensor | slice) -> Batch:
        """Select some of the points."""
        return self.mapped(lambda whole: whole[index].contiguous() if len(whole) else whole)

    def part(self, number: int, count: int) -> Batch:
        """Return part `number` of `count` parts, as equal as possible."""
        part = self.mapped(lambda whole: whole.tensor_split(count)[number])
        return replace(part, n_remote=len(self.points) - len(part.points))


Batches = Mapping[str, Batch]
"""A batch for each statement of a problem, by its name: "interior", "boundary 0", ..., "data"."""

Counts = Mapping[str, int]
"""How many points for each kind of place: "interior", "boundary", "initial"."""


def counts_of(config: TrainingConfig) -> Counts:
    """Count the points of a config, by kind of place."""
    return {
        "interior": config.interior_points,
        "boundary": config.boundary_points,
        "initial": config.initial_points,
    }


def unit_points(method: str, n: int, dimensions: int, generator: np.random.Generator) -> Tensor:
    """Draw points (n, dimensions) of a unit cube: "latin_hypercube" (McKay 1979), "sobol" (scrambled) or "uniform"."""
    from scipy.stats import qmc  # slow to import, and not needed to read a run

    if method == "uniform":
        return torch.from_numpy(generator.random((n, dimensions)))
    # SciPy spawns from a given generator, and the state of a generator does not contain how often it has spawned.
    rng = np.random.default_rng(generator.integers(2**63, size=2))
    if method == "latin_hypercube":
        return torch.from_numpy(qmc.LatinHypercube(dimensions, rng=rng).random(n))
    power = (n - 1).bit_length()  # Sobol points are balanced in powers of two: draw enough, keep n
    return torch.from_numpy(qmc.Sobol(dimensions, rng=rng).random_base2(power)[:n])


def draw(problem: Problem, counts: Counts, method: str, generator: np.random.Generator) -> dict[str, Batch]:
    """Draw points for every place of a problem, with the target there of each of its statements; float64."""
    scales, batches = problem.scales, {}
    drawn: dict[Place, tuple[Tensor, Tensor]] = {}  # points (N, 3) in m, m, s, and normals
    for statement in problem.statements:
        if (place := statement.place) is None:
            continue
        if place not in drawn:
            drawn[place] = place.at(unit_points(method, counts[place.kind], place.dimensions, generator))
        points, normal = drawn[place]
        target = statement.right_side(points, scales)
        batches[statement.name] = Batch(scales.dimensionless(points), target, normal, problem.moduli(points))
    return batches


def first_points(problem: Problem, config: TrainingConfig) -> dict[str, Batch]:
    """Draw the points of a config's first step; float64."""
    return draw(problem, counts_of(config), config.sampling, Seeds.of(config.seed).for_points())


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
            return Batch(problem.scales.dimensionless(points), target, target.new_zeros(0, 2), problem.moduli(points))
    return None


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
