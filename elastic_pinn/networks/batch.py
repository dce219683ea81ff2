"""Points and their targets, dimensionless. Letters: N points, E equations a point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor

from elastic_pinn.networks.equations import blocks
from elastic_pinn.physics import Problem
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.statement import Statement


@dataclass(frozen=True)
class Batch:
    """Points and their targets.

    points: (N, 3). target: (N, E). normal: (N, 2) on a boundary, else (0, 2). moduli: of a heterogeneous medium, each
    (N,), else None. regions: of a problem with several materials, the weights of its regions (N, R), else None. Where
    points have images, all but the target are (2 N, ...), those of the images last. Of records, channels: the number of
    each target's channel, (N, E), as a real number, and sensitivity: the part of each component in it, (N, K), where it
    is a sum of them.
    weights: by which the squared misfit at each point counts, (N,), not negative; None: all alike.
    n_remote: the number of points of the same place that other processes evaluate.
    """

    points: Tensor
    target: Tensor
    normal: Tensor
    moduli: Moduli | None = None
    regions: Tensor | None = None
    n_remote: int = 0
    channels: Tensor | None = None
    sensitivity: Tensor | None = None
    weights: Tensor | None = None

    @classmethod
    def of_samples(cls, statement: Statement, problem: Problem) -> Self:
        """Make the batch of all samples of a statement on records."""
        samples, scales, unit = statement.samples, problem.scales, statement.quantity.scale(problem.scales)
        assert samples is not None, "who asks has looked for them"
        nothing, sensitivity = samples.values.new_zeros(0, 2), samples.sensitivity
        if sensitivity is not None:
            of_one = sensitivity.new_tensor([each.scale(scales) for each in samples.components.values()])  # (K,)
            sensitivity = sensitivity * of_one / unit
        made = cls.of(statement, problem, samples.points, nothing, samples.values / unit)
        return replace(made, channels=samples.channels.to(samples.points), sensitivity=sensitivity)

    @classmethod
    def of(cls, statement: Statement, problem: Problem, points: Tensor, normal: Tensor, target: Tensor) -> Self:
        """Make the batch of a statement at points (N, 3) in m, m, s with normals, of its dimensionless right side.

        Of several materials, a force or a stress counts relative to the P modulus of the stiffest one that its equation
        is about: a row would else be out of proportion. Of what was recorded, or is asked for anywhere, it is not.
        """
        if statement.place and statement.place.image:
            images = statement.place.image(points, normal)
            points, normal = (torch.cat(pair) for pair in zip((points, normal), images, strict=True))
        moduli = problem.moduli(points) if statement.moduli else None
        regions = problem.weights_of_regions(statement, points, normal)
        if regions is not None and statement.quantity.is_load and statement.place:
            unit = blocks(problem.stiffness(regions), len(target)).amax(0)[:, None]  # (N, 1), of a point and its image
            regions, target = regions / unit.repeat(len(regions) // max(1, len(target)), 1), target / unit
        return cls(problem.scales.dimensionless(points), target, normal, moduli, regions)

    def mapped(self, change: Callable[[Tensor], Tensor]) -> Batch:
        """Change each tensor."""
        moduli = self.moduli and Moduli(*map(change, self.moduli))
        optional = ("regions", "channels", "sensitivity", "weights")
        changed: dict[str, Any] = {
            name: None if (each := getattr(self, name)) is None else change(each) for name in optional
        }
        return replace(self, points=change(self.points), target=change(self.target), normal=change(self.normal),
                       moduli=moduli, **changed)  # fmt: skip

    def to(self, device: torch.device, dtype: torch.dtype) -> Batch:
        """Copy the batch to a device and a precision."""
        return self.mapped(lambda tensor: tensor.to(device, dtype))

    def rows(self, index: Tensor | slice) -> Batch:
        """Select some of the points."""
        return self._by_block(lambda whole: whole[index].contiguous())

    def part(self, number: int, count: int) -> Batch:
        """Return part `number` of `count` parts, as equal as possible."""
        part = self._by_block(lambda whole: whole.tensor_split(count)[number])
        return replace(part, n_remote=len(self.target) - len(part.target))

    def _by_block(self, change: Callable[[Tensor], Tensor]) -> Batch:
        """Change each tensor, that of the points and that of their images for themselves."""
        size = max(1, len(self.target))
        return self.mapped(lambda whole: torch.cat(list(map(change, whole.split(size)))) if len(whole) else whole)


Batches = Mapping[str, Batch]
"""A batch for each statement of a problem, by its name: "interior", "boundary 0", ..., "data"."""
