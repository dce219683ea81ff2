"""The circles that waves of a network are scattered by, or spread from."""

from __future__ import annotations

import torch
from torch import Tensor

from elastic_pinn.physics import Scales
from elastic_pinn.physics.domains import Plate, Rectangle, Regions, Shape


def circles_of(shape: Shape | None, regions: Regions, beside: Tensor | None, scales: Scales) -> tuple[Tensor, Tensor]:
    """x, y and radius of holes, circular inclusions and circles beside loads, the last (L, 3) in m, dimensionless,
    (H, 3), and the region that each is in or touches, (H,)."""
    discs = [*(shape.holes if isinstance(shape, Plate) else ()), *regions.discs]
    si = torch.tensor([(*disc.center, disc.radius) for disc in discs], dtype=torch.float64).reshape(-1, 3)
    around = torch.tensor([regions.around(disc) for disc in discs], dtype=torch.long)
    if beside is not None:
        touched = (shape or Rectangle(*scales.window)).nearest(beside[:, 0], beside[:, 1])  # (L, 2)
        si, around = torch.cat([si, beside]), torch.cat([around, regions.index(*touched.unbind(1))])
    return (si - si.new_tensor([*scales.origin[:2], 0.0])) / scales.length, around
