"""Physics-informed neural networks of the 2D elastic wave equation, forward and inverse, in notebooks that can be
trusted.

Each public name imports what it needs when it is first used (PEP 562): `import elastic_pinn` and `ep.Config` do not
import torch, and a script that only trains does not import matplotlib.
"""

import gc
from importlib import import_module
from typing import TYPE_CHECKING, Any

__all__ = [
    "Absorbing",
    "ByRegion",
    "Checkpoint",
    "CheckpointError",
    "Config",
    "ConfigError",
    "Control",
    "Displacement",
    "DivergedError",
    "Domain",
    "ElasticPinnError",
    "Grid",
    "Initial",
    "LostProcessError",
    "LostRunDirectoryError",
    "Material",
    "Medium",
    "Problem",
    "ProblemError",
    "Receivers",
    "Run",
    "RunDirectoryError",
    "Traction",
    "UncertaintyError",
    "WavefieldUncertainty",
    "figures",
    "load_checkpoint",
    "pin",
    "problem_from",
    "train",
    "unpin",
]

WINGS = ("errors", "config", "physics", "storage", "networks", "run", "training", "workbench")
"""The modules in which the names above are searched, those without torch first; `ep.physics` and so on work as well."""

if TYPE_CHECKING:
    from elastic_pinn.config import Config, ConfigError
    from elastic_pinn.errors import ElasticPinnError
    from elastic_pinn.physics import (
        Absorbing,
        ByRegion,
        Displacement,
        Domain,
        Grid,
        Initial,
        Material,
        Medium,
        Problem,
        ProblemError,
        Receivers,
        Traction,
        problem_from,
    )
    from elastic_pinn.run import Checkpoint, Run, load_checkpoint
    from elastic_pinn.storage import CheckpointError, pin, unpin
    from elastic_pinn.training import (
        Control,
        DivergedError,
        LostProcessError,
        LostRunDirectoryError,
        RunDirectoryError,
        UncertaintyError,
        WavefieldUncertainty,
        train,
    )
    from elastic_pinn.workbench import figures
else:

    def __getattr__(name: str) -> Any:
        """A public name, or a wing, on its first use."""
        if name in WINGS:
            return _imported(name)
        if name == "figures":
            return _imported("workbench.figures")
        if name in __all__:
            found = next(vars(wing)[name] for wing in map(_imported, WINGS) if name in vars(wing))
            globals()[name] = found  # from now on without a search
            return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *WINGS})


def _imported(module: str) -> Any:
    """A module of this package, imported without garbage collection.

    What an import makes stays: the collector would search all of torch for garbage again and again, and find none.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return import_module(f"{__name__}.{module}")
    finally:
        if was_enabled:
            gc.enable()
