"""Recorded strain rate: the derivative of the strain by time, as of distributed acoustic sensing."""

from torch import Tensor

from elastic_pinn.physics.data.recorded_quantity import TENSOR, RecordedQuantity
from elastic_pinn.physics.elasticity import Derivatives, Normal, strain
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.quantity import STRAIN_RATE


def _strain_rate(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    return strain({"x": u["xt"], "y": u["yt"]})


RECORDED_STRAIN_RATE = RecordedQuantity(
    "strain_rate", r"\dot\varepsilon", ("xt", "yt"), _strain_rate, STRAIN_RATE, TENSOR
)
