"""What receivers recorded of one quantity in one shot: in any directions, with gaps, clocks and noise of their own.

Letters of shapes: R receivers, T times, C channels of a receiver, K components of the quantity.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from elastic_pinn.physics.data.channel_names import names_of_channels, shown_name
from elastic_pinn.physics.data.quantities import RECORDED_QUANTITIES
from elastic_pinn.physics.data.recorded_quantity import TENSOR, VECTOR, RecordedQuantity
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.numbers import Array, real_array

UNIT = 1e-12  # so near to 1, the length of a vector is 1

Directions = Any
"""Names of components, or unit vectors, of the channels: see `Records`."""


class Parts(NamedTuple):
    """The part of each component in each channel, (C, K), or (R, C, K): what directions become."""

    values: Array


class Channel(NamedTuple):
    """A receiver's record along one direction, corrected by its gain and delay, without its gaps.

    row, column: of the values; label: of the direction, as "y"; time (T',) in s and values (T',) in the SI unit.
    """

    row: int
    column: int
    label: str
    time: Array
    values: Array


@dataclass(frozen=True, eq=False, repr=False)
class Records:
    """What was recorded of one quantity in one shot.

    What a channel gives at t is gain times what happened at t - delay, and noise. Arrays, tensors and lists of real
    numbers are taken; copies in double precision are kept.

    Parameters
    ----------
    quantity
        "displacement" (m), "velocity" (m/s), "acceleration" (m/s2), "strain" (1), "strain_rate" (1/s) or "stress" (Pa).
    values
        As recorded (R, T, C) in its SI unit, or (R, T) of one channel each. NaN or masked: nothing was recorded.
        A channel that is NaN throughout is a dead one.
    xy
        Places of the receivers, (R, 2) in m.
    time
        Times (T,) in s; or (R, T) where each receiver has its own, NaN at the end of shorter ones.
    directions
        Along which each channel recorded: components by name, as ("x", "y"), ("y",) or ("xx", "yy", "xy"), or vectors
        (C, 2), or (R, C, 2), of any length. Along a vector n, a vector's record is that of n . u, and a tensor's, as of
        a strain gauge or a fibre, that of n . eps n. All components by default. Kept as the `Parts` that they are.
    noise
        Standard deviation of the values in their unit: one number, by channel (R, C), or by sample (R, T, C); 0 or None
        where it is not stated.
    gain
        (R, C) or one number, dimensionless, not 0; negative where the polarity is reversed.
    delay
        (R, C) or one number, in s: by how much the channel is late.
    shot
        The name of the shot that it is of.
    names
        What channels are called where they were recorded, as "laser 3", (R, C) of text, or (R,) of receivers; "" or
        None where nothing names them.

    Raises
    ------
    ProblemError
        For values that do not fit together.
    """

    quantity: str
    values: Array
    xy: Array
    time: Array
    directions: Directions = None
    noise: Any = 0.0
    gain: Any = 1.0
    delay: Any = 0.0
    shot: str = ""
    names: Any = None

    def __post_init__(self) -> None:
        if self.quantity not in RECORDED_QUANTITIES:
            raise ProblemError(f"quantity = {self.quantity!r}: legal are {', '.join(RECORDED_QUANTITIES)}")
        given: Any = self.values
        given = given.astype(np.float64).filled(np.nan) if np.ma.is_masked(given) else given
        values = real_array(f"{self.quantity}", given)
        self._take(values=values[:, :, None] if values.ndim == 2 else values)
        self._take(xy=real_array("xy", self.xy), time=real_array("time", self.time))
        _check_axes(self)
        self._take(directions=_parts(self))
        by_channel = self.values.shape[0], self.values.shape[2]
        for name in ("noise", "gain", "delay"):
            given = getattr(self, name)
            array = real_array(f"the {name} of {self.quantity}", 0.0 if given is None else given)
            if array.shape not in ((), by_channel, *((self.values.shape,) if name == "noise" else ())):
                also = f" or {self.values.shape} by sample" if name == "noise" else ""
                raise ProblemError(
                    f"the {name} of {self.quantity} has shape {array.shape}, where one number, {by_channel} by channel"
                    f"{also} is needed"
                )
            self._take(**{name: float(array) if array.ndim == 0 else array})
        _check_numbers(self)
        self._take(names=names_of_channels(self))

    def _take(self, **fields: Any) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"Records({self.told})"

    @property
    def told(self) -> str:
        """In words, what of it there is: quantity, receivers, times, directions, gaps and shot.

        A direction that a receiver did not record along is no channel of it, and none of its samples is missing.
        """
        rows, times, columns = self.values.shape
        recorded = np.asarray(self.is_there.any(axis=1))  # (R, C)
        has_time = np.broadcast_to(np.isfinite(self.time), (rows, times))[:, :, None]  # (R, T, 1), not after its end
        gaps = 1.0 - float(self.is_there.sum() / (has_time & recorded[:, None]).sum())
        dead = int((~recorded.any(axis=1)).sum())
        along = "" if self.are_components else f" along {' and '.join(self.labels)}"
        each = ", ".join(f"{n} {label}" for n, label in zip(recorded.sum(axis=0), self.labels, strict=True) if n)
        parts = [
            f"{self.quantity} of {rows} at {times} times{along}",
            *([f"{recorded.sum()} channels ({each})"] if recorded.sum() < (rows - dead) * columns else []),
            *([f"{dead} of {rows} receivers recorded nothing"] if dead else []),
            *([f"{100 * gaps:.2g} % of samples missing"] if gaps else []),
            *([f"shot {shown_name(self.shot)}"] if self.shot else []),
        ]
        return ", ".join(parts)

    @property
    def noise_told(self) -> str:
        """In words, how much noise is stated."""
        of, noise, unit = self.quantity, self.noises[self.is_there], self.kind.unit
        if not self.is_noise_stated:
            return "noise not stated"
        low, high = float(noise.min()), float(noise.max())
        return f"noise {low:.3g} {unit}" if low == high else f"noise of {of} {low:.3g} to {high:.3g} {unit}"

    @property
    def kind(self) -> RecordedQuantity:
        """What is recorded."""
        return RECORDED_QUANTITIES[self.quantity]

    @property
    def are_components(self) -> bool:
        """Whether all components were recorded, in their order, each by a channel."""
        size, parts = len(self.kind.components), self.directions.values
        return bool(parts.shape[-2:] == (size, size) and (parts == np.eye(size)).all())

    @cached_property
    def is_complete(self) -> bool:
        """Whether x and y of a vector were recorded at all receivers and common times, with one noise, as they are."""
        return (
            self.kind.components == VECTOR
            and self.are_components
            and self.time.ndim == 1
            and isinstance(self.noise, float)
            and not np.isnan(self.values).any()
            and bool(np.all(np.asarray(self.gain) == 1.0) and np.all(np.asarray(self.delay) == 0.0))
        )

    @cached_property
    def parts(self) -> Array:
        """The part of each component in each channel, (R, C, K)."""
        rows, _, columns = self.values.shape
        return np.broadcast_to(self.directions.values, (rows, columns, len(self.kind.components)))

    @property
    def corrected(self) -> Array:
        """The values over their gains, (R, T, C)."""
        is_one = isinstance(self.gain, float) and self.gain == 1.0
        return self.values if is_one else self.values / self._by_sample("gain")

    @property
    def noises(self) -> Array:
        """The standard deviations of `corrected`, (R, T, C); 0 where they are not stated."""
        return self._by_sample("noise") / np.abs(self._by_sample("gain"))

    @property
    def is_noise_stated(self) -> bool:
        """Whether there is a standard deviation."""
        return bool(np.any(np.asarray(self.noise) > 0.0))

    @property
    def instants(self) -> Array:
        """When what was recorded happened, (R, T, C) in s."""
        times = np.broadcast_to(self.time, self.values.shape[:2])[:, :, None]  # (R, T, 1)
        return np.asarray(times - self._by_sample("delay"))

    @property
    def is_there(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Where there is a value, (R, T, C)."""
        return np.isfinite(self.values)

    def _by_sample(self, name: str) -> Array:
        """Noise, gain or delay of each sample, (R, T, C), without a copy."""
        given = np.asarray(getattr(self, name))
        return np.broadcast_to(given[:, None] if given.ndim == 2 else given, self.values.shape)

    def at(self, rows: Any) -> Records:
        """Select receivers.

        Parameters
        ----------
        rows
            Their rows, or a mask, (R,).

        Returns
        -------
        Records
            What these recorded.
        """
        own = [name for name, dimensions in (("noise", 0), ("gain", 0), ("delay", 0), ("time", 1))
               if np.ndim(getattr(self, name)) > dimensions]  # fmt: skip
        own += ["names"] * (self.names is not None)
        parts = self.directions.values
        return replace(self, directions=Parts(parts[rows] if parts.ndim == 3 else parts),
                       **{name: getattr(self, name)[rows] for name in ("xy", "values", *own)})  # fmt: skip

    @property
    def labels(self) -> tuple[str, ...]:
        """What each channel of a receiver recorded along, (C,).

        "x", or "(0.6, 0.8)", or "direction 1" where receivers have unlike ones.
        """
        first, same = self.parts[0], (self.parts == self.parts[0]).all((0, 2))
        names = self.kind.components
        return tuple(
            _label(row, names) if is_same else f"direction {column + 1}"
            for column, (row, is_same) in enumerate(zip(first, same, strict=True))
        )

    def channels(self) -> Iterator[Channel]:
        """Yield each channel that is not dead.

        Yields
        ------
        Channel
            Its record in the SI unit at times in s, corrected by gain and delay, without gaps.
        """
        instants, values, there, names = self.instants, self.corrected, self.is_there, self.kind.components
        for row, column in np.argwhere(there.any(axis=1)):
            kept = there[row, :, column]
            label = _label(self.parts[row, column], names)
            yield Channel(int(row), int(column), label, instants[row, kept, column], values[row, kept, column])


