"""Pulses of which something is sought with the material."""

from __future__ import annotations

from abc import abstractmethod

from elastic_pinn.physics.sources.pulses import Pulse


class UnknownPulse(Pulse):
    """A pulse that is a sum of equal, delayed ones with coefficients to be found; as a function of time, the first."""

    @property
    @abstractmethod
    def spacing(self) -> float:
        """From one delay to the next, s."""

    @property
    @abstractmethod
    def is_size_unknown(self) -> bool:
        """Whether all of its coefficients may be multiplied by one factor."""

    @abstractmethod
    def delays(self, last: float) -> tuple[float, ...]:
        """Return the delays (s) of those that act before a last instant (s)."""
