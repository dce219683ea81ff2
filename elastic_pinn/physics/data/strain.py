"""Recorded strain: eps = (grad u + grad u^T) / 2 at the samples, as of strain gauges and fibres."""

from elastic_pinn.physics.data.recorded_quantity import TENSOR, RecordedQuantity
from elastic_pinn.physics.elasticity import STRAIN as GRADIENT
from elastic_pinn.physics.elasticity import strain
from elastic_pinn.physics.quantity import STRAIN

RECORDED_STRAIN = RecordedQuantity(
    "strain", r"\varepsilon", GRADIENT, lambda u, moduli, normal: strain(u), STRAIN, TENSOR
)
