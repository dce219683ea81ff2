"""Prescribed displacement (Dirichlet)."""

from elastic_pinn.physics.conditions.side import SideCondition, SideEquation
from elastic_pinn.physics.elasticity import displacement
from elastic_pinn.physics.quantity import DISPLACEMENT


class Displacement(SideCondition):
    """Prescribed displacement on some sides: u = value.

    Parameters
    ----------
    value
        A function (x, y, t) -> (N, 2) in m, or several in a list, which add up; None: clamped.
    sides
        Names of sides, or `Part`s of them, each once; None: all sides.
    component
        "x" or "y": it prescribes that component alone, and another condition may prescribe the other; None: both.

    Raises
    ------
    ProblemError
        For a value that is no such function, for what cannot be sides, and for another component; in a Problem, for
        sides that its domain does not have.
    """

    kind = 0.0
    equations = (SideEquation(displacement, DISPLACEMENT),)
    labels = ("displacement given", "clamped")
