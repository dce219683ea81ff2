"""A full-waveform inversion linearised at its end: the records fit nothing but the unknowns.

The waveforms are those of the network with those of its error, as in `waveforms.py`. What is still wrong with them is
systematic: it is measured by coarser elements and time steps, with which they err by about twice as much as they do,
and which move the unknowns by about as much as the error that is left.

Letters: N samples, D = 2 N misfits of them, U unknowns.
"""

from __future__ import annotations

import math
from functools import cached_property

from torch import Tensor

from elastic_pinn.training.assessment.linearised_fit import LinearisedFit
from elastic_pinn.training.trained_model import TrainedModel
from elastic_pinn.training.waveforms import STEP, Waveforms

COARSER = math.sqrt(2.0)  # elements and time steps; errors go with the square of time steps, or faster
RATE_STEP = 1e-5  # of time, dimensionless, for differences


class LinearisedWaveforms(LinearisedFit):
    """The waveforms at all recorded samples and their derivatives by the unknowns, float64, dimensionless."""

    def __init__(self, trained: TrainedModel) -> None:
        self._waveforms = Waveforms(trained.problem, trained.config, trained.model, trained.batches, trained.held_out)
        self.recorded, self.weight, self.amplitudes, self.precision = trained.recorded, 1.0, 0, STEP
        self.data = slice(0, 2 * len(trained.batches[self.recorded.name].points))
        self._at = self._waveforms.corrected()
        self._corrected = self._at(0.0)  # (N, 2)
        self._effects = self._waveforms.effects()  # (D, U), the held-out samples last
        self._misfits = (self._corrected - self._waveforms.target).reshape(-1)  # (D,)
        self.residuals, self.projected_effects = self._misfits[self.data], self._effects[self.data]

    @property
    def projected_residual(self) -> Tensor:
        """The misfits of the records, (D,)."""
        return self.residuals

    def beyond_layer(self, effects: Tensor) -> Tensor:
        """Changes of the misfits, (D, E): nothing but the unknowns compensates them."""
        return effects

    def leverage(self) -> Tensor:
        """Compute the leverage of each data misfit, (D,)."""
        return self.in_unit_variance(self.projected_effects).square().sum(1)

    def held_out(self) -> tuple[Tensor, Tensor] | None:
        """The misfits of samples that were held out, and the variance that the fit has there, each (H,)."""
        misfits = self._misfits[self.data.stop :]
        variance = self.in_unit_variance(self._effects[self.data.stop :]).square().sum(1)
        return (misfits, variance) if len(misfits) else None

    def field(self) -> Tensor:
        """The waveforms, (N, 2)."""
        return self._corrected.reshape(-1)[self.data].reshape(-1, 2)

    def rate(self) -> Tensor:
        """Their derivative by time, (N, 2)."""
        late, early = (self._at(step) for step in (RATE_STEP, -RATE_STEP))
        return ((late - early) / (2.0 * RATE_STEP)).reshape(-1)[self.data].reshape(-1, 2)

    def worst_other_mean_square(self, unit: float) -> float:
        """Nothing but the records was fitted: what the network misses elsewhere is corrected."""
        return 0.0

    @cached_property
    def unresolved(self) -> Tensor:
        """The changes of the misfits by coarser elements, (D,)."""
        return (self._corrected - self._waveforms.corrected(COARSER)(0.0)).reshape(-1)[self.data]

    @property
    def systematic(self) -> Tensor:
        """The change of the unknowns' parameters by coarser elements, (U,)."""
        return self.gain @ self.unresolved

    def shift(self) -> Tensor:
        """The same, (U,)."""
        return self.systematic
