"""A filter of records without a shift in time: what lies below, above or between two frequencies.

Letters of shapes: R receivers, T times, C channels of a receiver.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from elastic_pinn.physics.data.noise import Noise
from elastic_pinn.physics.data.records import Records
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.numbers import Array, is_even

ORDER = 2  # of the Butterworth filter, which runs forwards and backwards
BELOW_CUT = (
    0.83  # the Nyquist frequency over the upper cut-off, at which what folds back makes filtered noise white again
)
LEAST_TIMES = 8  # that a filtered record has
ENDS_OF_LOWEST = 1.25  # periods of the lower cut-off that are left out: what is made up there has fallen below 1 %


@dataclass(frozen=True)
class BandFilter:
    """Cut-offs over the rate of samples, of which 0 is none; every which sample is kept, and from where on.

    rate: Hz. ends: samples that are left out at either end. times: which are kept, (T,).
    """

    rate: float
    lower: float
    upper: float
    every: int
    ends: int
    times: np.ndarray[Any, np.dtype[np.bool_]]

    @classmethod
    def of(cls, records: Records, lowest: float, highest: float) -> Self:
        """Make the filter that these records allow; a frequency of 0 Hz is none.

        Raises ProblemError where there is none.
        """
        if records.time.ndim > 1:
            raise ProblemError("a filter needs times that all receivers share, and these records have their own")
        live = records.is_there.any(axis=1, keepdims=True)  # (R, 1, C)
        if (live & ~records.is_there).any():
            raise ProblemError("a filter needs records without gaps, and some channels have some: leave them out")
        if not is_even(records.time):
            raise ProblemError("a filter needs evenly spaced times, and these records have others")
        if np.ndim(records.noise) == 3:
            raise ProblemError("a filter mixes samples: noise that is stated for each sample cannot be kept")
        rate = 1.0 / float(np.diff(records.time).mean())
        every, upper = 1, 0.0
        if highest:
            every = math.floor(rate / (2.0 * BELOW_CUT * highest))
            if every < 2:
                most = rate / (4.0 * BELOW_CUT)
                raise ProblemError(
                    f"{highest:g} Hz is too near to the samples' Nyquist frequency: legal are up to {most:.4g} Hz"
                )
            upper = rate / (2.0 * BELOW_CUT * every)
        elif lowest >= rate / 2.0:
            raise ProblemError(f"{lowest:g} Hz leaves nothing: the samples' Nyquist frequency is {rate / 2.0:.4g} Hz")
        ends = math.ceil(max(rate / upper if upper else 0.0, ENDS_OF_LOWEST * rate / lowest if lowest else 0.0))
        times = np.zeros(len(records.time), dtype=bool)
        times[ends : len(times) - ends : every] = True
        if times.sum() < LEAST_TIMES:
            band = " and ".join(
                [f"{side} {cut_off:g} Hz" for side, cut_off in (("above", lowest), ("below", highest)) if cut_off]
            )
            raise ProblemError(
                f"{band}, {times.sum()} times would be left of {len(times)}, less {ends} at either end: "
                f"{LEAST_TIMES} are needed, of a longer record"
            )
        return cls(rate, lowest / rate, upper / rate, every, ends, times)

    @property
    def told(self) -> str:
        """What it does."""
        lower, upper = (f"{cut_off * self.rate:.4g} Hz" for cut_off in (self.lower, self.upper))
        if not self.lower:
            name = f"low-pass filter, cut-off {upper}"
        elif not self.upper:
            name = f"high-pass filter, cut-off {lower}"
        else:
            name = f"band-pass filter, cut-offs {lower} and {upper}"
        kept = "every sample" if self.every == 1 else f"every {self.every}. sample"
        less = "; the noise is that within the band, and there is less below it" if self.lower else ""
        return f"{name}, zero phase; {kept} kept, and none within {self.ends} of either end{less}"

    def __call__(self, records: Records, noise: Noise) -> Records:
        """Filter records that have this noise; dead channels stay dead."""
        live = records.is_there.any(axis=1, keepdims=True)  # (R, 1, C)
        level: Any = records.noise
        if not records.is_noise_stated:
            level = 0.0 if math.isnan(noise.level) else noise.level * np.abs(records.gain)  # of the values as they are
        values = np.where(live, _between(np.nan_to_num(records.values), self.lower, self.upper), np.nan)
        left = _left_of_noise(self.upper) if self.upper else 1.0
        return replace(records, values=values[:, self.times], time=records.time[self.times], noise=level * left)


def _between(values: Array, lower: float, upper: float) -> Array:
    """Values (..., T, C) between two cut-offs over the rate of samples, of which 0 is none."""
    from scipy.signal import butter, sosfiltfilt  # slow to import

    for cut_off, kind in ((lower, "highpass"), (upper, "lowpass")):
        if cut_off:
            values = sosfiltfilt(butter(ORDER, cut_off, kind, output="sos", fs=1.0), values, axis=-2)
    return values


def _left_of_noise(upper: float) -> float:
    """The standard deviation that a low-pass filter leaves of white noise of standard deviation 1."""
    impulse = np.zeros((2 * math.ceil(50.0 / upper) + 1, 1))
    impulse[len(impulse) // 2] = 1.0
    return float(np.linalg.norm(_between(impulse, 0.0, upper)))
