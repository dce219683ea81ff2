"""A source's wavelet that is not known.

Letters: N times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from torch import Tensor

from elastic_pinn.physics.sources.pulses import Gaussian, settle
from elastic_pinn.physics.sources.unknown_pulse import UnknownPulse

WIDTH_OF_UNKNOWN = 0.15  # periods: two thirds of the deviation of the Gaussian that a Ricker pulse is derived from
HIGHEST = 2.5  # times the frequency: what a wavelet has beyond, Gaussians so far apart do not follow to a percent
REACH = 3.0  # widths: a Gaussian with its peak so long after the window's end acts within


@dataclass(frozen=True)
class UnknownWavelet(UnknownPulse):
    """A wavelet that is sought with the material, by stages = ["full_waveform"]: a sum of equal Gaussians.

    They follow one another at the distance of their width, each with an amplitude of its own. Sums of them come within
    a thousandth of a Ricker pulse of the frequency, or of any slower wavelet. As a function of time this is the first
    of them.

    Parameters
    ----------
    frequency
        Where the wavelet's spectrum has about its peak, Hz. A lower one leaves misfits, which are reported; a higher
        one needs more elements and waves.
    start
        When the wavelet begins at the earliest, s: where the first Gaussian has its peak, four widths (0.6 /
        frequency) after the start of the window or later.

    Raises
    ------
    ProblemError
        For numbers that are not finite, and for a frequency that is not above 0.

    References
    ----------
    Pratt, R. G. (1999). Seismic waveform inversion in the frequency domain, part 1. Geophysics 64.
    """

    frequency: float
    start: float = 0.0

    def __post_init__(self) -> None:
        settle(self, positive={"frequency": "Hz"}, finite=("start",))

    @classmethod
    def up_to(cls, highest: float, start: float = 0.0) -> Self:
        """Make one that is as fine as waves need.

        Parameters
        ----------
        highest
            The highest frequency of which anything is to be found, Hz.
        start
            As above, s.

        Returns
        -------
        UnknownWavelet
            Of two and a half times less, to two digits.
        """
        return cls(float(f"{highest / HIGHEST:.2g}"), start)

    def __repr__(self) -> str:
        return f"UnknownWavelet(about {self.frequency:g} Hz from {self.start:g} s)"

    @property
    def width(self) -> float:
        """The standard deviation of a Gaussian, s: 0.15 / frequency."""
        return WIDTH_OF_UNKNOWN / self.frequency

    @property
    def spacing(self) -> float:
        """The distance of two Gaussians, s: their width."""
        return self.width

    @property
    def is_size_unknown(self) -> bool:
        """True."""
        return True

    def delays(self, last: float) -> tuple[float, ...]:
        """Return the delays of all Gaussians that act in a window.

        Parameters
        ----------
        last
            Instant of the window, s.

        Returns
        -------
        tuple of float
            Delays after the first, s.
        """
        count = int((last - self.start) / self.width + REACH) + 1
        return tuple(self.width * i for i in range(count))

    @property
    def _first(self) -> Gaussian:
        return Gaussian(self.width, self.start)

    @property
    def interval(self) -> tuple[float, float]:
        """Those of the first Gaussian, s."""
        return self._first.interval

    @property
    def highest_frequency(self) -> float:
        """That of a Gaussian, 3.2 times the frequency, Hz."""
        return self._first.highest_frequency

    def __call__(self, t: Tensor) -> Tensor:
        """Evaluate the first Gaussian.

        Parameters
        ----------
        t
            Times, (N,) in s.

        Returns
        -------
        Tensor
            Values, (N,), dimensionless.
        """
        return self._first(t)

    def rate(self, t: Tensor) -> Tensor:
        """Evaluate the first Gaussian's derivative.

        Parameters
        ----------
        t
            Times, (N,) in s.

        Returns
        -------
        Tensor
            Values, (N,) in 1/s.
        """
        return self._first.rate(t)
