"""R3: retain, resample, release.

Daw, Bu, Wang, Perdikaris and Karpatne (2023), "Mitigating propagation failures in physics-informed neural networks
using retain-resample-release (R3) sampling", Proc. Machine Learning Research 202.
"""

from __future__ import annotations

from torch import Tensor

from elastic_pinn.training.sampling.cloud import Cloud


def r3(cloud: Cloud) -> Tensor:
    """Keep the points whose residual is above the mean, and draw all others anew."""
    is_released = cloud.residuals <= cloud.residuals.mean()  # (n,)
    moved = cloud.present.clone()
    moved[is_released] = cloud.spread(int(is_released.sum()))
    return moved
