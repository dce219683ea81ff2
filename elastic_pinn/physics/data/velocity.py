"""Recorded velocity: u_t at the samples, as a laser vibrometer or a geophone records it."""

from elastic_pinn.physics.data.recorded_quantity import RecordedQuantity
from elastic_pinn.physics.elasticity import velocity
from elastic_pinn.physics.quantity import VELOCITY

RECORDED_VELOCITY = RecordedQuantity("velocity", "v", ("t",), velocity, VELOCITY)
