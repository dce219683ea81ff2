"""A second way to a wavefield: finite elements on triangles, coarse and quick.

Imports from physics' domains.
"""

from elastic_pinn.physics.finite_elements.elements import Elements
from elastic_pinn.physics.finite_elements.mesh import Curve, Mesh, Slow, Small, Spacing, mesh_of
from elastic_pinn.physics.finite_elements.motion import Constraints, at_rest, motion

__all__ = ["Constraints", "Curve", "Elements", "Mesh", "Slow", "Small", "Spacing", "at_rest", "mesh_of", "motion"]
