"""How far the noise of the receivers moves the material that is found.

White noise on the data moves the unknowns by the gain of `linearised.py`, which leaves cov = s^2 G_d G_d^T. Of a
network whose other layers are trained too, this is what remains while those stay as they are: a lower bound. Source:
Kay, Fundamentals of Statistical Signal Processing: Estimation Theory, 1993, chapter 8.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from elastic_pinn.physics import Problem
from elastic_pinn.physics.material import PARAMETERS, MaterialParameters
from elastic_pinn.run import Checkpoint
from elastic_pinn.training.linearised import Linearised, session_of
from elastic_pinn.training.session import Session


def standard_errors(checkpoint: Checkpoint, problem: Problem) -> dict[str, float]:
    """Of each unknown the standard deviation that noise at the receivers leaves it: {"lambda": Pa, ...}.

    As noise counts what the receivers are said to have, or the misfit that is left there where that is more. Infinite
    where the misfits do not tell the unknowns apart. {} for a problem without unknowns.
    """
    if not problem.material.unknowns or problem.receivers is None:
        return {}
    session = session_of(checkpoint, problem)
    linear = Linearised(session)
    if not linear.tells_unknowns_apart:
        return dict.fromkeys(problem.material.unknowns, math.inf)
    covariance = _noise(session, problem.receivers.noise) ** 2 * linear.unknowns_by_data()
    spread = _by_parameters(session.model.material)  # (3, U)
    deviations = (spread @ covariance @ spread.T).diagonal().sqrt().tolist()
    found = dict(zip(PARAMETERS, deviations, strict=True))
    return {name: found[name] for name in problem.material.unknowns}


def _noise(session: Session, stated: float) -> float:
    """The standard deviation of a data misfit, dimensionless."""
    terms = session.loss(session.model, session.sampler.batches)
    left = math.sqrt(terms["data"].item() / 2.0)  # the mean is over points, of two components each
    return max(stated / session.problem.scales.displacement, left)


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
