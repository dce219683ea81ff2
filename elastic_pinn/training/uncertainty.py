"""How far the noise of the receivers moves the material that is found.

At the end of a run the estimate is that of linear least squares in the unknowns and in the last layer: to first order,
the misfits are linear in both. Data that were a little other would move the unknowns by

    G d,   G = (A^T A)^-1 A^T,   A = E - B (what of E the last layer makes good)

so that white noise on the data leaves cov = s^2 G_d G_d^T. Of a network whose other layers are trained too, this is
what remains while those stay as they are: a lower bound. Source: Kay, Fundamentals of Statistical Signal Processing:
Estimation Theory, 1993, chapter 8; the projection as in `optimizers/variable_projection.py`.

Letters: M misfits, of which D at the receivers, P parameters of the last layer, U unknowns.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from elastic_pinn.physics import Problem
from elastic_pinn.physics.material import PARAMETERS, MaterialParameters
from elastic_pinn.run import Checkpoint
from elastic_pinn.training.optimizers import of_last_layer, unknowns_of
from elastic_pinn.training.optimizers.least_squares import Factored
from elastic_pinn.training.session import Session


def standard_errors(checkpoint: Checkpoint, problem: Problem) -> dict[str, float]:
    """Of each unknown the standard deviation that noise at the receivers leaves it: {"lambda": Pa, ...}.

    As noise counts what the receivers are said to have, or the misfit that is left there where that is more. Infinite
    where the misfits do not tell the unknowns apart. {} for a problem without unknowns.
    """
    if not problem.material.unknowns or problem.receivers is None:
        return {}
    session = Session(checkpoint.config, problem)
    session.model.load_state_dict(checkpoint.model().state_dict())
    gain = _gain(session)
    if gain is None:
        return dict.fromkeys(problem.material.unknowns, math.inf)
    covariance = _noise(session, problem.receivers.noise) ** 2 * gain
    spread = _by_parameters(session.model.material)  # (3, U)
    deviations = (spread @ covariance @ spread.T).diagonal().sqrt().tolist()
    found = dict(zip(PARAMETERS, deviations, strict=True))
    return {name: found[name] for name in problem.material.unknowns}


def _noise(session: Session, stated: float) -> float:
    """The standard deviation of a data misfit, dimensionless."""
    terms = session.loss(session.model, session.sampler.batches)
    left = math.sqrt(terms["data"].item() / 2.0)  # the mean is over points, of two components each
    return max(stated / session.problem.scales.displacement, left)


def _gain(session: Session) -> Tensor | None:
    """The covariance of the unknowns' parameters for data misfits of variance 1, (U, U); None for an infinite one."""
    parameters, batches = session.parameters, session.sampler.batches

    def effects(of: list[torch.nn.Parameter]) -> Tensor:
        return session.loss.system(session.model, batches, of)[1].double()

    by_layer, by_unknowns = effects(of_last_layer(parameters)), effects(unknowns_of(parameters))  # (M, P), (M, U)
    made_good = by_layer @ Factored(by_layer.clone(), session.config.ridge).solve(by_unknowns)
    seen = by_unknowns - made_good  # A, (M, U)
    rounding = len(seen) * torch.finfo(seen.dtype).eps * by_unknowns.norm()
    if torch.linalg.matrix_rank(seen, atol=rounding, rtol=0.0) < seen.shape[1]:
        return None
    moved = torch.linalg.pinv(seen)  # G, (U, M)
    points = len(batches["data"].points)
    weight = math.sqrt(session.config.weight_data / points)
    at_receivers = weight * moved[:, -2 * points :]  # (U, D): the data come last
    return at_receivers @ at_receivers.T


def _by_parameters(material: MaterialParameters) -> Tensor:
    """The derivatives of lambda, mu and rho, in SI units, by the unknowns' parameters, (3, U)."""
    wanted = list(material.parameters())
    units = (material.initial.p_modulus, material.initial.p_modulus, material.initial.density)
    rows = [
        torch.stack(torch.autograd.grad(value, wanted, retain_graph=True, allow_unused=True, materialize_grads=True))
        if value.requires_grad
        else torch.zeros(len(wanted))  # it is known
        for value in material()
    ]
    return torch.stack([unit * row.double() for row, unit in zip(rows, units, strict=True)])
