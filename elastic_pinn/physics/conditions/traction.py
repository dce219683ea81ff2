"""Prescribed traction (Neumann)."""

from elastic_pinn.physics.conditions.side import SideCondition, SideEquation
from elastic_pinn.physics.elasticity import STRAIN, traction
from elastic_pinn.physics.quantity import STRESS


class Traction(SideCondition):
    """Prescribed traction on some sides: sigma n = value.

    Parameters
    ----------
    value
        A function (x, y, t) -> (N, 2) in Pa, or several in a list, which add up; None: a free surface.
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

    kind = 1.0
    equations = (SideEquation(traction, STRESS, STRAIN, ("lame_lambda", "lame_mu"), ("x", "y")),)
    labels = ("traction given", "free surface")
