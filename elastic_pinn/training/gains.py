"""Unknown gains of channels: found beside what is unknown of the source, and eliminated with it in each material.

A channel records its gain times its waveforms, which are linear in the source's pulses. For known gains all else is
eliminated as in `source_fit.py`; Gauss-Newton moves the gains by what that leaves. With the reference of a channel of
known gain, or of a source of known amplitude, the size of all of them is determined.

A channel that recorded in several shots has one gain in all of them.

Source: Kaufman, BIT 15, 1975.

Letters: M misfits of which F are fitted, K pulses, G unknown gains, R of the combinations of all that is sought which
the records tell, E of any changes, Q numbers that are reported.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from elastic_pinn.errors import ConfigError
from elastic_pinn.fit import GAIN
from elastic_pinn.physics import Problem
from elastic_pinn.physics.data.channel_names import channel_names, receiver_names
from elastic_pinn.physics.data.found_gains import same_channels
from elastic_pinn.physics.shots import channels_of_shots, names_of_shots
from elastic_pinn.training.source_fit import ShotPart, SourceFit, spanned, unknown_pulse

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
        The number of the first channel of each unknown gain, (G,).
    is_of
        1 where a misfit is of a channel of an unknown gain, else 0, (M, G).
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
        cls, columns: Tensor, target: Tensor, shots: Sequence[ShotPart], is_of: Tensor, gained: Mapping[str, int]
    ) -> Self:
        """Fit columns (F, K) to a target (F,), those of the first misfits. is_of: (M, G); gained: the number, by
        the name, of the first channel of each unknown gain."""
        fitted = is_of[: len(target)]
        gains = _start(columns, target, shots, fitted)
        source, misfits, effects = _at(gains, columns, target, shots, fitted)
        for _ in range(ITERATIONS):
            across, by_across = spanned(effects)
            step = by_across @ (across.T @ misfits)
            for _ in range(HALVINGS):
                trial = _at(gains - step, columns, target, shots, fitted)
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
        told = {name: i for i, name in enumerate(gained) if is_told[i]}
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
            channels=torch.tensor(list(gained.values()), dtype=gains.dtype),
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


def _start(columns: Tensor, target: Tensor, shots: Sequence[ShotPart], is_of: Tensor) -> Tensor:
    """Gains to begin with, (G,): by the sources that channels of known gains tell, then by those that channels of these
    tell in other shots; 1 where none does."""
    gains, is_told = is_of.new_ones(is_of.shape[1]), torch.zeros(is_of.shape[1], dtype=torch.bool)
    for _ in shots:
        used = is_of[:, ~is_told].sum(1) == 0.0  # (F,)
        scaled = (_factor(gains, is_of) * used)[:, None] * columns
        source = SourceFit.of_shots(scaled, target * used, shots)
        alone = is_of * (columns @ source.coefficients)[:, None]  # (F, G)
        for each in shots:
            if each.pulse and not used[each.rows].any():
                alone[each.rows] = 0.0
        squares = alone.square().sum(0)
        is_new = ~is_told & (squares > 0.0)
        gains = torch.where(is_new, alone.T @ target / squares.clamp(min=torch.finfo(squares.dtype).tiny), gains)
        is_told |= is_new
    return gains


def _at(
    gains: Tensor, columns: Tensor, target: Tensor, shots: Sequence[ShotPart], is_of: Tensor
) -> tuple[SourceFit, Tensor, Tensor]:
    """The sources for some gains, the misfits (F,), and the derivatives by the gains of what the sources leave of them,
    (F, G)."""
    scaled = _factor(gains, is_of)[:, None] * columns
    source = SourceFit.of_shots(scaled, target, shots)
    alone = is_of * (columns @ source.coefficients)[:, None]
    return source, scaled @ source.coefficients - target, source.beyond(alone)


def channels_of_unknown_gain(
    problem: Problem, wanted: Collection[str], recorded: Tensor
) -> Mapping[str, Sequence[int]]:
    """Return the numbers of the channels of unknown gains, one or, of what recorded in several shots, several of one
    gain, by the name of the first.

    wanted: receivers, as "3", channels, as "3 y", or "all". recorded: the
    numbers of the channels that recorded. Raises ConfigError for what recorded nothing, and where the size of all gains
    cannot be told.
    """
    if not wanted:
        return {}
    every, statement = problem.records_of_all_shots, problem.recorded_in_all_shots
    assert every and statement and statement.samples, "there are no channels without records"
    names, live = channel_names(every), [int(each) for each in recorded]
    receivers = receiver_names(every)
    legal = [{ALL, name, receiver} for name, receiver in zip(names, receivers, strict=True)]
    for each in wanted:
        if not any(each in legal[channel] for channel in live):
            raise ConfigError(
                f"unknown_gains: nothing was recorded by {each!r}; legal are 'all', receivers by their rows from 0, "
                f"from {receivers[live[0]]!r} to {receivers[live[-1]]!r}, and channels, as {names[live[0]]!r}"
            )
    same = same_channels(every)
    groups: dict[int, list[int]] = {}
    for channel in live:
        groups.setdefault(int(same[channel]), []).append(channel)
    unknown = {
        first: channels
        for first, channels in groups.items()
        if any(legal[channel] & set(wanted) for channel in channels)
    }
    of_shots = [{first for first, each in groups.items() if set(each) & set(own)} for own in channels_of_shots(problem)]
    _require_size(problem, of_shots, set(unknown))
    return {names[channels[0]]: channels for channels in unknown.values()}


def _require_size(problem: Problem, recorded: Sequence[set[int]], unknown: set[int]) -> None:
    """Raise ConfigError where gains are unknown, and all that they are relative to is unknown, too.

    recorded: the channels of each shot.
    """
    pulses = [unknown_pulse(shot) for shot in problem.shots]
    for together in _connected(recorded):
        channels = set().union(*(recorded[shot] for shot in together))
        if channels <= unknown and all(pulse and pulse.is_size_unknown for pulse in (pulses[i] for i in together)):
            names = names_of_shots(problem)
            of = f" of shot {' and '.join(names[i] for i in together)}" if problem.other_shots else ""
            raise ConfigError(
                f"unknown_gains has all channels{of}, and the source's amplitude is unknown, too: times any factor "
                "they give the same records. Leave out a channel, whose gain is then the unit of the others, or give "
                "the amplitude"
            )
    if set().union(*recorded) <= unknown and len(problem.unknowns) == len(problem.constants):
        raise ConfigError(
            f"unknown_gains has all channels, and {', '.join(problem.unknowns)} are unknown: times any factor they "
            "give the same records. Leave out a channel, or give one of these"
        )


def _connected(recorded: Sequence[set[int]]) -> list[list[int]]:
    """The numbers of shots, those together that share channels, directly or by others."""
    groups: list[tuple[list[int], set[int]]] = []
    for shot, channels in enumerate(recorded):
        joined = [each for each in groups if each[1] & channels]
        groups = [each for each in groups if each not in joined]
        groups.append(
            (sorted([shot, *(i for each in joined for i in each[0])]), channels.union(*(c for _, c in joined)))
        )
    return [shots for shots, _ in groups]
