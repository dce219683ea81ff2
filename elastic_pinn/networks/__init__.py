"""(x, y, t) -> (u_x, u_y): networks, their derivatives, and the model that joins network and material.

Imports from physics and config.
"""

from elastic_pinn.networks.model import Model

__all__ = ["Model"]
