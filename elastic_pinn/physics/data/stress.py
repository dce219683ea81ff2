"""Recorded stress: sigma = lambda tr(eps) I + 2 mu eps at the samples."""

from elastic_pinn.physics.data.recorded_quantity import TENSOR, RecordedQuantity
from elastic_pinn.physics.elasticity import STRAIN as GRADIENT
from elastic_pinn.physics.elasticity import stress
from elastic_pinn.physics.quantity import STRESS

RECORDED_STRESS = RecordedQuantity(
    "stress",
    r"\sigma",
    GRADIENT,
    lambda u, moduli, normal: stress(u, moduli),
    STRESS,
    TENSOR,
    ("lame_lambda", "lame_mu"),
)
