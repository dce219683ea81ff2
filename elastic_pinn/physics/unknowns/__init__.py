"""What training searches for beside the network's weights: one kind of unknown a file, as tagged groups of parameters.

Imports from physics' media.
"""

from elastic_pinn.physics.unknowns.groups import ParameterGroup
from elastic_pinn.physics.unknowns.material_parameters import MaterialParameters
from elastic_pinn.physics.unknowns.region_materials import RegionMaterials

__all__ = ["MaterialParameters", "ParameterGroup", "RegionMaterials"]
