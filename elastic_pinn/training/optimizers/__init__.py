"""Optimizers by name; what torch lacks, each a torch.optim.Optimizer in a file of its own."""

from elastic_pinn.training.optimizers.registry import (
    OPTIMIZERS,
    OptimizerSpec,
    can_be_factored,
    of_last_layer,
    require_legal,
    unknowns_of,
)
from elastic_pinn.training.optimizers.state import load_moments, moments, translated

__all__ = [
    "OPTIMIZERS",
    "OptimizerSpec",
    "can_be_factored",
    "load_moments",
    "moments",
    "of_last_layer",
    "require_legal",
    "translated",
    "unknowns_of",
]
