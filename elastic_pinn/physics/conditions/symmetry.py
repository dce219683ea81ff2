"""A side of symmetry."""

from __future__ import annotations

from typing import Any

from elastic_pinn.physics.conditions.side import SideCondition, SideEquation
from elastic_pinn.physics.elasticity import STRAIN, normal_displacement, shear_traction
from elastic_pinn.physics.quantity import DISPLACEMENT, STRESS


class Symmetry(SideCondition):
    """A side beyond which the wavefield goes on as its mirror image: half of a symmetric plate is then enough.

        u . n = 0,   t . sigma n = 0   with the outward normal n and t along the side

    On a straight side; a curved one, as a rim, is held as by a smooth rigid wall, without friction.

    Parameters
    ----------
    sides
        Names of sides, or `Part`s of them, each once; None: all sides.

    Raises
    ------
    ProblemError
        For what cannot be sides; in a Problem, for sides that its domain does not have.
    """

    kind = 3.0
    equations = (
        SideEquation(normal_displacement, DISPLACEMENT, normals=("x", "y"), of_target=(0,)),
        SideEquation(shear_traction, STRESS, STRAIN, ("lame_mu",), ("xx", "xy", "yy"), of_target=(0,), name="shear"),
    )
    labels = ("symmetry", "symmetry")

    def __init__(self, sides: Any = None) -> None:
        super().__init__(sides=sides)

    def __repr__(self) -> str:
        return "Symmetry()" if self.sides is None else f"Symmetry({self.sides})"
