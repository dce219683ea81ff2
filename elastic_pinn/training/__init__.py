"""Training: losses, points, schedules, optimizers, and train(), the only writer of a run directory.

Imports from run, storage, networks, physics and config.
"""

from elastic_pinn.training.advice import advise
from elastic_pinn.training.control import Control
from elastic_pinn.training.processes import LostProcessError
from elastic_pinn.training.rescue import LostRunDirectoryError
from elastic_pinn.training.resume import RunDirectoryError
from elastic_pinn.training.session import DivergedError
from elastic_pinn.training.trainer import require_device, require_possible, train
from elastic_pinn.training.wavefield_uncertainty import UncertaintyError, WavefieldUncertainty

__all__ = [
    "Control",
    "DivergedError",
    "LostProcessError",
    "LostRunDirectoryError",
    "RunDirectoryError",
    "UncertaintyError",
    "WavefieldUncertainty",
    "advise",
    "require_device",
    "require_possible",
    "train",
]
