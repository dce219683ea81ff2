"""Unknown gains of channels: found beside what is unknown of the source, and eliminated with it in each material.

A channel records its gain times its waveforms, which are linear in the source's pulses. For known gains all else is
eliminated as in `source_fit.py`; Gauss-Newton moves the gains by what that leaves. With the reference of a channel of
known gain, or of a source of known amplitude, the size of all of them is determined.

Source: Kaufman, BIT 15, 1975.

Letters: M misfits of which F are fitted, K pulses, G unknown gains, R of the combinations of all that is sought which
the records tell, E of any changes, Q numbers that are reported.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from elastic_pinn.errors import ConfigError
from elastic_pinn.fit import GAIN
from elastic_pinn.physics import Problem
from elastic_pinn.physics.sources import UnknownPulse
from elastic_pinn.training.source_fit import SourceFit, spanned, unknown_pulse

ALL = "all"
ITERATIONS = 50
HALVINGS = 10
SMALL = 1e-10  # of the gains: a step that is the last one
UNTOLD = 1e-2  # of a gain may lie in combinations that are not told


@dataclass(frozen=True)
class FitWithGains(SourceFit):
    """A fit of the source in which gains were unknown.

    Attributes
    ----------
    channels
        The numbers of the channels of unknown gain, (G,).
    is_of
        1 where a misfit is of a channel of unknown gain, else 0, (M, G).
    gains
        What was found, (G,); 1 where nothing tells it.
    gains_by_span
        The change of these by each column of the span, (G, R).
    """

    channels: Tensor
    is_of: Tensor
    gains: Tensor
    gains_by_span: Tensor

    @classmethod
    def found(
        cls, columns: Tensor, target: Tensor, pulse: UnknownPulse | None, is_of: Tensor, gained: Mapping[int, str]
    ) -> Self:
        """Fit columns (F, K) to a target (F,), those of the first misfits. is_of: (M, G); gained: the numbers and names
        of the channels of unknown gain."""
        fitted = is_of[: len(target)]
        gains = _start(columns, target, pulse, fitted)
        source, misfits, effects = _at(gains, columns, target, pulse, fitted)
        for _ in range(ITERATIONS):
            across, by_across = spanned(effects)
            step = by_across @ (across.T @ misfits)
            for _ in range(HALVINGS):
                trial = _at(gains - step, columns, target, pulse, fitted)
                if trial[1].norm() < misfits.norm():
                    break
                step = step / 2.0
            else:
                break
            gains = gains - step
            source, misfits, effects = trial
            if step.norm() < SMALL * gains.norm():
                break
        across, by_across = spanned(effects)
        alone = fitted * (columns @ source.coefficients)[:, None]  # (F, G)
        follows = -(source.span.T @ alone) @ by_across  # what the source compensates
        is_told = (by_across @ torch.linalg.pinv(by_across)).diagonal() > 1.0 - UNTOLD
        told = {name: i for i, name in enumerate(gained.values()) if is_told[i]}
        of_gains = torch.cat([by_across.new_zeros(len(gains), source.span.shape[1]), by_across], dim=1)
        return cls(
            coefficients=source.coefficients,
            span=torch.cat([source.span, across], dim=1),
            by_span=torch.cat([source.by_span, source.by_span @ follows], dim=1),
            numbers={**source.numbers, **{f"{GAIN}{name}": float(gains[i]) for name, i in told.items()}},
            numbers_by_span=torch.cat(
                [
                    torch.cat([source.numbers_by_span, source.numbers_by_span @ follows], dim=1),
                    of_gains[list(told.values())],
                ]
            ),
            edge=source.edge,
            channels=torch.tensor(list(gained), dtype=gains.dtype),
            is_of=is_of,
            gains=gains,
            gains_by_span=of_gains,
        )

    def waveforms(self, columns: Tensor) -> Tensor:
        """What is recorded of columns (M, K), (M,), or of the first of them."""
        return self.as_recorded((columns @ self.coefficients)[:, None])[:, 0]

    def as_recorded(self, changes: Tensor) -> Tensor:
        """What is recorded of changes of the waveforms, (M, E)."""
        return _factor(self.gains, self.is_of[: len(changes)])[:, None] * changes

    def by_source(self, columns: Tensor) -> Tensor:
        """The changes of what is recorded by each column of the span, (M, R)."""
        alone = self.is_of * (columns @ self.coefficients)[:, None]
        return self.as_recorded(columns @ self.by_span) + alone @ self.gains_by_span


def _factor(gains: Tensor, is_of: Tensor) -> Tensor:
    """The gain of each misfit, (M,)."""
    return 1.0 + is_of @ (gains - 1.0)


def _start(columns: Tensor, target: Tensor, pulse: UnknownPulse | None, is_of: Tensor) -> Tensor:
    """Gains to begin with, (G,): by the source that the channels of known gains tell; 1 without any."""
    is_known, ones = is_of.sum(1) == 0.0, torch.ones(is_of.shape[1], dtype=is_of.dtype)
    if pulse and not is_known.any():
        return ones
    source = SourceFit.of(columns[is_known], target[is_known], pulse)
    alone = is_of * (columns @ source.coefficients)[:, None]  # (F, G)
    squares = alone.square().sum(0)
    return torch.where(squares > 0.0, alone.T @ target / squares, ones)


def _at(
    gains: Tensor, columns: Tensor, target: Tensor, pulse: UnknownPulse | None, is_of: Tensor
) -> tuple[SourceFit, Tensor, Tensor]:
    """The source for some gains, the misfits (F,), and the derivatives by the gains of what the source leaves of them,
    (F, G)."""
    scaled = _factor(gains, is_of)[:, None] * columns
    source = SourceFit.of(scaled, target, pulse)
    alone = is_of * (columns @ source.coefficients)[:, None]
    return source, scaled @ source.coefficients - target, source.beyond(alone)


def channels_of_unknown_gain(problem: Problem, wanted: Collection[str], recorded: Collection[int]) -> Mapping[int, str]:
    """Return the names of the channels of unknown gain, by their numbers.

    wanted: receivers, as "3", channels, as "3 y", or "all". recorded: the numbers of the channels that recorded.
    Raises ConfigError for what recorded nothing, and where the size of all gains cannot be told.
    """
    if not wanted:
        return {}
    assert problem.recorded and problem.recorded.samples, "there are no channels without records"
    names = {i: name for i, name in enumerate(problem.recorded.samples.names) if i in recorded}
    first = next(iter(names.values()))
    for each in wanted:
        if each != ALL and not any(_is_meant(each, name) for name in names.values()):
            raise ConfigError(
                f"unknown_gains: nothing was recorded by {each!r}; legal are 'all', receivers, as "
                f"{first.rsplit(' ', 1)[0]!r}, and channels, as {first!r}"
            )
    found = {
        i: name for i, name in names.items() if any(each in (ALL, name) or _is_meant(each, name) for each in wanted)
    }
    if len(found) == len(names):
        _require_size(problem)
    return found


def _is_meant(wanted: str, name: str) -> bool:
    """Whether a channel is that of a name, or of a receiver."""
    return name == wanted or name.startswith(f"{wanted} ")


def _require_size(problem: Problem) -> None:
    """Raise ConfigError where all gains are unknown, and what they are relative to is unknown, too."""
    pulse = unknown_pulse(problem)
    if pulse and pulse.is_size_unknown:
        raise ConfigError(
            "unknown_gains has all channels, and the source's amplitude is unknown, too: times any factor they give "
            "the same records. Leave out a channel, whose gain is then the unit of the others, or give the amplitude"
        )
    if len(problem.unknowns) == len(problem.constants):
        raise ConfigError(
            f"unknown_gains has all channels, and {', '.join(problem.unknowns)} are unknown: times any factor they "
            "give the same records. Leave out a channel, or give one of these"
        )
