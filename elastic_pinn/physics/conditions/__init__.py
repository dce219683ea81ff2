"""What holds at the edge of a domain and at its first instant: one condition a file, each of which gives statements.

Imports from physics' statement, fields, sources, domain, elasticity and quantity.
"""

from elastic_pinn.physics.conditions.absorbing import Absorbing
from elastic_pinn.physics.conditions.displacement import Displacement
from elastic_pinn.physics.conditions.initial import Initial
from elastic_pinn.physics.conditions.periodic import Periodic
from elastic_pinn.physics.conditions.side import SideCondition
from elastic_pinn.physics.conditions.symmetry import Symmetry
from elastic_pinn.physics.conditions.traction import Traction

__all__ = ["Absorbing", "Displacement", "Initial", "Periodic", "SideCondition", "Symmetry", "Traction"]
