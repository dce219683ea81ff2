"""Physics-informed neural networks of the 2D elastic wave equation, forward and inverse, in notebooks that can be
trusted."""

import gc
from typing import Any

# What imports make stays: Python would look through all of torch for garbage, three times, and find none.
collecting = gc.isenabled()
gc.disable()
try:
    from elastic_pinn.config import Config, ConfigError
    from elastic_pinn.physics import (
        Displacement,
        Domain,
        Initial,
        Material,
        Problem,
        ProblemError,
        Receivers,
        Traction,
        problem_from,
    )
    from elastic_pinn.run import Checkpoint, Run, load_checkpoint
    from elastic_pinn.storage import CheckpointError, pin, unpin
    from elastic_pinn.training import Control, DivergedError, LostProcessError, RunDirectoryError, train
finally:
    if collecting:
        gc.enable()
    del collecting, gc

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "Config",
    "ConfigError",
    "Control",
    "Displacement",
    "DivergedError",
    "Domain",
    "Initial",
    "LostProcessError",
    "Material",
    "Problem",
    "ProblemError",
    "Receivers",
    "Run",
    "RunDirectoryError",
    "Traction",
    "figures",
    "load_checkpoint",
    "pin",
    "problem_from",
    "train",
    "unpin",
]


def __getattr__(name: str) -> Any:
    """`figures` on first use: a script that only trains never imports matplotlib."""
    if name == "figures":
        from elastic_pinn.workbench import figures

        return figures
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
