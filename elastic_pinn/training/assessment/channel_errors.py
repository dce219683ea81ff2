"""Errors that a single channel may have: of its clock, its size and its zero.

Each is made a free parameter, to first order, and its score is computed, as those of all records are in `evidence.py`.
What the rest of the fit follows of it is left out but for the channel's degrees of freedom.

Letters: D data misfits, C channels, U unknowns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elastic_pinn.training.assessment.channels import Channels

TINY = torch.finfo(torch.float64).tiny


@dataclass(frozen=True)
class ChannelDeviation:
    """The error of a channel that explains most of its misfit.

    name: what it is, with its size. score: that size in units of its standard deviation by noise. explains: the part of
    the channel's squared misfit. shift: of the unknown that it would move most, in units of ±.
    """

    channel: str
    name: str
    score: float
    explains: float
    shift: float
    most_shifted: str


def channel_errors(
    channels: Channels,
    misfits: Tensor,
    free: Tensor,
    changes: tuple[Tensor, Tensor, Tensor],
    by_misfits: Tensor,
    unknowns: Sequence[str],
    time: float,
) -> tuple[ChannelDeviation, ...]:
    """Find the error of each channel that explains most.

    misfits (D,), changes by time, size and zero, each (D,), and by_misfits, of the unknowns in units of ±, (U, D), are
    in units of the noise; free: the degrees of freedom of each misfit, (D,); time: the unit of time, s.
    """
    whole = channels.sum(misfits.square()).clamp(min=TINY)  # (C,)
    found = []
    for change in changes:
        pull, square = channels.sum(change * misfits), channels.sum(change.square() * free)  # (C,)
        amount = torch.where(square > TINY, pull / square.clamp(min=TINY), 0.0)
        moved = (channels.sum((by_misfits * change).T) * amount[:, None]).abs()  # (C, U)
        found.append((amount, amount.abs() * square.sqrt(), amount * pull / whole, *moved.max(1)))
    amounts, scores, explained, shifts, moved_most = (torch.stack(each) for each in zip(*found, strict=True))  # (3, C)
    best = scores.argmax(0).tolist()  # (C,)
    return tuple(
        ChannelDeviation(
            channel=name,
            name=NAMES[kind](name, float(amounts[kind, i]) * (1.0 if kind else time)),
            score=float(scores[kind, i]),
            explains=float(explained[kind, i]),
            shift=float(shifts[kind, i]),
            most_shifted=unknowns[int(moved_most[kind, i])],
        )
        for i, (name, kind) in enumerate(zip(channels.names, best, strict=True))
        if scores[kind, i] > 0.0
    )


def _clock(channel: str, late: float) -> str:
    return f"the clock of {channel}, {abs(late):.2g} s {'late' if late > 0 else 'early'},"


def _size(channel: str, more: float) -> str:
    return f"the size of {channel}, {1.0 + more:.2g} times what is to be expected,"


def _zero(channel: str, _: float) -> str:
    return f"the zero of {channel}"


NAMES: tuple[Callable[[str, float], str], ...] = (_clock, _size, _zero)
