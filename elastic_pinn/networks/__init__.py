"""(x, y, t) -> (u_x, u_y): networks, their derivatives, and the model that joins network and material.

Imports from physics.
"""

from typing import TYPE_CHECKING

from elastic_pinn.lazy_imports import on_first_use

__all__ = ["Model"]

if TYPE_CHECKING:
    from elastic_pinn.networks.model import Model
else:
    __getattr__, __dir__ = on_first_use(__name__, "model")
