"""A full-waveform inversion linearised at its end: the records fit nothing but the unknowns.

The waveforms are those of the network with those of its error, as in `waveforms.py`. What is still wrong with them is
systematic: it is measured by coarser elements and time steps, with which they err by twice as much or more, and which
move the unknowns by about as much as the error that is left.

What is unknown of a source fits the records too: it is eliminated, as in `source_fit.py`.

Letters: N samples, E numbers in each, D = E N misfits, F with those of held-out samples, U unknowns, K pulses of the
source, R told combinations of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property, partial

import torch
from torch import Tensor

from elastic_pinn.error_estimate import CORRECTED
from elastic_pinn.physics.given_sources import ChangedSource, changed_sources
from elastic_pinn.training.assessment.linearised_fit import Calibration, LinearisedFit
from elastic_pinn.training.shot_waveforms import STEP
from elastic_pinn.training.trained_model import TrainedModel
from elastic_pinn.training.waveforms import Waveforms

COARSER = 1.25  # elements and time steps; errors go with their third or fourth power
RATE_STEP = 1e-5  # of time, dimensionless, for differences


class LinearisedWaveforms(LinearisedFit):
    """The waveforms at all recorded samples and their derivatives by the unknowns, float64, dimensionless."""

    def __init__(self, trained: TrainedModel) -> None:
        self._waveforms = Waveforms(trained.problem, trained.config, trained.model, trained.batches, trained.held_out)
        self.recorded, self.weight, self.precision = self._waveforms.recorded, 1.0, STEP
        self.has_known_gain = self._waveforms.has_known_gain
        every = self._waveforms.samples  # of several shots none is held out
        count = len(every.target if trained.problem.other_shots else trained.batches[self.recorded.name].target)
        self.samples = every.rows(slice(0, count))
        self.data = slice(0, self.samples.target.numel())
        self._at = self._waveforms.corrected()
        self._columns = self._waveforms.columns(self._at)  # (D, K), the held-out samples last
        self.source = self._waveforms.fit_of(self._columns[self.data])
        self.amplitudes = self.source.span.shape[1]
        self._corrected = self.source.waveforms(self._columns)  # (D,)
        self._effects = self.source.as_recorded(self._waveforms.effects(self.source.coefficients))  # (D, U)
        self._misfits = self._corrected - self._waveforms.target.reshape(-1)  # (D,)
        self.residuals, self.projected_effects = self._misfits[self.data], self.beyond_layer(self._effects[self.data])

    @property
    def projected_residual(self) -> Tensor:
        """The misfits of the records, (D,)."""
        return self.residuals

    def beyond_layer(self, effects: Tensor) -> Tensor:
        """Changes of the misfits, (D, E), less what the unknown of the sources compensates."""
        return self.source.beyond(effects)

    def influence_rows(self) -> Tensor:
        """Compute the rows of which the products with each other are the data's influence matrix, (D, U + R)."""
        return torch.cat([self.in_unit_variance(self.projected_effects), self.source.span], dim=1)

    def held_out(self) -> tuple[Tensor, Tensor] | None:
        """The misfits of samples that were held out, and the variance that the fit has there, each (H,)."""
        misfits = self._misfits[self.data.stop :]
        by_span = self.source.by_source(self._columns)[self.data.stop :]  # (H, R)
        by_unknowns = self.in_unit_variance(self._beyond_source(self._effects)[self.data.stop :])  # (H, U)
        return (misfits, by_unknowns.square().sum(1) + by_span.square().sum(1)) if len(misfits) else None

    def _beyond_source(self, changes: Tensor) -> Tensor:
        """Changes of the misfits, (F, E), once what is unknown of the sources has followed those of the data."""
        return changes - self.source.by_source(self._columns) @ (self.source.span.T @ changes[self.data])

    def left_by_fit(self, changes: Tensor) -> Tensor:
        """What nothing that was fitted compensates of changes of the misfits, (F, E)."""
        unknowns = -self.gain @ self.beyond_layer(changes[self.data])  # (U, E)
        return self._beyond_source(changes) + self._beyond_source(self._effects) @ unknowns

    def pulses_by(self, changes: Tensor) -> Tensor:
        """By how much changes of the data misfits, (D, E), change the coefficients of the sources' pulses, (K, E)."""
        whole = changes - self._effects[self.data] @ (self.gain @ self.beyond_layer(changes))
        return -self.source.by_span @ (self.source.span.T @ whole)

    def field(self) -> Tensor:
        """The waveforms, (N, E)."""
        return self._corrected[self.data].reshape(-1, self._waveforms.target.shape[1])

    def rate(self) -> Tensor:
        """Their derivative by time, (N, E)."""
        late, early = (self._waveforms.columns(self._at, step) for step in (RATE_STEP, -RATE_STEP))
        rates = self.source.waveforms(late - early) / (2.0 * RATE_STEP)
        return rates[self.data].reshape(-1, self._waveforms.target.shape[1])

    def changes_by_sources(self) -> Sequence[tuple[ChangedSource, Callable[[], Tensor]]]:
        """Each number that is given of the sources, changed, with a function that solves for the changes of the
        waveforms, (F, 1)."""
        return self._changes_by_sources

    @cached_property
    def _changes_by_sources(self) -> Sequence[tuple[ChangedSource, Callable[[], Tensor]]]:
        def change_by(changed: ChangedSource) -> Tensor:
            change = self._waveforms.change_by(changed, self.source.coefficients)[:, None]
            return self.source.as_recorded(change)

        every = ((each, partial(change_by, each)) for each in changed_sources(self._waveforms.problem))
        # What is stated is asked for twice: by `StatedErrors` and by the test of each number.
        return [(each, cache(by) if each.plus_minus else by) for each, by in every]

    def follows_in_source(self, changes: Tensor) -> Tensor:
        """By how much changes of the waveforms, (D, E), change what was found of the source, (Q, E)."""
        return -self.source.numbers_by_span @ (self.source.span.T @ changes)

    def wavelets(self, unit: float, others: Tensor, doubts: Tensor) -> list[dict[str, list[float]]]:
        """The wavelet of each shot's source with one standard deviation, as `Fit.wavelet`; {} where it is known.

        unit: the noise, dimensionless; others, doubts: changes of the coefficients by errors beside it, (K, E), which
        are independent, or of which the one that matters most counts.
        """
        variances, directions = torch.linalg.eigh(torch.linalg.pinv(self.information))
        by_material = -self.source.span.T @ self._effects[self.data] @ directions * variances.clamp(min=0.0).sqrt()
        noise = unit * torch.cat([self.source.by_span, self.source.by_span @ by_material], dim=1)  # (K, R + U)
        errors = torch.cat([noise, others], dim=1)
        return [
            self.source.of_pulses(part.pulses).wavelet(shot.problem, errors[part.pulses], doubts[part.pulses])
            if part.pulse
            else {}
            for shot, part in zip(self._waveforms.shots, self._waveforms.parts, strict=True)
        ]

    @property
    def calibration(self) -> Calibration:
        """Amplitude and origin time of each source, as far as they are unknown of a known shape."""
        by_span, at_data = self.source.numbers_by_span, self.source.span.T @ self._effects[self.data]  # (Q, R), (R, U)
        follows = -by_span @ at_data  # (Q, U)
        systematic = by_span @ (self.source.span.T @ self.unresolved) + follows @ self.systematic
        return Calibration(self.source.numbers, follows, by_span, systematic, self.source.edge)

    @property
    def rows_of_shots(self) -> Sequence[slice]:
        """The misfits of each shot."""
        return [part.rows for part in self._waveforms.parts]

    def worst_other_mean_square(self, unit: float) -> float:
        """Nothing but the records was fitted: what the network misses elsewhere is corrected."""
        return 0.0

    @cached_property
    def unresolved(self) -> Tensor:
        """The changes of the misfits by coarser elements, (D,)."""
        coarser = self._waveforms.columns(self._waveforms.corrected(COARSER * CORRECTED))
        return (self._corrected - self.source.waveforms(coarser))[self.data]

    @property
    def systematic(self) -> Tensor:
        """The change of the unknowns' parameters by coarser elements, (U,)."""
        return self.gain @ self.unresolved

    def shift(self) -> Tensor:
        """The same, (U,)."""
        return self.systematic
