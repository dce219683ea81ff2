"""A pulse of known shape whose amplitude or origin time is not known.

Letters: N times.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.sources.pulses import Pulse, settle
from elastic_pinn.physics.sources.unknown_pulse import UnknownPulse

A_PERIOD = 8  # delays in a period of its highest frequency: between them waves are interpolated to 1e-4 or better
BEYOND = 4  # delays before and after the range of the origin time, for the interpolation
PARTS = ("amplitude", "origin_time")
"""What may be unknown."""


@dataclass(frozen=True)
class KnownShape(UnknownPulse):
    """A pulse of known shape of which the amplitude or the origin time is sought, by stages = ["full_waveform"].

    An origin time that is sought lies within some time of that of the pulse. As a function of time this is the pulse as
    early as that allows.

    Parameters
    ----------
    pulse
        The shape, and about when it acts.
    unknowns
        "amplitude", "origin_time", or both.
    origin_within
        How much later or earlier than the pulse the source may act, s; above 0 with "origin_time", else 0.

    Raises
    ------
    ProblemError
        For another pulse or unknown, and for a time that does not fit.
    """

    pulse: Pulse
    unknowns: Sequence[str] = ("amplitude",)
    origin_within: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.pulse, Pulse) or isinstance(self.pulse, UnknownPulse):
            raise ProblemError(
                f"KnownShape: pulse = {in_one_line(self.pulse)}: a known pulse as ep.Ricker, ep.Gaussian or "
                "ep.ToneBurst is needed"
            )
        given = [self.unknowns] if isinstance(self.unknowns, str) else list(self.unknowns)
        if not given or not {*given} <= {*PARTS}:
            raise ProblemError(f"KnownShape: unknowns = {given}: legal are {' and '.join(map(repr, PARTS))}, or both")
        object.__setattr__(self, "unknowns", tuple(name for name in PARTS if name in given))
        settle(self, finite=("origin_within",), positive={})
        if (self.origin_within > 0.0) != self.is_time_unknown or self.origin_within < 0.0:
            needed = "above 0 s, since" if self.is_time_unknown else "left out, unless"
            raise ProblemError(
                f"KnownShape: origin_within = {self.origin_within:g} s: it has to be {needed} origin_time is unknown"
            )

    def __repr__(self) -> str:
        parts = " and ".join(name.replace("_", " ") for name in self.unknowns)
        within = f" (within {self.origin_within:g} s)" if self.origin_within else ""
        return f"{self.pulse} of unknown {parts}{within}"

    @property
    def is_time_unknown(self) -> bool:
        """Whether the origin time is sought."""
        return "origin_time" in self.unknowns

    @property
    def is_size_unknown(self) -> bool:
        """Whether the amplitude is sought."""
        return "amplitude" in self.unknowns

    @property
    def spacing(self) -> float:
        """From one delay to the next, s: an eighth of a period of the highest frequency."""
        return 1.0 / (A_PERIOD * self.highest_frequency)

    @property
    def lead(self) -> float:
        """How much earlier than the pulse the first of the delayed ones acts, s; 0 where the origin time is known."""
        return self.origin_within + BEYOND * self.spacing if self.is_time_unknown else 0.0

    def delays(self, last: float) -> tuple[float, ...]:
        """Return the delays of all origin times that are possible, and some beyond.

        Parameters
        ----------
        last
            Of the window, s.

        Returns
        -------
        tuple of float
            Delays after the first, s: one, of 0, where the origin time is known.
        """
        count = math.ceil(2.0 * self.lead / self.spacing) + 1 if self.is_time_unknown else 1
        return tuple(self.spacing * i for i in range(count))

    @property
    def interval(self) -> tuple[float, float]:
        """That of the first, s."""
        first, last = self.pulse.interval
        return first - self.lead, last - self.lead

    @property
    def identity(self) -> tuple[float, ...]:
        """What is unknown of it, each 0 or 1."""
        return float(self.is_size_unknown), float(self.is_time_unknown)

    @property
    def breaks(self) -> tuple[float, ...]:
        """Those of the first, s."""
        return tuple(each - self.lead for each in self.pulse.breaks)

    @property
    def highest_frequency(self) -> float:
        """That of the pulse, Hz."""
        return self.pulse.highest_frequency

    def __call__(self, t: Tensor) -> Tensor:
        """Evaluate the first.

        Parameters
        ----------
        t
            Times, (N,) in s.

        Returns
        -------
        Tensor
            Values, (N,), dimensionless.
        """
        return self.pulse(t + self.lead)

    def rate(self, t: Tensor) -> Tensor:
        """Evaluate the derivative of the first.

        Parameters
        ----------
        t
            Times, (N,) in s.

        Returns
        -------
        Tensor
            Values, (N,) in 1/s.
        """
        return self.pulse.rate(t + self.lead)
