"""What is unknown of a source: waveforms are linear in its wavelet, and it is eliminated in each material.

In a known plate at rest, waves are linear in what acts and do not depend on when it acts. One solution for a short
pulse gives the waveforms of any sum of such pulses: a column for each delay, of which the coefficients are the least
squares against the records. A pulse of known shape at an origin time between two delays is interpolated: its
coefficients follow from amplitude and time, of which the time is searched for. Nothing but changes beyond what all this
can do tells of the material.

Sources: Pratt, Geophysics 64, 1999; Golub and Pereyra, SIAM J. Numer. Anal. 10, 1973; Kaufman, BIT 15, 1975.

Letters: M misfits, K pulses, P numbers on which their coefficients depend, R of the combinations of these that the
records tell, E of any changes, Q numbers that are reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import torch
from torch import Tensor

from elastic_pinn.errors import ConfigError
from elastic_pinn.physics import Problem
from elastic_pinn.physics.probes import probes
from elastic_pinn.physics.sources import KnownShape, UnknownPulse
from elastic_pinn.training.origin_time import fitted, interpolation

LEAST = 1e-4  # of the largest singular value: combinations of pulses that cause less are not told by the records
TOLD = 1e-2  # of the wavelet at an instant may lie in combinations that are not told
EDGE = 0.01  # of the range of an origin time
INSTANTS = 4  # at which a wavelet is recorded, in the distance of two pulses


def unknown_pulse(problem: Problem) -> UnknownPulse | None:
    """Return the pulse of a problem's source that is unknown in part; None where all that acts is known."""
    return next(iter(problem.unknown_pulses), None)


def require_alone(problem: Problem) -> None:
    """Raise ConfigError for a source that is unknown in part beside anything else that moves the solid.

    Its waves and theirs add up, and a factor of all of it would be free.
    """
    if unknown_pulse(problem) is None:
        return
    rest = [
        probe.name
        for probe in probes(problem)
        if probe.name != "exact" and bool(probe.without_sources().all_values().any())
    ]
    if len(problem.sources) > 1 or rest:
        others = f"{len(problem.sources)} sources" if len(problem.sources) > 1 else " and ".join(rest)
        raise ConfigError(
            f"a source of unknown wavelet, amplitude or origin time is the only thing that acts, in a solid that is at "
            f"rest at the start, and here are {others}: leave out the others, or give what is unknown"
        )


def delays_of(problem: Problem) -> Tensor:
    """Return the delays of the pulses that make up the source's, (K,) in s: one, of zero, where it is known."""
    pulse = unknown_pulse(problem)
    return torch.tensor(pulse.delays(problem.domain.t[1]) if pulse else (0.0,), dtype=torch.float64)


def spanned(columns: Tensor) -> tuple[Tensor, Tensor]:
    """Return what columns (M, P) can do, orthonormal, (M, R), and the coefficients of each combination, (P, R)."""
    left, sizes, right = torch.linalg.svd(columns, full_matrices=False)
    told = sizes > LEAST * sizes[0]
    return left[:, told], right[told].T / sizes[told]


class ShotPart(NamedTuple):
    """The part of one shot in the columns of all: its name, its misfits, the pulses of its source, and that itself
    where it is unknown in part."""

    name: str
    rows: slice
    pulses: slice
    pulse: UnknownPulse | None


