"""What solids are made of: homogeneous ones, ones that vary from place to place, and ones with inclusions.

Imports from physics' domains, fields and points; each name when it is first used, since a config reads materials
without torch.
"""

from typing import TYPE_CHECKING

from elastic_pinn.lazy_imports import on_first_use

__all__ = ["ALUMINIUM", "RUBBER", "STEEL", "ByRegion", "Grid", "Inclusion", "Material", "Medium"]

if TYPE_CHECKING:
    from elastic_pinn.physics.media.coefficients import ByRegion
    from elastic_pinn.physics.media.grid import Grid
    from elastic_pinn.physics.media.inclusion import Inclusion
    from elastic_pinn.physics.media.material import ALUMINIUM, RUBBER, STEEL, Material
    from elastic_pinn.physics.media.medium import Medium
else:
    __getattr__, __dir__ = on_first_use(__name__, "coefficients", "grid", "inclusion", "material", "medium")
