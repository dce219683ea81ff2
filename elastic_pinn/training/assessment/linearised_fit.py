"""A fit linearised in its unknowns: what the evidence on it needs, whichever way it was fitted.

The misfits are r + S p for a change p of the unknowns, once all else that was fitted has followed. Were they
independent and of variance 1, then p would have the covariance (S^T S)^-1.

Letters: M weighted misfits, of which D of N records of E numbers, F of these and of the held-out samples', U unknowns,
R further rows, of a ridge, K coordinates, J independent parts of the noise.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from elastic_pinn.networks.batch import Batch
from elastic_pinn.physics.given_sources import ChangedSource
from elastic_pinn.physics.statement import Statement


class NoiseInLayer(NamedTuple):
    """What noise in the last layer adds to the information on the unknowns, (U, U), and to half the gradient of the
    squared misfits, (U,), on average over data misfits of variance 1."""

    information: Tensor
    gradient: Tensor


class Calibration(NamedTuple):
    """Numbers of a source that were found beside the unknowns, Q of them.

    values: by name; as the unknowns' parameters change, they follow, by_unknowns, (Q, U); by_noise: their changes by
    data misfits of variance 1, each column independent, (Q, J); systematic: what else may be wrong with them, (Q,);
    edge: the range of one that is at its edge, in words.
    """

    values: Mapping[str, float]
    by_unknowns: Tensor
    by_noise: Tensor
    systematic: Tensor
    edge: str = ""


class LinearisedFit(ABC):
    """A model of a problem with receivers, linearised at its present parameters: float64, dimensionless.

    Attributes:
        residuals: the weighted misfits, (M,).
        recorded: the statement on the records; samples: those that were fitted, N; data: their rows, E for each.
        weight: the factor of a data misfit.
        amplitudes: how many were fitted beside the unknowns.
        projected_effects: S, (M + R, U).
        projected_residual: the misfits that nothing but the unknowns can reduce, (M + R,).
        precision: of S, relative.
        has_known_gain: whether the gain of a channel is known.
    """

    residuals: Tensor
    recorded: Statement
    samples: Batch
    data: slice
    weight: float
    amplitudes: int
    projected_effects: Tensor
    precision: float
    has_known_gain = True

    @property
    @abstractmethod
    def projected_residual(self) -> Tensor:
        """The misfits that nothing but the unknowns can reduce, (M + R,)."""

    @abstractmethod
    def beyond_layer(self, effects: Tensor) -> Tensor:
        """The part of changes of the misfits (M, E) that nothing but the unknowns can compensate, (M + R, E)."""

    @abstractmethod
    def influence_rows(self) -> Tensor:
        """Compute the rows of which the products with each other are the data's influence matrix, (D, K)."""

    def leverage(self) -> Tensor:
        """Compute the leverage of each data misfit, the diagonal of the data's influence matrix, (D,)."""
        return self.influence_rows().square().sum(1)

    @abstractmethod
    def held_out(self) -> tuple[Tensor, Tensor] | None:
        """The misfits of samples that were held out, (H,), and the variance that the fit has there for data of variance
        1; None without any."""

    @abstractmethod
    def field(self) -> Tensor:
        """What the fit has in the place of the records, (N, E)."""

    @abstractmethod
    def rate(self) -> Tensor:
        """Its derivative by time, (N, E)."""

    def changes_by_sources(self) -> Sequence[tuple[ChangedSource, Callable[[], Tensor]]]:
        """Each number that is given of the sources, changed, with a function that solves for the changes of the
        misfits, those of held-out samples last, (F, 1); nothing where waveforms are not solved for."""
        return ()

    def left_by_fit(self, changes: Tensor) -> Tensor:
        """What nothing that was fitted compensates of changes of the misfits of samples, (F, E), of sources."""
        return changes

    def pulses_by(self, changes: Tensor) -> Tensor:
        """By how much changes of the data misfits, (D, E), change the coefficients of the sources' pulses, once all
        else has followed, (pulses, E)."""
        return changes[:0]

    def follows_in_source(self, changes: Tensor) -> Tensor:
        """By how much changes of the data misfits, (D, E), change what was found of the source, the unknowns held,
        (Q, E)."""
        return changes[:0]

    @abstractmethod
    def worst_other_mean_square(self, unit: float) -> float:
        """Return the greatest mean squared misfit of any place but the receivers, in units of its weight.

        unit: the data noise, dimensionless, to which the weights are relative.
        """

    @property
    def ridge_residual(self) -> Tensor:
        """The misfits of the ridge, (R,)."""
        return torch.zeros(0, dtype=torch.float64)

    @property
    def pull_of_ridge(self) -> Tensor:
        """By how much the ridge, which asks for zero amplitudes, displaces the unknowns' parameters, (U,).

        At the least misfit the pulls of all rows on the unknowns cancel; that of the ridge is what the others hold
        against. Source: the bias of ridge regression, Hoerl and Kennard, Technometrics 12, 1970.
        """
        return -self.gain[:, len(self.residuals) :] @ self.ridge_residual

    @property
    def unresolved(self) -> Tensor | None:
        """The changes of the data misfits if the waveforms were computed more coarsely, (D,); None of amplitudes."""
        return None

    @abstractmethod
    def shift(self) -> Tensor:
        """The change of the unknowns' parameters if the wavefield were computed otherwise, (U,)."""

    @property
    @abstractmethod
    def systematic(self) -> Tensor:
        """What may be wrong with the unknowns' parameters beside the noise, and is part of ±, (U,)."""

    @property
    def calibration(self) -> Calibration:
        """What was found of the source beside its wavelet; nothing where that is known, or part of the wavelet."""
        nothing = torch.zeros(0, self.projected_effects.shape[1], dtype=torch.float64)
        return Calibration({}, nothing, nothing, nothing[:, 0])

    @property
    def rows_of_shots(self) -> Sequence[slice]:
        """The data misfits of each shot."""
        return [slice(0, self.data.stop - self.data.start)]

    @property
    def information(self) -> Tensor:
        """S^T S, (U, U)."""
        return self.projected_effects.T @ self.projected_effects

    @property
    def is_identifiable(self) -> bool:
        """Whether every change of the unknowns changes the misfits, beyond rounding."""
        effects = self.projected_effects
        rounding = self.precision * float(effects.norm())
        return int(torch.linalg.matrix_rank(effects, atol=rounding, rtol=0.0)) == effects.shape[1]

    @cached_property
    def gain(self) -> Tensor:
        """The derivatives of the fitted unknowns by each misfit, (S^T S)^-1 S^T, (U, M + R)."""
        return torch.linalg.pinv(self.projected_effects)

    @property
    def remaining_step(self) -> Tensor:
        """The step of the unknowns' parameters to the least misfit, to first order, (U,)."""
        return -self.gain @ self.projected_residual

    @cached_property
    def noise_in_layer(self) -> NoiseInLayer:
        """What noise in the last layer adds; nothing where the data have no part in it."""
        count = self.projected_effects.shape[1]
        return NoiseInLayer(*(torch.zeros(shape, dtype=torch.float64) for shape in ((count, count), (count,))))

    def noise_part(self, unit: float) -> float:
        """The part of the information that is noise, of the worst combination of unknowns. unit: the data noise."""
        turned = self.in_unit_variance(self.in_unit_variance(self.noise_in_layer.information).T)
        return unit**2 * float(torch.linalg.matrix_norm(turned, ord=2))

    def unknowns_covariance(self, unit: float) -> Tensor:
        """Compute the unknowns' covariance by data noise of a size, dimensionless, (U, U).

        The squared misfits curve as those without noise do, while their gradient scatters by all of S.
        """
        at_data = self.weight * self.projected_effects[self.data] @ self._curvature_inverse(unit)  # (D, U)
        return unit**2 * at_data.T @ at_data

    def noise_bias(self, unit: float) -> Tensor:
        """By how much noise in the last layer displaces the unknowns' parameters on average, (U,)."""
        return -(unit**2) * self._curvature_inverse(unit) @ self.noise_in_layer.gradient

    def _curvature_inverse(self, unit: float) -> Tensor:
        """The inverse of half the curvature of the squared misfits, on average over the noise, (U, U)."""
        known = 0.0 if math.isnan(unit) else unit**2  # of unknown noise there is no ±
        return torch.linalg.pinv(self.information - known * self.noise_in_layer.information)

    def information_fraction(self, rows: slice) -> float:
        """The greatest part that some of the rows have in the information on any combination of the unknowns."""
        part = self.in_unit_variance(self.projected_effects[rows])
        return float(torch.linalg.matrix_norm(part, ord=2)) ** 2 if len(part) else 0.0

    def in_unit_variance(self, rows: Tensor) -> Tensor:
        """Transform derivatives by the unknowns, (N, U), to coordinates in which these have unit variance."""
        triangle = torch.linalg.cholesky(self.information, upper=True)
        return torch.linalg.solve_triangular(triangle, rows, upper=True, left=False)