@dataclass(frozen=True)
class SourceFit:
    """The coefficients of columns (M, K), and what they can do.

    Attributes
    ----------
    coefficients
        (K,); one of 1 where the source is known.
    span
        Orthonormal, (M, R): what changes of the source can change; R = 0 where it is known.
    by_span
        The change of the coefficients by each of its columns, (K, R).
    numbers
        What is reported of a pulse of known shape, by name: amplitude, and origin time in s after the stated one.
    numbers_by_span
        The change of these by each column of the span, (Q, R).
    edge
        The range of an origin time that is at the edge of it, in words.
    """

    coefficients: Tensor
    span: Tensor
    by_span: Tensor
    numbers: Mapping[str, float]
    numbers_by_span: Tensor
    edge: str

    @classmethod
    def of(cls, columns: Tensor, target: Tensor, pulse: UnknownPulse | None) -> Self:
        """Fit columns (M, K) to a target (M,). pulse: of the source; None where it is known."""
        if pulse is None:
            return cls(columns.new_ones(1), columns[:, :0], columns.new_zeros(1, 0), {}, columns.new_zeros(0, 0), "")
        if isinstance(pulse, KnownShape):
            return cls._of_known_shape(columns, target, pulse)
        span, by_span = spanned(columns)
        return cls(by_span @ (span.T @ target), span, by_span, {}, by_span[:0], "")

    @classmethod
    def _of_known_shape(cls, columns: Tensor, target: Tensor, pulse: KnownShape) -> Self:
        amplitude, time = fitted(columns, target, pulse)
        here, rate = interpolation(pulse, time, columns.shape[1])  # each (K,)
        by_number = {"amplitude": here, "origin_time": amplitude * rate}
        values = {"amplitude": amplitude, "origin_time": time - pulse.lead}
        by_numbers = torch.stack([by_number[name] for name in pulse.unknowns], dim=1)  # (K, P)
        sizes = (columns @ by_numbers).norm(dim=0).clamp(min=torch.finfo(columns.dtype).tiny)  # their units differ
        span, by_span = spanned(columns @ by_numbers / sizes)
        by_span = by_span / sizes[:, None]  # (P, R)
        numbers = {name: float(values[name]) for name in pulse.unknowns}
        edge_begins = pulse.origin_within - min(pulse.spacing / 2.0, EDGE * pulse.origin_within)
        is_at_edge = pulse.is_time_unknown and abs(numbers["origin_time"]) > edge_begins
        edge = f"{-pulse.origin_within:g} to {pulse.origin_within:g} s" if is_at_edge else ""
        return cls(amplitude * here, span, by_numbers @ by_span, numbers, by_span, edge)

    @classmethod
    def of_shots(cls, columns: Tensor, target: Tensor, shots: Sequence[ShotPart]) -> SourceFit:
        """Fit the source of each shot to its records: columns (F, K) to a target (F,), those of the first misfits.

        Of several shots, numbers that are reported have the shot's name.
        """
        fits = [SourceFit.of(columns[each.rows, each.pulses], target[each.rows], each.pulse) for each in shots]
        if len(fits) == 1:
            return fits[0]
        every = list(zip(fits, (each.name for each in shots), strict=True))
        return SourceFit(
            torch.cat([each.coefficients for each in fits]),
            torch.block_diag(*(each.span for each in fits)),
            torch.block_diag(*(each.by_span for each in fits)),
            {f"{name} of shot {shot}": value for each, shot in every for name, value in each.numbers.items()},
            torch.block_diag(*(each.numbers_by_span for each in fits)),
            next((f"{each.edge} of shot {shot}" for each, shot in every if each.edge), ""),
        )

    def of_pulses(self, pulses: slice) -> Self:
        """The same of some of the pulses: of one shot, beside all that can change."""
        return replace(self, coefficients=self.coefficients[pulses], by_span=self.by_span[pulses])

    def waveforms(self, columns: Tensor) -> Tensor:
        """What is recorded of columns (M, K), (M,)."""
        return columns @ self.coefficients

    def as_recorded(self, changes: Tensor) -> Tensor:
        """What is recorded of changes of the waveforms, (M, E)."""
        return changes

    def by_source(self, columns: Tensor) -> Tensor:
        """The changes of what is recorded by each column of the span, (M, R)."""
        return columns @ self.by_span

    def beyond(self, changes: Tensor) -> Tensor:
        """The part of changes (M, E) that no coefficients compensate."""
        return changes - self.span @ (self.span.T @ changes)

    def wavelet(self, problem: Problem, errors: Tensor, doubts: Tensor) -> dict[str, list[float]]:
        """Evaluate the wavelet in multiples of the source's strength, and its standard deviation, as far as told.

        Parameters
        ----------
        problem
            With the unknown wavelet.
        errors
            Changes of the coefficients by independent errors of one standard deviation each, (K, E).
        doubts
            Changes by errors of which, at each instant, the one that moves the wavelet most counts, (K, E).

        Returns
        -------
        dict
            "time" in s, "strength", "plus_minus", each a list.
        """
        pulse, delays = unknown_pulse(problem), delays_of(problem)
        assert pulse, "asked for where it is unknown"
        step = pulse.spacing / INSTANTS
        time = torch.arange(problem.domain.t[0], problem.domain.t[1] + step / 2.0, step, dtype=torch.float64)
        values = pulse(time[:, None] - delays)  # (T, K)
        if not isinstance(pulse, KnownShape):  # of which the records tell all or nothing
            told = self.by_span @ torch.linalg.pinv(self.by_span)
            missed = (values - values @ told).norm(dim=1) > TOLD * values.norm(dim=1).max()
            last = int(missed.nonzero()[0]) if missed.any() else len(time)
            values, time = values[:last], time[:last]
        variance = (values @ errors).square().sum(1)
        if doubts.shape[1]:
            variance = variance + (values @ doubts).square().amax(1)
        return {
            "time": time.tolist(), "strength": (values @ self.coefficients).tolist(),
            "plus_minus": variance.sqrt().tolist(),
        }  # fmt: skip