def _label(part: Array, names: Sequence[str]) -> str:
    """The direction of a channel: a component's name, a vector, or a sum of components."""
    terms = [(value, name) for value, name in zip(part.tolist(), names, strict=True) if value]
    if len(terms) == 1 and terms[0][0] == 1.0:
        return terms[0][1]
    x, y = part[:2] if tuple(names) == VECTOR else np.sqrt(np.abs(part[:2])) * [1.0, np.sign(part[-1])]
    if np.allclose(_along(np.array([x, y]), names), part, rtol=0.0, atol=UNIT):
        return f"({x:.3g}, {y:.3g})"
    return " + ".join(f"{value:.3g} {name}" for value, name in terms).replace("+ -", "- ")


def _check_axes(records: Records) -> None:
    """Raise ProblemError unless places, times and values have shapes that fit."""
    xy, time, values, name = records.xy, records.time, records.values, records.quantity
    if xy.ndim != 2 or xy.shape[1] != 2 or not len(xy):
        raise ProblemError(f"xy has shape {xy.shape}, where (receivers, 2) is needed")
    if time.ndim not in (1, 2) or not time.size or (time.ndim == 2 and len(time) != len(xy)):
        raise ProblemError(
            f"time has shape {time.shape}, where (times,) is needed, or ({len(xy)}, times) of each receiver"
        )
    needed = (len(xy), time.shape[-1])
    if values.ndim != 3 or values.shape[:2] != needed or not values.shape[2]:
        raise ProblemError(f"{name} has shape {values.shape}, where xy and /time need {needed} and channels")


