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

The layer fits some of the noise n, by H n. S has the effects of these amplitudes, too, and more information than there
is; and as other materials fit more noise, or less, the least misfit lies elsewhere. With S(n) being the S of the
noise's amplitudes alone, the curvature is that of S^T S less the mean of S(n)^T S(n), and the gradient that of all
misfits and the mean of S(n)^T (H n - n): McCullagh and Tibshirani, J. R. Statist. Soc. B 52, 1990, for likelihoods with
parameters eliminated. The means are those of some drawn n.

Letters: M weighted misfits, of which D at the receivers and last, P parameters of the last layer, U unknowns, N points,
E equations at each, K = P + U coordinates, J draws of the noise.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from elastic_pinn.config import Config
from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batch
from elastic_pinn.networks.config import TRAINED
from elastic_pinn.physics.statement import Statement
from elastic_pinn.training.assessment.linearised_fit import LinearisedFit, NoiseInLayer
from elastic_pinn.training.optimizers import can_be_factored
from elastic_pinn.training.optimizers.flat import gather, put
from elastic_pinn.training.optimizers.least_squares import RidgeQR
from elastic_pinn.training.trained_model import TrainedModel

MORE_FEATURES = 100  # at least, or a tenth of the present ones
DRAWS = 8  # of the noise: a mean over so many, each of hundreds of amplitudes, is right to some percent
SHORTER = 1.25  # the waves added may be shorter, by this factor


def adapted_weights(trained: TrainedModel) -> str:
    """Explain why no ± follows from the weights of a fit; "" if they are the config's own.

    A ± takes weights as given. Adapted ones depend on the misfits, and hence on the noise of the data.
    """
    balancing = trained.config.balancing
    return (
        "" if balancing == "fixed" else f"the weights of terms or points were adapted to the misfits, by {balancing!r}"
    )


def too_large(trained: TrainedModel) -> str:
    """Explain why the system of a model cannot be factored; "" if it can."""
    if not trained.model.last_layer:
        return "the network is linear in none of its parameters"
    misfits = sum(batch.target.numel() for batch in trained.batches.values())
    columns = sum(parameter.numel() for parameter in trained.model.last_layer)
    if can_be_factored(columns, misfits):
        return ""
    return f"the system of {misfits:,} misfits and {columns:,} amplitudes is too large to factor"


