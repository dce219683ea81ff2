"""A model linearised in its last layer and in its unknowns: one factorisation, from which the uncertainty of the
material, of the wavefield and of each sample follow.

The weighted misfits, with the ridge's below them as in `optimizers/least_squares.py`, are r + A a + B p for a change a
of the last layer and p of the unknowns. The part of the unknowns' effects that the layer cannot compensate is

    S = B - A x,   x = (A^T A + ridge^2 D^2)^-1 A^T B

which determines the unknowns (Golub and Pereyra, SIAM J. Numer. Anal. 10, 1973). Were all these misfits independent
and of variance 1, then p would have the covariance (S^T S)^-1, and a quantity that is linear in a and p by a row (b, c)
the variance |z|^2, z being the row in the coordinates in which a and p have unit variance:

    z = (b R^-1, (c - b x) L^-T),   R^T R = A^T A + ridge^2 D^2,   L L^T = S^T S

Z Z^T of the data's rows is the influence matrix of Hastie, Tibshirani and Friedman, The Elements of Statistical
Learning, 2009, section 7.6, whose trace is the effective number of parameters.

Letters: M weighted misfits, of which D at the receivers and last, P parameters of the last layer, U unknowns, N points,
K = P + U coordinates.
"""

from __future__ import annotations

import math
from functools import cached_property

import torch
from torch import Tensor

from elastic_pinn.networks.batch import Batch
from elastic_pinn.networks.statement_equations import equations_of
from elastic_pinn.physics.statement import Statement
from elastic_pinn.training.optimizers import can_be_factored
from elastic_pinn.training.optimizers.flat import gather
from elastic_pinn.training.optimizers.least_squares import RidgeQR
from elastic_pinn.training.trained_model import TrainedModel


def adapted_weights(trained: TrainedModel) -> str:
    """Explain why no ± follows from the weights of a fit; "" if they are the config's own.

    A ± takes weights as given. Adapted ones depend on the misfits, and hence on the noise of the data.
    """
    balancing = trained.config.balancing
    return "" if balancing == "fixed" else f"the weights of the terms were adapted to the misfits, by {balancing!r}"


def too_large(trained: TrainedModel) -> str:
    """Explain why the system of a model cannot be factored; "" if it can."""
    if not trained.model.last_layer:
        return "the network is linear in none of its parameters"
    misfits = 2 * sum(len(batch.points) for batch in trained.batches.values())
    columns = sum(parameter.numel() for parameter in trained.model.last_layer)
    if can_be_factored(columns, misfits):
        return ""
    return f"the system of {misfits:,} misfits and {columns:,} amplitudes is too large to factor"


class Linearised:
    """A model of a problem with receivers, linearised at its present parameters: float64, dimensionless.

    Attributes:
        residuals: the weighted misfits, (M,).
        places: the rows of each place, of the loss's statements.
        recorded: the statement on the records; data: its rows, an x and a y for each sample.
        weight: the factor of a data misfit.
        factored: A with its ridge.
        effects: B, (M, U).
        ridge_residual: the ridge's residuals, (P,).
        projected_effects: S, the ridge's rows below, (M + P, U).
    """

    def __init__(self, trained: TrainedModel) -> None:
        self._loss, self._model, self._batches = trained.loss, trained.model, trained.batches
        self._layer, self._unknowns = trained.model.last_layer, trained.model.unknowns
        residuals, effects = self._loss.system(self._model, self._batches, self._unknowns)
        self.residuals, self.effects = residuals.double(), effects.double()
        self.places = self._loss.rows(self._batches)
        self.recorded = trained.recorded
        self.data, samples = self.places[self.recorded.name], len(self._batches[self.recorded.name].points)
        self.weight = math.sqrt(self._loss.weights[self.recorded.column] / samples)
        self.amplitudes = sum(parameter.numel() for parameter in self._layer)
        self.factored = trained.factored or self._factor(trained.config.ridge)
        self.ridge_residual = self.factored.ridge * self.factored.sizes(gather(self._layer).double())
        self._compensation = self.factored.solve(self.effects)  # x, (P, U)
        self.projected_effects = self.factored.residual(self.effects)

    def _factor(self, ridge: float) -> RidgeQR:
        _, matrix = self._loss.system(self._model, self._batches, self._layer)  # (M, P)
        return RidgeQR(matrix.double(), ridge)

    def worst_other_mean_square(self, unit: float) -> float:
        """Return the greatest mean squared misfit of any place but the receivers, in units of its weight.

        unit: the data noise, dimensionless, to which the weights are relative. A mean over all places would depend on
        the number of points where a network is always exact, as plane waves are for the equation.
        """
        squares = (self.residuals / (self.weight * unit)).square()  # (M,)
        others = (rows for name, rows in self.places.items() if name != self.recorded.name)
        return max((float(squares[rows].mean()) for rows in others), default=0.0)

    @property
    def information(self) -> Tensor:
        """S^T S, (U, U)."""
        return self.projected_effects.T @ self.projected_effects

    @property
    def is_identifiable(self) -> bool:
        """Whether every change of the unknowns changes the misfits, beyond rounding."""
        effects = self.projected_effects
        rounding = len(effects) * torch.finfo(effects.dtype).eps * float(self.effects.norm())
        return int(torch.linalg.matrix_rank(effects, atol=rounding, rtol=0.0)) == effects.shape[1]

    @cached_property
    def gain(self) -> Tensor:
        """The derivatives of the fitted unknowns by each misfit, (S^T S)^-1 S^T, (U, M + P)."""
        return torch.linalg.pinv(self.projected_effects)

    @cached_property
    def projected_residual(self) -> Tensor:
        """The misfits that the last layer cannot reduce, the ridge's below, (M + P,)."""
        return self.factored.residual(self.residuals[:, None], self.ridge_residual[:, None])[:, 0]

    @property
    def remaining_step(self) -> Tensor:
        """The step of the unknowns' parameters to the least misfit, to first order, (U,)."""
        return -self.gain @ self.projected_residual

    def unknowns_covariance(self) -> Tensor:
        """Compute the unknowns' covariance by data misfits of variance 1, dimensionless and unweighted, (U, U)."""
        at_data = self.weight * self.gain[:, self.data]  # (U, D)
        return at_data @ at_data.T

    def coordinates(self, statement: Statement, batch: Batch) -> Tensor:
        """Compute z of a statement's left side at points, (2 N, K), a point's x and y after each other.

        For data with noise s, dimensionless, z z^T times (weight s)^2 is its covariance given data, known start and
        ridge: a field without data has all the uncertainty that the ridge allows.
        """
        equations = equations_of(statement, self._model.material(), batch)
        rows = self._model.jacobian(equations, self._layer).double()  # (2 N, P)
        if not self._unknowns:
            return self.factored.coordinates(rows)
        unseen = self._model.jacobian(equations, self._unknowns).double() - rows @ self._compensation  # (2 N, U)
        triangle = torch.linalg.cholesky(self.information, upper=True)
        own = torch.linalg.solve_triangular(triangle, unseen, upper=True, left=False)
        return torch.cat([self.factored.coordinates(rows), own], dim=1)

    def leverage(self) -> Tensor:
        """Compute the leverage of each data misfit, the diagonal of the data's influence matrix, (D,)."""
        return (self.weight * self.coordinates(self.recorded, self._batches[self.recorded.name])).square().sum(1)
