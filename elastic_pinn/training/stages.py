"""The stages of a run: which optimizer makes which steps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from elastic_pinn.training.config import TrainingConfig


@dataclass(frozen=True)
class Stage:
    """The part of one optimizer: the steps first + 1 to last of the run."""

    index: int
    optimizer: str
    first: int
    last: int

    @property
    def length(self) -> int:
        """The number of steps."""
        return self.last - self.first


def stages(config: TrainingConfig) -> tuple[Stage, ...]:
    """List the stages within `steps`: fewer steps cut the last ones short, more go to the last one."""
    return tuple(stage for stage in all_stages(config) if stage.first < stage.last)


def all_stages(config: TrainingConfig) -> tuple[Stage, ...]:
    """List all stages, including those beyond `steps`, which end before they begin."""
    ends = [*accumulate(config.stage_steps), config.steps]
    firsts = [0, *ends[:-1]]
    cut = [min(end, config.steps) for end in ends]
    return tuple(
        Stage(i, name, first, last)
        for i, (name, first, last) in enumerate(zip(config.stages, firsts, cut, strict=True))
    )
