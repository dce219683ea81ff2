"""Pulses: how a source's strength changes in time.

A new pulse is a subclass of `Pulse`. Letters: N times.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.numbers import finite_number

FAINT = 1e-3  # of the peak: beyond its interval a pulse is smaller
HIGHEST = 1e-2  # of the spectrum's peak: beyond its highest frequency the spectrum is smaller
GAUSSIAN_END = math.sqrt(-2.0 * math.log(FAINT))  # standard deviations
GAUSSIAN_HIGHEST = math.sqrt(-2.0 * math.log(HIGHEST)) / (2.0 * math.pi)  # times one over the standard deviation
RICKER_END = 1.0  # periods: (1 - 2 a^2) exp(-a^2) at a = pi
RICKER_HIGHEST = 2.77  # times the frequency f: the spectrum x exp(1 - x), with x = (nu / f)^2
EARLIEST = 4.0  # standard deviations of a Gaussian from the start of the window to its peak
SAMPLES = 4001  # of a pulse, for integrals over time
HANN_LOBES = 3.0  # bins of 1 / duration from the centre of a Hann window's spectrum: HIGHEST lies within


class Pulse(ABC):
    """A dimensionless function of time, of a peak of about 1."""

    @property
    @abstractmethod
    def interval(self) -> tuple[float, float]:
        """From and to, s: elsewhere the pulse is below a thousandth of its peak."""

    @property
    @abstractmethod
    def highest_frequency(self) -> float:
        """Hz: beyond it the spectrum is below a hundredth of its peak."""

    @property
    def identity(self) -> tuple[float, ...]:
        """Numbers that tell it from a pulse of the same values and interval."""
        return ()

    def within(self, window: tuple[float, float]) -> tuple[float, float]:
        """Return the part of its interval that lies in a window of time.

        Parameters
        ----------
        window
            From and to, s.

        Returns
        -------
        tuple of float
            From and to, s: the first is the later one where the interval lies outside.
        """
        (start, end), (first, last) = self.interval, window
        return max(start, first), min(end, last)

    def parts_outside(self, window: tuple[float, float]) -> tuple[float, float]:
        """Compute what of it a window of time cuts off, by the integral of its square.

        Parameters
        ----------
        window
            From and to, s.

        Returns
        -------
        tuple of float
            The part before the window and that after it, of all, dimensionless.
        """
        times = torch.linspace(*self.interval, SAMPLES, dtype=torch.float64)
        squares = self(times).square()
        before, after = (float(squares[cut].sum() / squares.sum()) for cut in (times < window[0], times > window[1]))
        return before, after

    @property
    def breaks(self) -> tuple[float, ...]:
        """Times, s, where some derivative jumps; none by default."""
        return ()

    @abstractmethod
    def __call__(self, t: Tensor) -> Tensor:
        """Evaluate the pulse at times (N,) in s: (N,), dimensionless."""

    @abstractmethod
    def rate(self, t: Tensor) -> Tensor:
        """Evaluate the pulse's derivative at times (N,) in s: (N,) in 1/s."""


@dataclass(frozen=True)
class Ricker(Pulse):
    """The second derivative of a Gaussian, (1 - 2 a^2) exp(-a^2) with a = pi frequency (t - center).

    Parameters
    ----------
    frequency
        Where its spectrum has its peak, Hz.
    center
        When it has its peak, s; one period, 1 / frequency, after the start of the window or later.

    Raises
    ------
    ProblemError
        For numbers that are not finite, and for a frequency that is not above 0.

    References
    ----------
    Ricker, N. (1953). The form and laws of propagation of seismic wavelets. Geophysics 18.
    """

    frequency: float
    center: float

    def __post_init__(self) -> None:
        settle(self, positive={"frequency": "Hz"}, finite=("center",))

    def __repr__(self) -> str:
        return f"Ricker({self.frequency:g} Hz at {self.center:g} s)"

    @property
    def interval(self) -> tuple[float, float]:
        """From and to, s: one period to each side."""
        reach = RICKER_END / self.frequency
        return self.center - reach, self.center + reach

    @property
    def highest_frequency(self) -> float:
        """2.77 times its frequency, Hz."""
        return RICKER_HIGHEST * self.frequency

    def __call__(self, t: Tensor) -> Tensor:
        """Evaluate the pulse.

        Parameters
        ----------
        t
            Times, (N,) in s.

        Returns
        -------
        Tensor
            Values, (N,), dimensionless.
        """
        squared = (math.pi * self.frequency * (t - self.center)) ** 2
        return (1.0 - 2.0 * squared) * torch.exp(-squared)

    def rate(self, t: Tensor) -> Tensor:
        """Evaluate the pulse's derivative.

        Parameters
        ----------
        t
            Times, (N,) in s.

        Returns
        -------
        Tensor
            Values, (N,) in 1/s.
        """
        slope = math.pi * self.frequency
        a = slope * (t - self.center)
        return slope * (4.0 * a**3 - 6.0 * a) * torch.exp(-(a**2))