def _parts(records: Records) -> Parts:
    """The part of each component in each channel, (C, K) or (R, C, K), of directions as they were given."""
    given, names = records.directions, records.kind.components
    rows, _, columns = records.values.shape
    if given is None:
        if columns != len(names):
            raise ProblemError(
                f"{records.quantity} has {columns} channels a receiver: directions are needed, as "
                f"{list(names[:columns])} of {', '.join(names)}, or as vectors"
            )
        return Parts(np.eye(len(names)))
    if isinstance(given, str):
        given = (given,)
    if isinstance(given, Parts):
        parts = given.values
    elif any(isinstance(each, str) for each in given):
        parts = np.stack([part_of(each, names) for each in given])
    else:
        array = real_array(f"directions of {records.quantity}", given)
        parts = _along(array, names) if array.shape[-1:] == (2,) else np.empty(0)
    shapes = ((columns, len(names)), (rows, columns, len(names)))
    if parts.shape not in shapes:
        raise ProblemError(
            f"directions of {records.quantity} have shape {np.shape(given)}, where a name or a vector for each of "
            f"{columns} channels is needed, or ({rows}, {columns}, 2)"
        )
    if not np.isfinite(parts).all() or not np.any(parts, axis=-1).all():
        raise ProblemError(f"directions of {records.quantity} have a vector of no length, or that is not finite")
    return Parts(parts)