class Linearised(LinearisedFit):
    """A model of a problem with receivers, linearised at its present parameters: float64, dimensionless.

    Attributes:
        residuals: the weighted misfits, (M,).
        places: the rows of each place, of the loss's statements.
        recorded: the statement on the records; data: its rows, E for each sample.
        weight: the factor of a data misfit.
        factored: A with its ridge.
        effects: B, (M, U).
        projected_effects: S, the ridge's rows below, (M + P, U).
    """

    def __init__(self, trained: TrainedModel) -> None:
        self._trained = trained
        self._loss, self._model, self._batches = trained.loss, trained.model, trained.batches
        self._layer, self._unknowns = trained.model.last_layer, trained.model.unknowns
        residuals, effects = self._loss.system(self._model, self._batches, self._unknowns)
        self.residuals, self.effects = residuals.double(), effects.double()
        self.places = self._loss.rows(self._model, self._batches)
        self.recorded = trained.recorded
        self.samples = self._batches[self.recorded.name]
        self.data, samples = self.places[self.recorded.name], len(self.samples.points)
        self.weight = math.sqrt(self._loss.weights[self.recorded.column] * self.recorded.counts / samples)
        self.amplitudes = sum(parameter.numel() for parameter in self._layer)
        self.factored = trained.factored or self._factor(trained.config.ridge)
        self._compensation = self.factored.solve(self.effects)  # x, (P, U)
        self.projected_effects = self.factored.residual(self.effects)
        self.precision = len(self.projected_effects) * torch.finfo(torch.float64).eps

    def _factor(self, ridge: float) -> RidgeQR:
        _, matrix = self._loss.system(self._model, self._batches, self._layer)  # (M, P)
        return RidgeQR(matrix.double(), ridge)

    @cached_property
    def ridge_residual(self) -> Tensor:
        """The misfits of the ridge, (P,)."""
        return self.factored.ridge * self.factored.sizes(gather(self._layer).double())

    def worst_other_mean_square(self, unit: float) -> float:
        """Return the greatest mean squared misfit of any place but the receivers, in units of its weight.

        unit: the data noise, dimensionless, to which the weights are relative. A mean over all places would depend on
        the number of points where a network is always exact, as plane waves are for the equation.
        """
        squares = (self.residuals / (self.weight * unit)).square()  # (M,)
        others = (rows for name, rows in self.places.items() if name != self.recorded.name)
        return max((float(squares[rows].mean()) for rows in others), default=0.0)

    @cached_property
    def projected_residual(self) -> Tensor:
        """The misfits that the last layer cannot reduce, the ridge's below, (M + P,)."""
        return self.factored.residual(self.residuals[:, None], self.ridge_residual[:, None])[:, 0]

    def coordinates(self, statement: Statement, batch: Batch) -> Tensor:
        """Compute z of a statement's left side at points, (E N, K), a point's E equations after each other.

        For data with noise s, dimensionless, z z^T times (weight s)^2 is its covariance given data, known start and
        ridge: a field without data has all the uncertainty that the ridge allows.
        """
        with torch.enable_grad():  # a stress depends on the moduli themselves, too
            equations = self._model.equations(statement, self._model.material(), batch)
        rows = self._model.jacobian(equations, self._layer).double()  # (E N, P)
        if not self._unknowns:
            return self.factored.coordinates(rows)
        unseen = self._model.jacobian(equations, self._unknowns).double() - rows @ self._compensation  # (E N, U)
        return torch.cat([self.factored.coordinates(rows), self.in_unit_variance(unseen)], dim=1)

    def influence_rows(self) -> Tensor:
        """Compute the rows of which the products with each other are the data's influence matrix, (D, K)."""
        return self.weight * self.coordinates(self.recorded, self._batches[self.recorded.name])

    def beyond_layer(self, effects: Tensor) -> Tensor:
        """The part of changes of the misfits (M, E) that the last layer cannot compensate, (M + P, E)."""
        return self.factored.residual(effects)

    def held_out(self) -> tuple[Tensor, Tensor] | None:
        """The misfits of samples that were held out, and the variance that the fit has there, each (H,)."""
        batch = self._trained.held_out.get(self.recorded.name)
        if batch is None:
            return None
        variance = (self.weight * self.coordinates(self.recorded, batch)).square().sum(1)
        return (self._predicted(batch) - batch.target).double().reshape(-1), variance

    def field(self) -> Tensor:
        """What the model has in the place of the records, (N, E)."""
        return self._predicted(self._batches[self.recorded.name])

    def rate(self) -> Tensor:
        """Its derivative by time, (N, E), by central differences of the step that is best in this precision."""
        batch = self._batches[self.recorded.name]
        step = batch.points.new_tensor([0.0, 0.0, torch.finfo(batch.points.dtype).eps ** (1 / 3)])
        late, early = (self._predicted(replace(batch, points=batch.points + h)) for h in (step, -step))
        return (late - early) / (2.0 * step[2])

    def _predicted(self, batch: Batch) -> Tensor:
        """What the model has at samples, (N, E)."""
        nothing = replace(batch, target=torch.zeros_like(batch.target))
        equations = self._model.equations(self.recorded, self._model.material(), nothing)
        return self._model.residuals(equations).reshape_as(batch.target)

    @cached_property
    def noise_in_layer(self) -> NoiseInLayer:
        """See LinearisedFit. The noise is that of the data alone."""
        generator, count = torch.Generator().manual_seed(0), self.data.stop - self.data.start
        noise = self.residuals.new_zeros(len(self.residuals), DRAWS)  # (M, J)
        noise[self.data] = self.weight * torch.randn(count, DRAWS, dtype=torch.float64, generator=generator)
        amplitudes, left = self.factored.solve(noise), -self.factored.residual(noise)  # (P, J), (M + P, J)
        present = gather(self._layer)
        try:
            without, *effects = (self._effects_of(each) for each in (torch.zeros_like(present), *amplitudes.T))
        finally:
            put(self._layer, present)
        projected = self.factored.residual(torch.cat([each - without for each in effects], dim=1))  # (M + P, J U)
        by_draw = projected.unflatten(1, (DRAWS, -1))  # (M + P, J, U)
        information = torch.einsum("mju,mjv->uv", by_draw, by_draw) / DRAWS
        return NoiseInLayer(information, torch.einsum("mju,mj->u", by_draw, left) / DRAWS)

    def _effects_of(self, layer: Tensor) -> Tensor:
        """The unknowns' effects on the misfits with other parameters of the last layer, (M, U)."""
        put(self._layer, layer)
        return self._loss.system(self._model, self._batches, self._unknowns)[1].double()

    @property
    def systematic(self) -> Tensor:
        """None is known."""
        return torch.zeros(len(self.information), dtype=torch.float64)

    def shift(self) -> Tensor:
        """The change of the unknowns' parameters with a wider last layer, (U,)."""
        effects = self._of_more_features()  # (M, E)
        ridge = torch.diag(self.factored.ridge * torch.linalg.vector_norm(effects, dim=0))  # (E, E)
        parts = torch.cat([self.residuals[:, None], self.effects, effects], dim=1)  # (M, 1 + U + E)
        held = torch.nn.functional.pad(self.ridge_residual[:, None], (0, parts.shape[1] - 1))  # (P, 1 + U + E)
        known, more = self.factored.rotated_residual(parts, held).tensor_split([-len(ridge)], dim=1)
        basis, _ = torch.linalg.qr(torch.cat([more, ridge]))  # (M + P + E, E)
        known = torch.cat([known, known.new_zeros(len(ridge), known.shape[1])])  # (M + P + E, 1 + U)
        known = known - basis @ (basis.T @ known)
        return -torch.linalg.pinv(known[:, 1:]) @ known[:, 0] - self.remaining_step

    def _of_more_features(self) -> Tensor:
        """The derivatives of the weighted misfits by further parameters of the last layer, (M, E)."""
        trained, config, problem = self._trained, self._trained.config, self._trained.problem
        wider = config.model_copy(update=_of_further(config))
        generator, (around, *inside) = torch.Generator().manual_seed(config.seed), problem.materials
        shape, regions, held = problem.domain.shape, problem.regions, trained.model.held
        model = Model.create(wider, around, problem.scales, generator, None, shape, regions, inside, held=held)
        model.material.load_state_dict(trained.model.material.state_dict())
        model.to(trained.model.scale_numbers.device)
        layer = model.last_layer
        return trained.loss.system(model, trained.batches, layer)[1].double()


def _of_further(config: Config) -> dict[str, Any]:
    """The fields of a network whose last layer has further features, a tenth as many."""
    *before, last = config.hidden_layers
    if config.network == "potentials":  # which are not drawn: those that come next
        return {"hidden_layers": tuple(count + max(MORE_FEATURES, count // 10) for count in config.hidden_layers)}
    if config.network == "separable":  # products of other functions of x and y, with as many functions of t each
        return {"rank": 1 + max(MORE_FEATURES // last, config.rank // 10)}
    count = max(MORE_FEATURES, last // 10)
    shorter = 1.0 if config.network in TRAINED else SHORTER
    return {"hidden_layers": (*before, count), "input_frequency": shorter * config.input_frequency}