@dataclass(frozen=True)
class Gaussian(Pulse):
    """A Gaussian, exp(-(t - center)^2 / (2 width^2)).

    Parameters
    ----------
    width
        Its standard deviation, s.
    center
        When it has its peak, s; four widths after the start of the window or later.

    Raises
    ------
    ProblemError
        For numbers that are not finite, and for a width that is not above 0.
    """

    width: float
    center: float

    def __post_init__(self) -> None:
        settle(self, positive={"width": "s"}, finite=("center",))

    def __repr__(self) -> str:
        return f"Gaussian({self.width:g} s wide at {self.center:g} s)"

    @property
    def interval(self) -> tuple[float, float]:
        """From and to, s: 3.7 widths to each side."""
        reach = GAUSSIAN_END * self.width
        return self.center - reach, self.center + reach

    @property
    def highest_frequency(self) -> float:
        """0.48 / width, Hz."""
        return GAUSSIAN_HIGHEST / self.width

    def __call__(self, t: Tensor) -> Tensor:
        """Evaluate the pulse.

        Parameters
        ----------
        t
            Times, (N,) in s.

        Returns
        -------
        Tensor
            Values, (N,), dimensionless.
        """
        return torch.exp(-(((t - self.center) / self.width) ** 2) / 2.0)

    def rate(self, t: Tensor) -> Tensor:
        """Evaluate the pulse's derivative.

        Parameters
        ----------
        t
            Times, (N,) in s.

        Returns
        -------
        Tensor
            Values, (N,) in 1/s.
        """
        return -(t - self.center) / self.width**2 * self(t)


@dataclass(frozen=True)
class ToneBurst(Pulse):
    """Some cycles of a sine in a Hann window, sin(2 pi frequency s) (1 - cos(2 pi s / duration)) / 2, s = t - start.

    Its duration is cycles / frequency; it is exactly zero before and after.

    Parameters
    ----------
    frequency
        Of the sine, Hz.
    cycles
        How many, at least 1, dimensionless; whole or not.
    start
        When it starts, s.

    Raises
    ------
    ProblemError
        For numbers that are not finite, for a frequency that is not above 0, and for less than one cycle.
    """

    frequency: float
    cycles: float = 5.0
    start: float = 0.0

    def __post_init__(self) -> None:
        settle(self, positive={"frequency": "Hz", "cycles": ""}, finite=("start",))
        if self.cycles < 1.0:
            raise ProblemError(f"ToneBurst: cycles = {self.cycles:g}: at least 1 is needed")

    def __repr__(self) -> str:
        return f"ToneBurst({self.cycles:g} cycles of {self.frequency:g} Hz from {self.start:g} s)"

    @property
    def duration(self) -> float:
        """How long it lasts, s."""
        return self.cycles / self.frequency

    @property
    def interval(self) -> tuple[float, float]:
        """Its start and its end, s."""
        return self.start, self.start + self.duration

    @property
    def breaks(self) -> tuple[float, ...]:
        """Its start and its end, s, where the third derivative jumps."""
        return self.interval

    @property
    def highest_frequency(self) -> float:
        """Its frequency times (1 + 3 / cycles), Hz."""
        return self.frequency * (1.0 + HANN_LOBES / self.cycles)

    def __call__(self, t: Tensor) -> Tensor:
        """Evaluate the pulse.

        Parameters
        ----------
        t
            Times, (N,) in s.

        Returns
        -------
        Tensor
            Values, (N,), dimensionless.
        """
        since, omega, slow = self._times(t)
        return torch.sin(omega * since) * (1.0 - torch.cos(slow * since)) / 2.0

    def rate(self, t: Tensor) -> Tensor:
        """Evaluate the pulse's derivative.

        Parameters
        ----------
        t
            Times, (N,) in s.

        Returns
        -------
        Tensor
            Values, (N,) in 1/s.
        """
        since, omega, slow = self._times(t)
        of_sine = omega * torch.cos(omega * since) * (1.0 - torch.cos(slow * since))
        return (of_sine + slow * torch.sin(omega * since) * torch.sin(slow * since)) / 2.0

    def _times(self, t: Tensor) -> tuple[Tensor, float, float]:
        """Times since the start within the burst, (N,), and the angular frequencies of sine and window."""
        return (t - self.start).clamp(0.0, self.duration), 2.0 * math.pi * self.frequency, 2.0 * math.pi / self.duration


def settle(made: object, positive: dict[str, str], finite: tuple[str, ...] = ()) -> None:
    """Turn attributes of a frozen object into finite floats, some above zero, given with their units.

    Raises ProblemError, naming the object's type and the attribute, for others.
    """
    for name in (*positive, *finite):
        role = f"{type(made).__name__}: {name}"
        number = finite_number(role, getattr(made, name))
        if name in positive and number <= 0.0:
            raise ProblemError(f"{role} = {number:g} {positive[name]}".rstrip() + ": it must be above 0")
        object.__setattr__(made, name, number)
