"""The command elastic-pinn: one file for each group of commands, each a thin layer over Run, checkpoints and storage.

Modules here import torch, pandas and the wings below only inside functions, so that `--help` and a mistyped command
answer at once.
"""

from elastic_pinn.workbench.cli import (
    estimate,
    export,
    figure,
    history,
    import_recordings,
    inspect,
    notebooks,
    prune,
    repair,
    run,
    sweep,
    verify,
    wavefields,
)
from elastic_pinn.workbench.cli.app import app

__all__ = [
    "app",
    "estimate",
    "export",
    "figure",
    "history",
    "import_recordings",
    "inspect",
    "notebooks",
    "prune",
    "repair",
    "run",
    "sweep",
    "verify",
    "wavefields",
]
