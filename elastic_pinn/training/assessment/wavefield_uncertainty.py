"""The standard deviation of a wavefield found from receivers, at any place and time.

At the end of a fit the displacement is linear, to first order, in the last layer and in the unknowns, whose covariance
is computed in `linearised.py`, as is each quantity that can be recorded:

    cov u = s^2 w^2 Z Z^T,   w^2 = weight_data / samples

s is the noise of a sample. All rows count, and each weighted misfit is assumed to have the standard deviation w s: a
recorded sample that of the noise itself, a known start or side, each row of weight v^2 = weight / points, that of
s w / v. Such a row is exact but for the part that the network cannot express, and counts as a constraint: in 02_inverse
s w / v is 4 % of the noise, a few times the misfit there after the fit. The ridge is a prior: amplitudes that no row
determines keep its variance, and a wavefield of such amplitudes is more uncertain than any wave is large.
Source: Tarantola, Inverse Problem Theory, 2005, section 3.2.2.

For a network whose other layers are trained too, this is the uncertainty with those fixed: a lower bound.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.networks.batch import Batch
from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import RECORDED_QUANTITIES, RecordedQuantity, noise_of
from elastic_pinn.run import Checkpoint
from elastic_pinn.training.assessment.judgement import LEAST_FREE
from elastic_pinn.training.assessment.linearised import Linearised, adapted_weights, too_large
from elastic_pinn.training.assessment.misfits import WIDENED_UP_TO
from elastic_pinn.training.trained_model import TrainedModel

POINTS_AT_ONCE = 1024


class UncertaintyError(ElasticPinnError, ValueError):
    """A wavefield whose uncertainty cannot be computed; the text gives the reason."""


class WavefieldUncertainty:
    """The standard deviation of any quantity that can be recorded, as a checkpoint predicts it.

    It is valid if the misfits are those of the noise (`fault`). If the data's are larger, it is widened by their ratio,
    and the part that the network cannot express adds to the error. Making it factors the system of the last layer once,
    as a step of last_layer does.

    Parameters
    ----------
    checkpoint
        Of a run on a problem with receivers.
    problem
        The user's problem; required if the run has one.

    Attributes
    ----------
    noise : float
        The standard deviation of a sample, in the unit of the records.
    samples : int
        Recorded numbers that were trained on.
    degrees : float
        Their degrees of freedom.
    misfit : float
        The root of the squared misfit per degree of freedom at the receivers, in units of the noise.
    elsewhere : float
        The root mean square of the worst other misfits, those of one statement, in units of their weights.

    Raises
    ------
    UncertaintyError
        For a problem without receivers, for noise that is neither stated nor can be estimated from the records, for
        weights that were adapted in training, for misfits that do not identify the unknowns, for a last layer too large
        to factor, and for a run that ends with full_waveform, which fits no wavefield to the records.

    References
    ----------
    Tarantola, Inverse Problem Theory, 2005, section 3.2.2.
    """

    def __init__(self, checkpoint: Checkpoint, problem: Problem | None = None) -> None:
        problem = checkpoint.problem(problem)
        if problem.receivers is None:
            raise UncertaintyError("no receivers: what a forward problem leaves open is no matter of noise")
        stated = noise_of(problem.receivers)
        if math.isnan(stated.level):
            raise UncertaintyError("the noise is neither stated nor to be seen in the records")
        trained = TrainedModel.of(checkpoint, problem)
        _require_possible(trained)
        self._problem, self._dtype = problem, trained.model.dtype
        unit = stated.level / trained.recorded.quantity.scale(problem.scales)  # dimensionless
        self.noise = stated.level
        with torch.no_grad():
            self._linear = Linearised(trained)
            if not self._linear.is_identifiable:
                raise UncertaintyError(f"the data do not tell {' and '.join(problem.unknowns)} apart")
            leverage = self._linear.leverage()
        self._unit = self._linear.weight * unit  # of a weighted misfit
        data, squares = self._linear.data, (self._linear.residuals / self._unit).square()  # (M,)
        self.samples, self.degrees = len(leverage), len(leverage) - float(leverage.sum())
        self.misfit = math.sqrt(float(squares[data].sum()) / max(1.0, self.degrees))
        self.elsewhere = math.sqrt(self._linear.worst_other_mean_square(unit))

    def std(self, x: Any, y: Any, t: Any, quantity: str = "displacement") -> np.ndarray:
        """Compute the standard deviation of each component.

        Parameters
        ----------
        x, y, t
            Positions in m and times in s, of shapes (...,) that broadcast.
        quantity
            "displacement" (m), "velocity" (m/s) or "acceleration" (m/s2), of C = 2 components; "strain" (1),
            "strain_rate" (1/s) or "stress" (Pa), of C = 3, xx, yy and xy.

        Returns
        -------
        ndarray
            The standard deviations (..., C).

        Raises
        ------
        ValueError
            For another quantity.
        """
        if quantity not in RECORDED_QUANTITIES:
            raise ValueError(f"quantity = {quantity!r}: legal are {', '.join(RECORDED_QUANTITIES)}")
        x, y, t = np.broadcast_arrays(*(np.asarray(values, dtype=np.float64) for values in (x, y, t)))
        points = torch.from_numpy(np.stack([x, y, t], axis=-1).reshape(-1, 3))  # (N, 3)
        wanted = RECORDED_QUANTITIES[quantity]
        found = torch.cat([self._at(chunk, wanted) for chunk in points.split(POINTS_AT_ONCE)])  # (N, C)
        return found.numpy().reshape(*x.shape, len(wanted.components))

    @torch.no_grad()
    def _at(self, points: Tensor, quantity: RecordedQuantity) -> Tensor:
        """The standard deviations (N, C), SI, at points (N, 3) in m, m, s."""
        statement, size = quantity.statement(), len(quantity.components)
        nothing = points.new_zeros(len(points), size)
        batch = Batch.of(statement, self._problem, points, points[:0, :2], nothing).to(points.device, self._dtype)
        z = self._linear.coordinates(statement, batch)  # (C N, K)
        unit = max(1.0, self.misfit) * self._unit * quantity.physical.scale(self._problem.scales)
        return unit * torch.linalg.vector_norm(z, dim=1).reshape(-1, size)

    @property
    def fault(self) -> str:
        """Why the wavefield may deviate by more than its standard deviation; "" if there is no sign of it."""
        if self.degrees < LEAST_FREE * self.samples:
            return f"the fit could meet any data: {self.samples:,} samples leave {self.degrees:.0f} degrees of freedom"
        if self.misfit**2 > WIDENED_UP_TO:
            return f"the data are not explained, misfit {self.misfit:.3g} times the noise"
        if self.elsewhere**2 > WIDENED_UP_TO:
            return f"equation or known start are missed by {self.elsewhere:.3g} times what their weights allow"
        return ""


def _require_possible(trained: TrainedModel) -> None:
    """Raise UncertaintyError for a fit without a covariance, or with too large a system."""
    if not trained.loss.weights[trained.recorded.column]:
        raise UncertaintyError("weight_data is 0: the receivers had no part in the fit")
    if trained.fits_waveforms:
        raise UncertaintyError("full_waveform fits nothing but the material to the records")
    if reason := adapted_weights(trained) or too_large(trained):
        raise UncertaintyError(reason)
