"""What holds inside a domain: one law a file, each of which gives a statement.

Imports from physics' statement, sources, domains, elasticity and quantity.
"""

from elastic_pinn.physics.laws.motion import motion

__all__ = ["motion"]
