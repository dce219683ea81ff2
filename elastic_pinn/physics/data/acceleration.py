"""Recorded acceleration: u_tt at the samples, as an accelerometer records it."""

from elastic_pinn.physics.data.recorded_quantity import RecordedQuantity
from elastic_pinn.physics.elasticity import acceleration
from elastic_pinn.physics.quantity import ACCELERATION

RECORDED_ACCELERATION = RecordedQuantity("acceleration", "a", ("tt",), acceleration, ACCELERATION)
