"""A side of symmetry."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from elastic_pinn.physics.conditions.side import SideCondition, SideEquation
from elastic_pinn.physics.elasticity import STRAIN, Derivatives, Normal
from elastic_pinn.physics.moduli import Moduli
from elastic_pinn.physics.quantity import DISPLACEMENT, STRESS


def _across(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    """u . n, (N, 1)."""
    return (u[""][:, 0] * normal.x + u[""][:, 1] * normal.y)[:, None]


def _shear(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    """The traction along the side t, t . sigma n, (N, 1): lambda has no part in it."""
    difference = u["y"][:, 1] - u["x"][:, 0]  # (N,), eps_yy - eps_xx
    shear = u["y"][:, 0] + u["x"][:, 1]  # (N,), 2 eps_xy
    found = 2.0 * difference * normal.xy + shear * (normal.xx - normal.yy)
    return (moduli.lame_mu * found)[:, None]


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
        SideEquation(_across, DISPLACEMENT, normals=("x", "y"), of_target=(0,)),
        SideEquation(_shear, STRESS, STRAIN, ("lame_mu",), ("xx", "xy", "yy"), of_target=(0,), name="shear"),
    )
    labels = ("symmetry", "symmetry")

    def __init__(self, sides: Any = None) -> None:
        super().__init__(sides=sides)

    def __repr__(self) -> str:
        return "Symmetry()" if self.sides is None else f"Symmetry({self.sides})"
