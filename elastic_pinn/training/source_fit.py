"""The unknown wavelet of a source: waveforms are linear in it, and it is eliminated in each material.

In a known plate at rest, waves are linear in what acts and do not depend on when it acts. One solution for a short
pulse gives the waveforms of any sum of such pulses: a column for each delay, of which the coefficients are the least
squares against the records. Nothing but changes beyond the columns' span tells of the material.

Sources: Pratt, Geophysics 64, 1999; Golub and Pereyra, SIAM J. Numer. Anal. 10, 1973; Kaufman, BIT 15, 1975.

Letters: M misfits, K pulses, R of their combinations that the records tell, E of any changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from elastic_pinn.errors import ConfigError
from elastic_pinn.physics import Problem
from elastic_pinn.physics.probes import probes
from elastic_pinn.physics.sources import Source, UnknownWavelet

LEAST = 1e-4  # of the largest singular value: combinations of pulses that cause less are not told by the records
TOLD = 1e-2  # of the wavelet at an instant may lie in combinations that are not told
REACH = 3.0  # widths: a Gaussian with its peak so long after the window's end acts within
INSTANTS = 4  # at which a wavelet is recorded, in the distance of two pulses


def unknown_wavelet(problem: Problem) -> UnknownWavelet | None:
    """Return the unknown wavelet of a problem's source; None where all that acts is known."""
    pulses = [source.pulse for source in problem.sources if isinstance(source, Source)]
    return next((pulse for pulse in pulses if isinstance(pulse, UnknownWavelet)), None)


def require_alone(problem: Problem) -> None:
    """Raise ConfigError for an unknown wavelet beside anything else that moves the solid.

    Its waves and theirs add up, and a factor of all of it would be free.
    """
    if unknown_wavelet(problem) is None:
        return
    rest = [
        probe.name
        for probe in probes(problem)
        if probe.name != "exact" and bool(probe.without_sources().all_values().any())
    ]
    if len(problem.sources) > 1 or rest:
        others = f"{len(problem.sources)} sources" if len(problem.sources) > 1 else " and ".join(rest)
        raise ConfigError(
            f"an unknown wavelet is that of the only thing that acts, in a solid that is at rest at the start, and "
            f"here are {others}: leave out the others, or give the wavelet"
        )


def delays_of(problem: Problem) -> Tensor:
    """Return the delays of the pulses that make up the wavelet, (K,) in s: one, of zero, where it is known."""
    pulse = unknown_wavelet(problem)
    if pulse is None:
        return torch.zeros(1, dtype=torch.float64)
    count = int((problem.domain.t[1] - pulse.start) / pulse.width + REACH) + 1
    return pulse.width * torch.arange(count, dtype=torch.float64)


@dataclass(frozen=True)
class SourceFit:
    """The coefficients of columns (M, K), and what they can do.

    Attributes
    ----------
    coefficients
        (K,); one of 1 where the wavelet is known.
    span
        Orthonormal, (M, R): what changes of the coefficients can change; R = 0 where it is known.
    by_span
        The coefficients of each of its columns, (K, R).
    """

    coefficients: Tensor
    span: Tensor
    by_span: Tensor

    @classmethod
    def of(cls, columns: Tensor, target: Tensor, is_known: bool) -> Self:
        """Fit columns (M, K) to a target (M,)."""
        if is_known:
            return cls(columns.new_ones(1), columns[:, :0], columns.new_zeros(1, 0))
        left, sizes, right = torch.linalg.svd(columns, full_matrices=False)
        told = sizes > LEAST * sizes[0]
        span, by_span = left[:, told], right[told].T / sizes[told]
        return cls(by_span @ (span.T @ target), span, by_span)

    def beyond(self, changes: Tensor) -> Tensor:
        """The part of changes (M, E) that no coefficients compensate."""
        return changes - self.span @ (self.span.T @ changes)

    def wavelet(self, problem: Problem, by_unknowns: Tensor, covariance: Tensor) -> dict[str, list[float]]:
        """Evaluate the wavelet in multiples of the source's strength, and its standard deviation, as far as told.

        Parameters
        ----------
        problem
            With the unknown wavelet.
        by_unknowns
            Derivatives of the coefficients by the unknowns' parameters, (K, U), and `covariance` of those, (U, U), for
            misfits of variance 1.

        Returns
        -------
        dict
            "time" in s, "strength", "plus_minus" for misfits of variance 1, each a list.
        """
        pulse, delays = unknown_wavelet(problem), delays_of(problem)
        assert pulse, "asked for where it is unknown"
        step = pulse.width / INSTANTS
        time = torch.arange(problem.domain.t[0], problem.domain.t[1] + step / 2.0, step, dtype=torch.float64)
        values = pulse(time[:, None] - delays)  # (T, K)
        told = self.by_span @ torch.linalg.pinv(self.by_span)
        missed = (values - values @ told).norm(dim=1) > TOLD * values.norm(dim=1).max()
        last = int(missed.nonzero()[0]) if missed.any() else len(time)
        values, time = values[:last], time[:last]
        by_misfits, by_material = values @ self.by_span, values @ by_unknowns
        variance = by_misfits.square().sum(1) + (by_material @ covariance * by_material).sum(1)
        return {
            "time": time.tolist(), "strength": (values @ self.coefficients).tolist(),
            "plus_minus": variance.sqrt().tolist(),
        }  # fmt: skip
