"""Errors that a single channel may have: of its clock, its size, its polarity and its zero, a drift, or a hum.

Each is made a free parameter, to first order, and its score is computed, as those of all records are in
`common_errors.py`. What the rest of the fit follows of it is left out but for the channel's degrees of freedom.

Letters: D data misfits, C channels, U unknowns, N columns of changes by one error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.data.single_channel import steady_part
from elastic_pinn.physics.numbers import is_even
from elastic_pinn.training.assessment.channels import Channels

TINY = torch.finfo(torch.float64).tiny
RANK = 1e-9  # of columns: such a part of the largest counts as none
OPPOSED = 0.5  # correlation, less its sign, of a reversed channel with what is to be expected
PREFERRED = 0.9  # of what several numbers explain: an error of one number that explains so much is the simpler reason
SIZE = 1  # among the errors
LEAST_TOLD = 1e-4  # of a size that is off
LEAST_TIMES = 24
FINER = 8  # frequencies than a record's length tells apart
STEADY_PART = 0.3  # of the mean square of a channel's misfits, which an oscillation has


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
    if not misfits.isfinite().all():  # where the noise is not known, they have no unit
        return ()
    whole = channels.sum(misfits.square()).clamp(min=TINY)  # (C,)
    hums = [_hum(channels.time[at] * time, misfits[at]) for at in channels.rows]  # Hz
    candidates = [change[:, None] for change in changes]
    candidates += [changes[-1][:, None] * each for each in (_parabola(channels.time), _wave(channels, hums, time))]
    found = []
    for columns, price in zip(candidates, PRICES, strict=True):
        amounts, square = _amounts(channels, columns, misfits, free)  # (C, N), (C,)
        moved = channels.sum((by_misfits * (columns * amounts[channels.of]).sum(1)).T).abs()  # (C, U)
        score = (square - price).clamp(min=0.0).sqrt()
        found.append((amounts[:, 0], score, square / whole, *moved.max(1)))
    amounts, scores, explained, shifts, moved_most = (torch.stack(each) for each in zip(*found, strict=True))  # (5, C)
    ones = len(changes)
    scores[ones:] *= explained[:ones].amax(0) < PREFERRED * explained[ones:]
    best = torch.where(_are_opposed(channels, -changes[SIZE], misfits), SIZE, scores.argmax(0)).tolist()  # (C,)
    return tuple(
        ChannelDeviation(
            channel=name,
            name=NAMES[kind](name, (float(amounts[kind, i]) * time, float(amounts[kind, i]), hums[i])),
            score=float(scores[kind, i]),
            explains=float(explained[kind, i]),
            shift=float(shifts[kind, i]),
            most_shifted=unknowns[int(moved_most[kind, i])],
        )
        for i, (name, kind) in enumerate(zip(channels.names, best, strict=True))
        if scores[kind, i] > 0.0
    )


def _are_opposed(channels: Channels, field: Tensor, misfits: Tensor) -> Tensor:
    """Whether what each channel recorded is of the other sign than the field in its place (D,), (C,)."""
    records = field - misfits
    product, *squares = (channels.sum(each) for each in (field * records, field.square(), records.square()))
    return product < -OPPOSED * (squares[0] * squares[1]).sqrt()


def _amounts(channels: Channels, columns: Tensor, misfits: Tensor, free: Tensor) -> tuple[Tensor, Tensor]:
    """By how much each column (D, N) is in the misfits of each channel, (C, N), and the square of all, (C,)."""
    sizes = channels.sum(columns.square() * free[:, None]).sqrt()  # (C, N), of unlike units
    scaled = columns / torch.where(sizes > TINY, sizes, 1.0)[channels.of]
    normal = channels.sum((scaled[:, :, None] * scaled[:, None]).flatten(1) * free[:, None]).unflatten(
        1, (-1, columns.shape[1])
    )
    pull = channels.sum(scaled * misfits[:, None]) * (sizes > TINY)  # (C, N)
    amounts = torch.einsum("cnm,cm->cn", torch.linalg.pinv(normal, rtol=RANK, hermitian=True), pull)
    return torch.where(sizes > TINY, amounts / sizes.clamp(min=TINY), 0.0), (amounts * pull).sum(1)


def _parabola(time: Tensor) -> Tensor:
    """A slow drift, as columns, (D, 3)."""
    since = 2.0 * (time - time.min()) / (time.max() - time.min()).clamp(min=TINY) - 1.0
    return torch.stack([torch.ones_like(since), since, since.square()], dim=1)


def _hum(time: Tensor, misfits: Tensor) -> float:
    """The frequency of misfits (T,) of a channel that oscillate at one all the time, s: 0 where they do not."""
    at, values = time.numpy(), misfits.numpy()
    if not is_even(at, LEAST_TIMES):
        return 0.0
    length = len(at) * FINER  # frequencies between those of the record, too
    power = np.abs(np.fft.rfft(values - values.mean(), length))
    frequency = float(power.argmax() / (length * (at[1] - at[0])))
    return frequency if frequency and steady_part(at, values, frequency) > STEADY_PART else 0.0


def _wave(channels: Channels, hums: Sequence[float], time: float) -> Tensor:
    """An oscillation at the frequency of each channel, as columns, (D, 2); 0 where it has none."""
    frequency = torch.tensor(hums, dtype=torch.float64)[channels.of]
    phase = 2.0 * torch.pi * frequency * channels.time * time
    return (frequency > 0.0)[:, None] * torch.stack([phase.cos(), phase.sin()], dim=1)


def _clock(channel: str, of: tuple[float, float, float]) -> str:
    return f"the clock of {channel}, {abs(of[0]):.2g} s {'late' if of[0] > 0 else 'early'},"


def _size(channel: str, of: tuple[float, float, float]) -> str:
    if of[1] < -1.0:
        return f"the polarity of {channel}, which is reversed,"
    size = 1.0 + of[1]
    digits = 2 - math.floor(math.log10(max(abs(size - 1.0), LEAST_TOLD)))  # 1.004, not 1
    return f"the size of {channel}, {size:.{max(2, digits)}g} times what is to be expected,"


def _zero(channel: str, _: tuple[float, float, float]) -> str:
    return f"the zero of {channel}"


def _drift(channel: str, _: tuple[float, float, float]) -> str:
    return f"a slow drift or an offset of {channel}"


def _oscillation(channel: str, of: tuple[float, float, float]) -> str:
    return f"a hum of {channel}, of {of[2]:.3g} Hz from the first sample to the last,"


# Of a channel: the amount as a delay, s, the amount as it is, and the frequency, Hz.
NAMES: tuple[Callable[[str, tuple[float, float, float]], str], ...] = (_clock, _size, _zero, _drift, _oscillation)
PRICES = 0.0, 0.0, 0.0, 10.0, 30.0  # of a squared score: noise then reaches one of more numbers as rarely as of one
