"""Which optimizer has which steps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from elastic_pinn.sections import TrainingConfig


@dataclass(frozen=True)
class Stage:
    """One optimizer's part: the steps first + 1 to last of the run."""

    index: int
    optimizer: str
    first: int
    last: int

    @property
    def length(self) -> int:
        """How many steps."""
        return self.last - self.first


def stages(config: TrainingConfig) -> tuple[Stage, ...]:
    """The stages that `steps` reaches: fewer steps cut the last ones short, more go to the last one."""
    return tuple(stage for stage in all_stages(config) if stage.first < stage.last)


def all_stages(config: TrainingConfig) -> tuple[Stage, ...]:
    """As `stages`, with those that `steps` does not reach, which end before they begin."""
    ends = [*accumulate(config.stage_steps), config.steps]
    firsts = [0, *ends[:-1]]
    cut = [min(end, config.steps) for end in ends]
    return tuple(
        Stage(i, name, first, last)
        for i, (name, first, last) in enumerate(zip(config.stages, firsts, cut, strict=True))
    )
