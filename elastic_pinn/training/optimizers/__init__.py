"""Optimizers by name; what torch lacks, each a torch.optim.Optimizer in a file of its own."""

from elastic_pinn.training.optimizers.registry import (
    OPTIMIZERS,
    OptimizerSpec,
    can_be_factored,
    most_columns,
    require_legal,
)
from elastic_pinn.training.optimizers.state import carry_over, load_moments, moments, translated

__all__ = [
    "OPTIMIZERS",
    "OptimizerSpec",
    "can_be_factored",
    "carry_over",
    "load_moments",
    "moments",
    "most_columns",
    "require_legal",
    "translated",
]
