"""The read side of a run directory, and of one checkpoint file. Nothing here writes.

Imports from config, storage, networks and physics.
"""

from elastic_pinn.run.checkpoint import (
    WRITER,
    Checkpoint,
    known_config,
    load_checkpoint,
    unverified_past,
    warn_if_unverified,
)
from elastic_pinn.run.directory import Run
from elastic_pinn.run.synthetic import relative_error, synthetic_receivers

__all__ = [
    "WRITER",
    "Checkpoint",
    "Run",
    "known_config",
    "load_checkpoint",
    "relative_error",
    "synthetic_receivers",
    "unverified_past",
    "warn_if_unverified",
]
