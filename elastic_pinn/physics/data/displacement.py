"""Recorded displacement: u at the samples."""

from elastic_pinn.physics.data.recorded_quantity import RecordedQuantity
from elastic_pinn.physics.elasticity import displacement
from elastic_pinn.physics.quantity import DISPLACEMENT

RECORDED_DISPLACEMENT = RecordedQuantity("displacement", "u", (), displacement, DISPLACEMENT)
