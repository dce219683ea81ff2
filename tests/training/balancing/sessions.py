"""Sessions whose terms are balanced, and what a balancer sees of them."""

import numpy as np

from elastic_pinn.training.balancing.terms import Terms
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.session import Session


def terms_of(session: Session, **changes) -> Terms:
    """The terms at a session's present points and parameters."""
    own = {
        "loss": Loss(session.problem, session.config),
        "model": session.model,
        "batches": session.sampler.batches,
        "config": session.config,
        "factors": {},
        "memory": {},
        "generator": np.random.default_rng(0),
    }
    return Terms(**own | changes)
