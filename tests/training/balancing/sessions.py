"""Sessions whose terms are balanced, and what a balancer sees of them."""

import numpy as np
from torch import Tensor

from elastic_pinn.training.balancing.terms import Terms
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.session import Session


def terms_of(session: Session, **changes) -> Terms:
    """The terms at a session's present points and parameters."""
    own = {
        "loss": Loss(session.problem, session.config),
        "model": session.model,
        "batches": session.sampler.batches,
        "parameters": session.parameters,
        "config": session.config,
        "factors": {},
        "memory": {},
        "generator": np.random.default_rng(0),
    }
    return Terms(**own | changes)


def misfits_of(terms: Terms) -> dict[str, list[Tensor]]:
    """Each term's misfits, whose squares sum to it, differentiable by plain automatic differentiation."""
    found: dict[str, list[Tensor]] = {}
    sets = terms.loss.equations(terms.model, terms.batches)
    for statement, equations in zip(terms.loss.statements, sets, strict=True):
        trial = terms.model.network.within(terms.model.material())
        misfit = equations.misfit(trial(equations.points, equations.names)).reshape(-1)  # (N E,)
        found.setdefault(statement.column, []).append(misfit / len(equations.target) ** 0.5)
    return found
