"""What was recorded: receivers and their file, its noise, and each kind of observation as a statement, one a file.

Imports from physics' statement, material and solutions.
"""

from elastic_pinn.physics.data.displacement import recorded_displacement
from elastic_pinn.physics.data.noise import Noise, noise_of
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.data.receivers import Receivers, Truth

__all__ = ["Noise", "ReceiverFileError", "Receivers", "Truth", "noise_of", "recorded_displacement"]
