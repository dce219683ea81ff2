"""How a network learns: what a step depends on, here; runs from start to end in lifecycle, the trust in a fit in
assessment, several processes in distributed.

Imports from run, storage, networks, physics and config.
"""

from typing import TYPE_CHECKING

from elastic_pinn.lazy_imports import on_first_use

__all__ = [
    "Control",
    "DivergedError",
    "LostProcessError",
    "LostRunDirectoryError",
    "Preview",
    "RunDirectoryError",
    "UncertaintyError",
    "WavefieldUncertainty",
    "advise",
    "physical_checks",
    "preview",
    "preview_of",
    "require_device",
    "require_possible",
    "train",
]

if TYPE_CHECKING:
    from elastic_pinn.training.assessment.checks import physical_checks
    from elastic_pinn.training.assessment.wavefield_uncertainty import UncertaintyError, WavefieldUncertainty
    from elastic_pinn.training.distributed.processes import LostProcessError
    from elastic_pinn.training.lifecycle.advice import advise
    from elastic_pinn.training.lifecycle.before_training import Preview, preview, preview_of
    from elastic_pinn.training.lifecycle.control import Control
    from elastic_pinn.training.lifecycle.requirements import require_device, require_possible
    from elastic_pinn.training.lifecycle.rescue import LostRunDirectoryError
    from elastic_pinn.training.lifecycle.resume import RunDirectoryError
    from elastic_pinn.training.lifecycle.trainer import train
    from elastic_pinn.training.session import DivergedError
else:
    __getattr__, __dir__ = on_first_use(
        __name__,
        "assessment.checks",
        "assessment.wavefield_uncertainty",
        "distributed.processes",
        "lifecycle.advice",
        "lifecycle.control",
        "lifecycle.before_training",
        "lifecycle.requirements",
        "lifecycle.rescue",
        "lifecycle.resume",
        "lifecycle.trainer",
        "session",
    )