def part_of(direction: str | Sequence[float], names: Sequence[str]) -> Array:
    """Return the part of each component in what is recorded along a component by its name, or a vector, (K,)."""
    if isinstance(direction, str):
        if direction not in names:
            raise ProblemError(f"directions has {direction!r}: legal are {', '.join(names)}, or vectors")
        return np.eye(len(names))[list(names).index(direction)]
    return _along(real_array("directions", direction), names)


def _along(vectors: Array, names: Sequence[str]) -> Array:
    """The part of each component in what is recorded along vectors (..., 2), (..., K)."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        x, y = np.moveaxis(np.where(np.abs(lengths - 1.0) < UNIT, vectors, vectors / lengths), -1, 0)
    return np.stack([x * x, y * y, 2.0 * x * y] if tuple(names) == TENSOR else [x, y], axis=-1)


def _check_numbers(records: Records) -> None:
    """Raise ProblemError unless numbers are finite where they must be, times increase, and something was recorded."""
    name, values = records.quantity, records.values
    if not np.isfinite(records.xy).all():
        raise ProblemError("xy has values that are not finite: leave out such receivers")
    if np.isinf(values).any():
        raise ProblemError(f"{name} has infinite values: NaN is a sample that was not recorded")
    if np.isnan(values).all():
        raise ProblemError(f"{name} has no value: each channel is dead")
    if not np.nan_to_num(values).any():
        raise ProblemError(f"{name} is zero everywhere")
    _check_times(records)
    for what, legal in (
        ("noise", "0 or more"),
        ("gain", "other than 0"),
        ("delay", "finite, and 0 for a channel that is on time"),
    ):
        each = np.asarray(getattr(records, what))
        wrong = ~np.isfinite(each) | ((each < 0) if what == "noise" else (each == 0) & (what == "gain"))
        if what == "noise" and each.ndim:
            there = records.is_there if each.ndim == 3 else records.is_there.any(axis=1)
            wrong, legal = there & (wrong | (each == 0)), "more than 0 in each channel with samples"
        if wrong.any():
            at = np.argwhere(wrong)[0]
            unit = {"noise": f" {records.kind.unit}", "delay": " s"}.get(what, "")
            axes = ("receiver", "channel") if each.ndim == 2 else ("receiver", "sample", "channel")
            place = ", ".join(f"{axis} {number}" for axis, number in zip(axes, at.tolist(), strict=False))
            of = f" of {place}, counted from 0," if place else ""
            raise ProblemError(f"the {what} of {name}{of} is {each[tuple(at)]:g}{unit}, where it must be {legal}")


def _check_times(records: Records) -> None:
    time = np.atleast_2d(records.time)  # (1 or R, T)
    ends = np.isfinite(time).sum(axis=1)
    for row, (axis, end) in enumerate(zip(time, ends, strict=True)):
        of = f" of receiver {row}" if records.time.ndim == 2 else ""
        if not np.isfinite(axis[:end]).all() or (records.time.ndim == 1 and end < len(axis)):
            raise ProblemError(f"time{of} has values that are not finite: leave out such times")
        falls = np.flatnonzero(np.diff(axis[:end]) <= 0)
        if len(falls):
            raise ProblemError(
                f"time{of} does not increase after row {falls[0]}, counted from 0: sort it, each time once"
            )
        if records.time.ndim == 2 and np.isfinite(records.values[row, end:]).any():
            raise ProblemError(f"{records.quantity} of receiver {row}, counted from 0, has values where it has no time")
