"""What was recorded: receivers and their file, its noise, and each quantity that can be recorded, one a file.

A new one has its line in `quantities.py`. Imports from physics' statement,
material and solutions.
"""

from elastic_pinn.physics.data.noise import Noise, noise_of, noises_of
from elastic_pinn.physics.data.quantities import RECORDED_QUANTITIES, VECTORS
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.data.receivers import Receivers
from elastic_pinn.physics.data.recorded import recorded
from elastic_pinn.physics.data.recorded_quantity import RecordedQuantity
from elastic_pinn.physics.data.records import Records
from elastic_pinn.physics.data.truth import Truth

__all__ = [
    "RECORDED_QUANTITIES",
    "VECTORS",
    "Noise",
    "ReceiverFileError",
    "Receivers",
    "RecordedQuantity",
    "Records",
    "Truth",
    "noise_of",
    "noises_of",
    "recorded",
]
