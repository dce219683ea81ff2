"""What was recorded: receivers and their file, its noise, and each quantity that can be recorded, one a file.

A new one has its line in `quantities.py` and its field in `Receivers` and `Truth`. Imports from physics' statement,
material and solutions.
"""

from elastic_pinn.physics.data.noise import Noise, noise_of
from elastic_pinn.physics.data.quantities import RECORDED_QUANTITIES
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.data.receivers import Receivers, Truth
from elastic_pinn.physics.data.recorded import recorded
from elastic_pinn.physics.data.recorded_quantity import RecordedQuantity

__all__ = [
    "RECORDED_QUANTITIES",
    "Noise",
    "ReceiverFileError",
    "Receivers",
    "RecordedQuantity",
    "Truth",
    "noise_of",
    "recorded",
]
